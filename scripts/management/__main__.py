"""All operations for a terminal, with ``--help`` and exit codes."""

from __future__ import annotations

from importlib import import_module

import click

from scripts import terminal

GROUPS = (
    "production.channels",
    "production.contact_sheet",
    "production.music",
    "production.safety",
    "production.sources",
    "production.stories",
    "production.voices",
    "publishing.accounts",
    "publishing.mail",
    "publishing.posts",
    "operations.audit",
    "operations.backups",
    "operations.failures",
    "operations.keys",
    "operations.limits",
    "operations.people",
    "operations.running",
    "operations.schedules",
    "operations.setup",
    "operations.tokens",
    "operations.undoing",
)
"""Modules below this folder that contain commands; each adds its own."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def manage() -> None:
    """Manage a Storymill installation.

    Exit codes: 0 done, 1 partly done or not found, 2 can't start (settings, services, input).
    """


for group in GROUPS:
    import_module(f"scripts.management.{group}").add_to(manage)


if __name__ == "__main__":
    terminal.run(manage, "scripts/manage")
