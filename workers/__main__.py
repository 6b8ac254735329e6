"""``python -m workers QUEUE [--threads N]``: check that the process can start, then work."""

from __future__ import annotations

import sys

import click
from dramatiq import cli

from core.errors import ConfigurationError
from workers import wiring
from workers.main import check


@click.command()
@click.argument("queue", type=click.Choice(["network", "cpu", "gpu"]))
@click.option(
    "--threads",
    type=click.IntRange(1),
    help="Messages to work on at once. Default: 1; on gpu, what the processor can encode at once.",
)
def main(queue: str, threads: int | None) -> None:
    """Work on one QUEUE until stopped."""
    try:
        check()
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    if threads is None:
        threads = wiring.renders_at_once() if queue == "gpu" else 1
    arguments = ["workers.main:setup", "--processes", "1", "--threads", str(threads)]
    sys.exit(
        cli.main(
            cli.make_argument_parser().parse_args(
                [*arguments, "--queues", queue, "--worker-shutdown-timeout", "7000"]
            )
        )
    )


if __name__ == "__main__":
    main()
