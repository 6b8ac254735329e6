"""How every command ends: with a sentence for a person and an exit code."""

from __future__ import annotations

import sys

import click

from core.errors import StorymillError
from core.log import scrub


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
