"""Connected accounts and their tokens."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import datetime

import click
from rich.table import Table

from models import Account, AccountState, now
from pipelines.publishing.accounts import groups, overview, token_refresh
from pipelines.publishing.scheduling.slots import spoken, zone
from scripts.management.changes import DRY_RUN
from scripts.management.publishing import account_settings, several_accounts
from scripts.management.record import record
from scripts.terminal import AS_JSON, print_table, say, wants_json

SHOWN = (
    Account.id,
    Account.name,
    Account.open_id,
    Account.state,
    Account.scopes,
    Account.access_expires_at,
    Account.refresh_expires_at,
    Account.refresh_begun_at,
    Account.refresh_attempts,
    Account.next_refresh_at,
    Account.last_error,
    Account.groups,
    Account.paused_at,
    Account.paused_reason,
    Account.timezone,
    Account.posts_a_day,
    Account.gap_minutes,
)
"""The columns of the list: no tokens, so none is decrypted."""


def add_to(manage: click.Group) -> None:
    accounts.add_command(account_settings.show)
    accounts.add_command(account_settings.set_choices)
    accounts.add_command(several_accounts.pause_accounts)
    accounts.add_command(several_accounts.resume_accounts)
    accounts.add_command(several_accounts.group_accounts)
    accounts.add_command(several_accounts.set_times)
    manage.add_command(accounts)
    manage.add_command(refresh_tokens)


@click.group("accounts")
def accounts() -> None:
    """Accounts that videos are published to; connect them in the back office."""


@accounts.command("list")
@click.option("--group", default="", help="Only accounts of this group.")
@click.option("--paused", is_flag=True, help="Only paused accounts.")
@AS_JSON
def list_accounts(group: str, *, paused: bool) -> None:
    """Show every account: state, tokens, queue, next post, last error."""
    table = Table(
        *("id", "name", "groups", "state", "scopes", "access until", "refresh until"),
        *("today", "stock", "next post", "last error"),
    )
    with record():
        rows = Account.select(*SHOWN).order_by(Account.id)
        if group:
            rows = rows.where(Account.id.in_(groups.ids(group)))
        if paused:
            rows = rows.where(Account.paused_at.is_null(False))
        numbers = overview.figures(list(rows))
        for account in rows:
            figures = numbers[account.id]
            table.add_row(
                str(account.id),
                account.name,
                ", ".join(account.groups),
                f"{account.state}, paused" if account.paused_at else account.state,
                account.scopes,
                _time(account.access_expires_at),
                f"{account.refresh_expires_at:%Y-%m-%d}" if account.refresh_expires_at else "",
                f"{figures.today} of {account.posts_a_day}",
                figures.stock.words,
                spoken(zone(account.timezone), figures.next_at) if figures.next_at else "",
                _trouble(account) or account.paused_reason or figures.stopped_reason,
            )
    print_table(table)


@click.command("refresh-tokens")
@click.option("--account-id", type=int, help="Only this account, due or not.")
@DRY_RUN
@AS_JSON
def refresh_tokens(account_id: int | None, *, dry_run: bool) -> None:
    """Refresh the access tokens that expire within 45 minutes, as the clock does half-hourly.

    Exit code 1 if some could not be refreshed.
    """
    with record():
        if account_id is not None and _not_connected(account_id):
            sys.exit(1)
        if dry_run:
            _show_plan(account_id)
            return
        counts = _refresh(account_id)
    ended = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
    say(f"{ended or 'Nothing was due'}.")
    if counts.total() > counts["refreshed"]:
        sys.exit(1)


def _refresh(account_id: int | None) -> Counter[token_refresh.Outcome]:
    from workers import wiring

    ended: list[token_refresh.Refreshed] = []
    if account_id is None:
        counts = token_refresh.refresh_due(wiring.authorizer(), report=ended.append)
    else:
        one = token_refresh.refresh_one(account_id, wiring.authorizer())
        if one is None:
            click.echo("Another process is refreshing this account.", err=True)
            sys.exit(1)
        ended, counts = [one], Counter([one.outcome])
    rows = {account.id: account for account in Account.select(*SHOWN)}
    table = Table("id", "name", "outcome", "access until", "reason", "retry at")
    for each in ended:
        account = rows[each.account_id]
        table.add_row(
            str(account.id),
            account.name or account.open_id,
            each.outcome,
            _time(account.access_expires_at),
            str(each.error or ""),
            _time(account.next_refresh_at),
        )
    if ended or wants_json():
        print_table(table)
    return counts


def _show_plan(account_id: int | None) -> None:
    table = Table("id", "name", "access until", "would")
    query = Account.select(*SHOWN).where(Account.state == AccountState.CONNECTED)
    if account_id is not None:
        query = query.where(Account.id == account_id)
    moment = now()
    for account in query.order_by(Account.access_expires_at):
        step = token_refresh.plan(account, moment, asked_for=account_id is not None)
        if step:
            name = account.name or account.open_id
            table.add_row(str(account.id), name, _time(account.access_expires_at), step)
    if table.row_count or wants_json():
        print_table(table)
    say(f"{table.row_count} accounts are due; nothing was changed.")


def _not_connected(account_id: int) -> bool:
    account = Account.select(*SHOWN).where(Account.id == account_id).first()
    if account is None:
        click.echo(f"There is no account {account_id}.", err=True)
    elif account.state != AccountState.CONNECTED:
        click.echo(f"Account {account_id} is {account.state}: connect it again.", err=True)
    return account is None or account.state != AccountState.CONNECTED


def _trouble(account: Account) -> str:
    parts = [account.last_error]
    if account.next_refresh_at:
        failed = account.refresh_attempts
        parts.append(f"({failed} refreshes failed; retry at {_time(account.next_refresh_at)})")
    if token_refresh.was_cut_off(account):
        parts.append(f"(a refresh started {_time(account.refresh_begun_at)} never ended)")
    return " ".join(filter(None, parts))


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
