"""Tokens of programs that call the API: listed, made, revoked."""

from __future__ import annotations

from getpass import getuser
from typing import Any

import click
from rich.table import Table

from models import ApiToken, User
from pipelines.people import api_tokens
from pipelines.people.api_tokens import Scope
from scripts.management.changes import DRY_RUN, IDS, changes, to_each
from scripts.management.record import record
from scripts.terminal import AS_JSON, print_table

DAYS = 90


def add_to(manage: click.Group) -> None:
    manage.add_command(tokens)


@click.group("tokens")
def tokens() -> None:
    """Tokens with which programs call the API (docs/api.md)."""


@tokens.command("list")
@AS_JSON
def list_tokens() -> None:
    """List all tokens: whose, what they may do, when they were used and end."""
    table = Table("id", "name", "token", "user", "scopes", "last used", "ends")
    with record():
        rows: Any = ApiToken.select(ApiToken, User.name).join(User).order_by(ApiToken.id)
        for row in rows:
            used = row.last_used_at
            table.add_row(
                str(row.id),
                row.name,
                f"{row.start}…",
                row.user.name,
                " ".join(row.scopes),
                f"{used:%Y-%m-%d %H:%M} UTC" if used else "never",
                f"{row.expires_at:%Y-%m-%d %H:%M} UTC",
            )
    print_table(table)


@tokens.command("create")
@click.argument("user")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    required=True,
    help="What the token may do; repeat it for more.",
)
@click.option("--days", default=DAYS, show_default=True, help="Days until it ends.")
@DRY_RUN
def create(user: str, name: str, scopes: tuple[str, ...], days: int, *, dry_run: bool) -> None:
    """Make a token in the name of USER for the program NAME, and print it once."""
    from admin.auth.users import find

    with record(), changes(dry_run=dry_run):
        _, token = api_tokens.create(find(user), name, scopes, days, getuser())
        if not dry_run:
            click.echo(token)


@tokens.command("revoke")
@IDS
@DRY_RUN
def revoke(ids: tuple[int, ...], *, dry_run: bool) -> None:
    """Revoke tokens by their ids; programs that use them stop working at once."""
    with record():
        to_each(
            ids, lambda row_id: api_tokens.revoke(row_id, getuser()), "Revoked", dry_run=dry_run
        )
