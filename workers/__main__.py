"""``python -m workers QUEUE [--threads N]``: check that the process can start, then be a worker."""

from __future__ import annotations

import sys

import click
from dramatiq import cli

from core.errors import ConfigurationError
from workers.main import check


@click.command()
@click.argument("queue", type=click.Choice(["network", "cpu", "gpu"]))
@click.option("--threads", default=1, show_default=True, help="Messages worked on at once.")
def main(queue: str, threads: int) -> None:
    """Work on one QUEUE until told to stop."""
    try:
        check()
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
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
