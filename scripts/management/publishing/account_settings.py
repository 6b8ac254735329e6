"""Commands that show and change an account's settings."""

from __future__ import annotations

import re
from getpass import getuser
from typing import Any, TextIO
from urllib.parse import urlsplit

import click
from rich.table import Table

from core.errors import InputError
from models import Account, Method
from pipelines.publishing.accounts import (
    account_settings,
    account_times,
    overview,
    session_settings,
)
from pipelines.publishing.delivery import method_availability
from pipelines.publishing.posts.post_options import PRIVACY, SWITCHES
from pipelines.publishing.scheduling.slots import spoken, zone
from scripts.management.changes import DRY_RUN, changes
from scripts.management.record import record
from scripts.terminal import AS_JSON, print_table

SHORT_DAYS = [day[:3].casefold() for day in account_times.DAYS]


@click.command("show")
@click.argument("account_id", type=int)
@AS_JSON
def show(account_id: int) -> None:
    """Show the settings of ACCOUNT_ID, which methods are open, and its weekly times."""
    with record():
        has_session = Account.browser_session.is_null(False).alias("has_session")
        rows = Account.select(*account_settings.PLAIN, has_session).where(Account.id == account_id)
        account: Any = rows.first()
        if account is None:
            raise InputError(f"There is no account {account_id}.")
        table = Table(show_header=False, title=account.name or account.open_id)
        for name, value in _facts(account):
            table.add_row(name, value)
    print_table(table)


def _pause(account: Account) -> list[tuple[str, str]]:
    if account.paused_at is None:
        return []
    return [("paused", f"{account.paused_at:%Y-%m-%d %H:%M}  {account.paused_reason}".rstrip())]


def _health(account: Account) -> list[tuple[str, str]]:
    figures = overview.figures([account])[account.id]
    at = figures.next_at
    there = spoken(zone(account.timezone), at) if at else "none"
    return [
        ("stock", f"{figures.stock.words} ({figures.stock.posts} posts)"),
        ("next post", there),
        ("posts today", f"{figures.today} of {account.posts_a_day}"),
        ("failed in a row", str(account.failed_in_a_row)),
    ]


def _facts(account: Any) -> list[tuple[str, str]]:
    scopes = method_availability.granted(account)
    agreed = account_settings.agreement(account.id)
    facts = [
        ("state", account.state),
        *_pause(account),
        ("groups", ", ".join(account.groups)),
        *_health(account),
        ("may", "\n".join(method_availability.SCOPES.get(s, s) for s in scopes)),
    ]
    facts += [
        ("missing", f"{s}: {lost}")
        for s, lost in method_availability.NEEDED.items()
        if s not in scopes
    ]
    facts.append(("posts seen by", PRIVACY.get(account.privacy, "not chosen yet")))
    facts += [
        (account_settings.SWITCH_WORDS[name], "on" if getattr(account, name) else "off")
        for name in SWITCHES
    ]
    facts.append(
        ("agreed", f"{agreed.actor}, {agreed.created_at:%Y-%m-%d %H:%M}" if agreed else "nobody")
    )
    for method in method_availability.availabilities(account, has_session=account.has_session):
        facts.append(
            (
                f"method: {method.method}",
                f"{method.sentence}{'' if method.chosen else ' Not chosen.'}",
            )
        )
    facts += [
        ("time zone", account.timezone),
        ("posts a day", str(account.posts_a_day)),
        ("gap", f"{account.gap_minutes} min"),
    ]
    for day, slots in account_times.weekly_slots(account.id).items():
        facts.append((account_times.DAYS[day - 1], ", ".join(each.at for each in slots)))
    return facts


@click.command("set")
@click.argument("account_id", type=int)
@click.option("--privacy", type=click.Choice(list(PRIVACY)), help="Who can see its posts.")
@click.option("--comments/--no-comments", "allow_comment", default=None)
@click.option("--duets/--no-duets", "allow_duet", default=None)
@click.option("--stitches/--no-stitches", "allow_stitch", default=None)
@click.option("--ai-label/--no-ai-label", "ai_label", default=None)
@click.option(
    "--agree", is_flag=True, help=f"{account_settings.CONSENT} {account_settings.MUSIC_URL}"
)
@click.option(
    "--method",
    "--way",
    "methods",
    type=click.Choice([method.value for method in Method]),
    multiple=True,
    help="A method its posts may use; repeat the option for each.",
)
@click.option("--timezone", help="IANA name, such as Europe/Berlin.")
@click.option("--posts-a-day", type=int)
@click.option("--gap-minutes", type=int)
@click.option("--add-time", "times", multiple=True, help='Like "18:30 mon-fri" or "9:00 sat,sun".')
@click.option("--remove-time", "gone", multiple=True, help="Written like --add-time.")
@click.option(
    "--cookies",
    type=click.File(),
    help="The cookies of a signed-in browser; - reads them from input.",
)
@click.option("--username", default="", help="The creator's @name, with --cookies.")
@click.option("--forget-cookies", is_flag=True)
@DRY_RUN
def set_choices(
    account_id: int,
    privacy: str | None,
    methods: tuple[str, ...],
    timezone: str | None,
    posts_a_day: int | None,
    gap_minutes: int | None,
    times: tuple[str, ...],
    gone: tuple[str, ...],
    cookies: TextIO | None,
    username: str,
    *,
    agree: bool,
    forget_cookies: bool,
    dry_run: bool,
    **switches: bool | None,
) -> None:
    """Change how ACCOUNT_ID posts; settings that are not given stay the same."""
    by = getuser()
    with record() as config, changes(dry_run=dry_run):
        account = Account.select(*account_settings.PLAIN).where(Account.id == account_id).first()
        if account is None:
            raise InputError(f"There is no account {account_id}.")
        if privacy is not None or agree or any(on is not None for on in switches.values()):
            chosen: dict[str, Any] = {
                name: getattr(account, name) if on is None else on for name, on in switches.items()
            }
            account_settings.set_posting(
                account_id, by, privacy=privacy or account.privacy, agreed=agree, **chosen
            )
        if methods:
            account_settings.set_methods(account_id, methods, by)
        if (timezone, posts_a_day, gap_minutes) != (None, None, None):
            account_times.set_times(
                account_id,
                by,
                timezone=timezone or account.timezone,
                posts_a_day=account.posts_a_day if posts_a_day is None else posts_a_day,
                gap_minutes=account.gap_minutes if gap_minutes is None else gap_minutes,
            )
        for text in gone:
            _remove(account_id, text, by)
        for text in times:
            at, days = slot(text)
            account_times.add_slots(account_id, days, at, by)
        if forget_cookies:
            session_settings.forget_browser_session(account_id, by)
        if cookies is not None:
            site = urlsplit(config.tiktok_studio_url).hostname or ""
            session_settings.set_browser_session(
                account_id, cookies.read(), by, username=username, site=site
            )
        click.echo(f"Account {account_id} is set.")


def _remove(account_id: int, text: str, by: str) -> None:
    at, days = slot(text)
    wanted = account_times.time_of_day(at)
    for day, slots in account_times.weekly_slots(account_id).items():
        for each in slots:
            if each.at == wanted and day in days:
                account_times.remove_slot(account_id, each.id, by)


def slot(text: str) -> tuple[str, list[int]]:
    """Time and days of ``18:30 mon-fri``; every day if none is given."""
    at, _, names = text.strip().partition(" ")
    days: list[int] = []
    for span in filter(None, re.split(r"[,\s]+", names.casefold())):
        first, _, last = span.partition("-")
        days += range(_day(first), _day(last or first) + 1)
    return at, days or list(range(1, 8))


def _day(name: str) -> int:
    if name[:3] not in SHORT_DAYS:
        raise InputError(
            f"{name} is not a day: write {', '.join(SHORT_DAYS)}, or a range such as mon-fri."
        )
    return SHORT_DAYS.index(name[:3]) + 1
