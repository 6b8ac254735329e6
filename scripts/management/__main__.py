"""Every operation that a person may want from a terminal, with ``--help`` and exit codes."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from core.errors import StorymillError
from core.log import scrub

GROUPS = (
    "accounts",
    "channels",
    "contact_sheet",
    "failures",
    "keys",
    "limits",
    "mail",
    "music",
    "posts",
    "running",
    "safety",
    "setup",
    "sources",
    "stories",
    "voices",
)
"""The files of this folder that hold commands; each adds its own."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def manage() -> None:
    """Look after a Storymill installation.

    Exit codes: 0 done, 1 done in part or not found, 2 can't start (settings, services, input).
    """


for group in GROUPS:
    import_module(f"scripts.management.{group}").add_to(manage)


def main() -> None:
    try:
        manage(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except StorymillError as error:
        click.echo(scrub(str(error)), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
