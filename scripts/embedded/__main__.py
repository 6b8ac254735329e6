"""``scripts/services``: start, stop and show the embedded servers."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from core.errors import ConfigurationError
from scripts import embedded

ROOT = Path(__file__).resolve().parents[2]
NOT_RUNNING = 3
"""Exit code of ``status``, as init scripts have it."""


@click.group(help=embedded.__doc__.partition("\n\nExample")[0])
def services() -> None: ...


@services.command()
def start() -> None:
    """Start what is not running; does nothing when all is."""
    embedded.ensure_running(ROOT)
    _show()


@services.command()
def stop() -> None:
    """Stop the embedded servers; their data stays."""
    embedded.stop(ROOT)


@services.command()
def status() -> None:
    """Show the servers; exit code 3 when one is not running."""
    if not _show():
        sys.exit(NOT_RUNNING)


@services.command()
def env() -> None:
    """Start them and print shell lines with their addresses: eval "$(scripts/services env)"."""
    for name, value in embedded.ensure_running(ROOT).environment().items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _show() -> bool:
    """Print a line a server; gives whether all are running."""
    found = embedded.status(ROOT)
    for server in found:
        origin = "embedded" if server.embedded else "configured"
        state = "running" if server.running else "stopped"
        click.echo(f"{server.name:<11} {origin:<11} {state:<8} {server.where}")
    return all(server.running for server in found)


if __name__ == "__main__":
    try:
        services(prog_name="scripts/services")
    except ConfigurationError as error:
        sys.exit(str(error))
