"""Commands for several accounts, by ids or group: pause, resume, group, times; or for all."""

from __future__ import annotations

from collections.abc import Callable
from getpass import getuser
from typing import Any, TypeVar

import click

from core.errors import InputError
from models import PauseCause
from pipelines.publishing.accounts import groups, weekly_times
from pipelines.publishing.accounts import pause as pausing
from scripts.management.changes import DRY_RUN, IDS, to_each
from scripts.management.publishing.account_settings import slot
from scripts.management.record import record

Command = TypeVar("Command", bound=Callable[..., Any])
SOME_IDS = click.argument("ids", type=int, nargs=-1)
GROUP = click.option("--group", default="", help="All accounts of this group.")


@click.command("pause")
@SOME_IDS
@GROUP
@click.option("--all", "of_all", is_flag=True, help="Every account; asks first.")
@click.option("--yes", is_flag=True, help="With --all: don't ask.")
@click.option("--reason", default="", help="Why; shown on the accounts' pages.")
@DRY_RUN
def pause_accounts(
    ids: tuple[int, ...], group: str, reason: str, *, of_all: bool, yes: bool, dry_run: bool
) -> None:
    """Announce nothing more on these accounts; queue, times and tokens stay."""
    with record():
        chosen = _chosen(ids, group, of_all=of_all, all_ids=pausing.pausable)
        if of_all and not dry_run and not yes:
            click.confirm(
                f"Pause all {len(chosen)} accounts? Nothing more is posted on them, nor on those "
                "that are connected later.",
                abort=True,
            )
        cause = PauseCause.ALL if of_all else PauseCause.PERSON
        if of_all and chosen and not dry_run:
            pausing.record_all("account.pause", getuser(), reason)

        def act(account_id: int) -> None:
            if not pausing.pause(account_id, getuser(), reason, cause=cause):
                raise InputError("It is paused already.")

        to_each(chosen, act, "Paused", dry_run=dry_run, action="account.pause")


@click.command("resume")
@SOME_IDS
@GROUP
@click.option("--all", "of_all", is_flag=True, help="End a pause of all; others stay paused.")
@DRY_RUN
def resume_accounts(ids: tuple[int, ...], group: str, *, of_all: bool, dry_run: bool) -> None:
    """Let paused accounts post again; late posts get new times."""
    with record():
        chosen = _chosen(ids, group, of_all=of_all, all_ids=pausing.paused_with_all)
        if of_all and chosen and not dry_run:
            pausing.record_all("account.resume", getuser())

        def act(account_id: int) -> None:
            if not pausing.resume(account_id, getuser()):
                raise InputError("It is not paused.")

        to_each(chosen, act, "Resumed", dry_run=dry_run, action="account.resume")


@click.command("group")
@click.argument("name")
@IDS
@click.option("--remove", is_flag=True, help="Take them out of it.")
@DRY_RUN
def group_accounts(name: str, ids: tuple[int, ...], *, remove: bool, dry_run: bool) -> None:
    """Put accounts into the group NAME, or take them out of it."""
    names = groups.parse(name)
    if not names:
        raise InputError("Write the name of a group.")
    with record():

        def act(account_id: int) -> None:
            groups.change(
                account_id, getuser(), add=() if remove else names, remove=names if remove else ()
            )

        to_each(ids, act, "Changed", dry_run=dry_run, action="account.groups")


@click.command("times")
@SOME_IDS
@GROUP
@click.option("--timezone", help="IANA name, such as Europe/Berlin.")
@click.option("--posts-a-day", type=int)
@click.option("--gap-minutes", type=int)
@click.option("--times", "slots", multiple=True, help='Replaces all: "9:00 mon-fri"; "" for none.')
@DRY_RUN
def set_times(
    ids: tuple[int, ...],
    group: str,
    timezone: str | None,
    posts_a_day: int | None,
    gap_minutes: int | None,
    slots: tuple[str, ...],
    *,
    dry_run: bool,
) -> None:
    """Change the times and caps of several accounts alike; what is not given stays the same."""
    pairs = [(day, at) for text in slots if text for at, days in [slot(text)] for day in days]
    change = weekly_times.Change(
        timezone, posts_a_day, gap_minutes, frozenset(pairs) if slots else None
    )
    if change == weekly_times.Change():
        raise InputError("Nothing is to be changed: give at least one option.")
    with record():
        chosen = _chosen(ids, group, of_all=False, all_ids=list)
        to_each(
            chosen,
            lambda account_id: weekly_times.apply(account_id, change, getuser()),
            "Changed",
            dry_run=dry_run,
            action="account.times",
        )


def _chosen(
    ids: tuple[int, ...], group: str, *, of_all: bool, all_ids: Callable[[], list[int]]
) -> list[int]:
    if sum((bool(ids), bool(group), of_all)) != 1:
        raise InputError("Say which accounts: ids, or --group NAME, or --all.")
    if group:
        return groups.ids(group)
    return all_ids() if of_all else list(ids)
