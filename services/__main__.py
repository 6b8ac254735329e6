"""``scripts/services``: start, stop and show the embedded servers."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

import services
from core.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[1]
NOT_RUNNING = 3
"""Exit code of ``status``, as in init scripts."""


@click.group(help=services.__doc__.partition("\n\nExample")[0])
def command() -> None: ...


@command.command()
def start() -> None:
    """Start the servers that are not running."""
    services.ensure_running(ROOT)
    _show()


@command.command()
def stop() -> None:
    """Stop the embedded servers; their data is kept."""
    services.stop(ROOT)


@command.command()
def status() -> None:
    """Show the servers; exit code 3 when one is not running."""
    if not _show():
        sys.exit(NOT_RUNNING)


@command.command()
def env() -> None:
    """Start the servers and print their addresses for a shell: eval "$(scripts/services env)"."""
    for name, value in services.ensure_running(ROOT).environment().items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _show() -> bool:
    """Print one line per server; returns whether all are running."""
    found = services.status(ROOT)
    for server in found:
        origin = "embedded" if server.embedded else "configured"
        state = "running" if server.running else "stopped"
        click.echo(f"{server.name:<11} {origin:<11} {state:<8} {server.where}")
    return all(server.running for server in found)


if __name__ == "__main__":
    try:
        command(prog_name="scripts/services")
    except ConfigurationError as error:
        sys.exit(str(error))
