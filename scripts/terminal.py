"""How commands show tables, and how they end: with a sentence for a person and an exit code."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.table import Table

from core.errors import StorymillError
from core.log import scrub

_PIPED_COLUMNS = 500


def print_table(table: Table) -> None:
    """Print to the terminal's width. Piped, nothing is wrapped or cut: each row is one line."""
    Console(width=None if sys.stdout.isatty() else _PIPED_COLUMNS).print(table)


def run(command: click.Command, name: str) -> None:
    """Run ``command``; ``name`` is what a person types to start it.

    Exit code 2 if it can't be done, 130 if the person stopped it.
    """
    try:
        command(prog_name=name, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except StorymillError as error:
        click.echo(scrub(str(error)), err=True)
        sys.exit(2)
