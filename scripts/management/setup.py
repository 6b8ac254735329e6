"""Migrations, users, settings."""

from __future__ import annotations

import click

from core import migrate, settings
from core.migrate import back, forward
from scripts.management import reference
from scripts.management.record import record, settle


def add_to(manage: click.Group) -> None:
    for command in (check, configuration, migrations, users):
        manage.add_command(command)


@click.command("check")
def check() -> None:
    """Check all settings and reach PostgreSQL; says every problem at once."""
    settle()
    settings.current()
    with record():
        click.echo("The settings are good and PostgreSQL answers.")


@click.command("configuration")
def configuration() -> None:
    """Print the reference of all settings, which is docs/configuration.md."""
    click.echo(reference.markdown(), nl=False)


@click.group("migrate")
def migrations() -> None:
    """Bring the database's tables forward or back."""


@migrations.command("forward")
def migrate_forward() -> None:
    """Apply what is missing (every process does so at its start)."""
    with record():
        names = forward()
    click.echo("\n".join(names) or "Nothing to do.")


@migrations.command("back")
@click.option("--steps", default=1, show_default=True, type=click.IntRange(min=1))
@click.option("--dry-run", is_flag=True, help="Only say what would be undone.")
def migrate_back(steps: int, *, dry_run: bool) -> None:
    """Undo the newest migrations; the data of dropped tables and columns is lost."""
    with record():
        names = migrate.applied()[-steps:][::-1] if dry_run else back(steps)
    click.echo(("Would undo: " if dry_run else "Undone: ") + (", ".join(names) or "nothing"))


@click.group("users")
def users() -> None:
    """People who may sign in."""


@users.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["owner", "editor", "viewer"]), default="owner")
@click.password_option(help="Asked for when not given.")
def add_user(name: str, role: str, password: str) -> None:
    """Let NAME sign in to the back office."""
    from admin.auth import create_user

    with record():
        create_user(name, password, role)
    click.echo(f"{name} may sign in as {role}.")
