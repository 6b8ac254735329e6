"""Migrations and settings."""

from __future__ import annotations

import sys

import click
from rich.table import Table

from core import settings
from core.db import migrate
from core.telemetry.heartbeats import Heartbeats
from scripts.management.changes import DRY_RUN
from scripts.management.operations import reference
from scripts.management.record import record, settle
from scripts.terminal import AS_JSON, print_table


def add_to(manage: click.Group) -> None:
    for command in (check, getting_started, configuration, migrations):
        manage.add_command(command)


@click.command("check")
def check() -> None:
    """Check all settings and the connection to PostgreSQL; lists every problem."""
    settle()
    settings.current()
    with record():
        click.echo("The settings are good and PostgreSQL answers.")


@click.command("getting-started")
@AS_JSON
def getting_started() -> None:
    """Check what the installation still lacks until its first post is published.

    Exit code 1 if anything is missing.
    """
    from admin.wsgi import authorizer, services, voices
    from pipelines.getting_started.checks import Check, Checks
    from pipelines.getting_started.steps import PROCESSES, first_steps

    table = Table("step", "done", "what is on record")
    with record() as config:
        checks = Checks(config, authorizer(config), voices(config), services(config))
        for name in Check:
            checks.run(name)
        heartbeats = Heartbeats.at(config.redis_url.get_secret_value())
        steps = first_steps(checks, heartbeats.alive(PROCESSES), owner=True).steps
        for step in steps:
            table.add_row(step.title, "yes" if step.done else "no", step.sentence)
    print_table(table)
    if not all(step.done for step in steps):
        sys.exit(1)


@click.command("configuration")
def configuration() -> None:
    """Print the reference of all settings (docs/configuration.md)."""
    click.echo(reference.markdown(), nl=False)


@click.group("migrate")
def migrations() -> None:
    """Migrate the database tables forward or back."""


@migrations.command("forward")
@DRY_RUN
def migrate_forward(*, dry_run: bool) -> None:
    """Apply missing migrations (every process does this at its start)."""
    with record(migrated=False):
        names = migrate.missing() if dry_run else migrate.forward()
    _print("Would apply" if dry_run else "Applied", names)


@migrations.command("back")
@click.option("--steps", default=1, show_default=True, type=click.IntRange(min=1))
@DRY_RUN
def migrate_back(steps: int, *, dry_run: bool) -> None:
    """Undo the newest migrations; the data of dropped tables and columns is lost."""
    with record(migrated=False):
        names = migrate.applied()[-steps:][::-1] if dry_run else migrate.back(steps)
    _print("Would undo" if dry_run else "Undone", names)


def _print(what: str, names: list[str]) -> None:
    click.echo(f"{what}: {', '.join(names) or 'nothing'}.")
