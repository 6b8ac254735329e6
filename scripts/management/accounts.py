"""Connected accounts and their tokens."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from models import Account
from scripts.management.record import record


def add_to(manage: click.Group) -> None:
    manage.add_command(accounts)


@click.group("accounts")
def accounts() -> None:
    """Accounts that videos are published to; connect them in the back office."""


@accounts.command("list")
def list_accounts() -> None:
    """Show every account, its state and how long its tokens last."""
    table = Table("id", "name", "state", "scopes", "access until", "refresh until", "last error")
    with record():
        for account in Account.select().order_by(Account.id):
            table.add_row(
                str(account.id),
                account.name,
                account.state,
                account.scopes,
                f"{account.access_expires_at:%Y-%m-%d %H:%M}" if account.access_expires_at else "",
                f"{account.refresh_expires_at:%Y-%m-%d}" if account.refresh_expires_at else "",
                account.last_error,
            )
    Console().print(table)
