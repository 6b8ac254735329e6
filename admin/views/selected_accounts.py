"""Several accounts at once: pause, resume, groups, times and caps; and pause or resume all."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from admin.auth import person
from admin.lists.each_of import EachOf
from admin.lists.paging import count
from admin.lists.post_list import METHODS
from admin.views.page import MOST_IN_BULK, Page, chosen, expose
from admin.views.undoable import undoable
from core.errors import InputError
from models import Account, PauseCause, Post, PostState, now
from pipelines.publishing.accounts import account_times, groups, weekly_times
from pipelines.publishing.accounts import pause as pausing
from pipelines.publishing.scheduling.slots import ONE_DAY

MOST_REASON = 200
MOST_NAMED = 12


class SelectedAccounts(Page):
    def __init__(self) -> None:
        super().__init__(endpoint="selected_accounts", url="/accounts/selected")

    def is_visible(self) -> bool:
        return False  # its pages are reached from the page of all accounts

    @expose("/", methods=["POST"])
    def choose(self) -> ResponseReturnValue:
        """Go on with the rows that are ticked in the table."""
        ids, what = chosen(), request.form.get("what", "")
        if what == "resume":
            return undoable("account.resume", ids, resume)
        pages = {"pause": ".pause", "groups": ".groups", "times": ".times"}
        if what not in pages:
            abort(400)
        return redirect(url_for(pages[what], ids="-".join(map(str, ids))), 303)

    # ── pause and resume ─────────────────────────────────────────────────────────────────────

    @expose("/pause")
    def pause(self) -> str:
        """What a pause would stop; of all accounts if none are chosen."""
        of_all = "ids" not in request.args
        ids = pausing.pausable() if of_all else _asked()
        accounts = _accounts(ids)
        return self.render(
            "accounts/pause.html",
            accounts=accounts,
            ids=ids,
            of_all=of_all,
            stops=[account for account in accounts if pausing.can_pause(account)],
            most_named=MOST_NAMED,
            next_day=_in_the_next_day(ids),
            on_their_way=_on_their_way(ids),
            most_reason=MOST_REASON,
        )

    @expose("/pause", methods=["POST"])
    def do_pause(self) -> ResponseReturnValue:
        reason = _reason()
        if "all" not in request.form:
            return undoable("account.pause", chosen(), _pauser(reason), onwards=_back_to_list)
        ids = pausing.pausable()
        if not ids:
            raise InputError("Every account is paused already, or disconnected.")
        act = _pauser(reason, PauseCause.ALL)
        pausing.record_all("account.pause", person().name, reason)
        return undoable("account.pause", ids, act, onwards=_back_to_list)

    @expose("/resume-all", methods=["POST"])
    def resume_all(self) -> ResponseReturnValue:
        """End the pause of all; accounts that were paused for a reason of their own stay paused."""
        ids = pausing.paused_with_all()
        if not ids:
            raise InputError("No account is paused by a pause of all.")
        pausing.record_all("account.resume", person().name)
        return undoable("account.resume", ids, resume, onwards=_back_to_list)

    # ── groups ───────────────────────────────────────────────────────────────────────────────

    @expose("/groups")
    def groups(self) -> str:
        accounts = _accounts(_asked())
        known = sorted(
            {group for row in Account.select(Account.groups) for group in row.groups},
            key=str.casefold,
        )
        return self.render(
            "accounts/groups.html", accounts=accounts, known=known, most_named=MOST_NAMED
        )

    @expose("/groups", methods=["POST"])
    def set_groups(self) -> ResponseReturnValue:
        add, remove = groups.parse(request.form.get("add", "")), request.form.getlist("remove")
        if not add and not remove:
            raise InputError("Write a group to add, or tick one to remove.", field="add")

        def act(account_id: int) -> None:
            groups.change(account_id, person().name, add=add, remove=remove)

        return undoable("account.groups", chosen(), act, onwards=_back_to_list)

    # ── times and caps ───────────────────────────────────────────────────────────────────────

    @expose("/times")
    def times(self) -> str:
        return self.render(
            "accounts/bulk_times.html",
            accounts=_accounts(_asked()),
            zones=account_times.zones(),
            days=account_times.DAYS,
            most_a_day=account_times.MOST_A_DAY,
            most_gap=account_times.MOST_GAP_MINUTES,
            most_named=MOST_NAMED,
        )

    @expose("/times", methods=["POST"])
    def set_times(self) -> ResponseReturnValue:
        ids, change = chosen(), _times_change()

        def act(account_id: int) -> None:
            weekly_times.apply(account_id, change, person().name)

        return undoable("account.times", ids, act, onwards=_back_to_list)


def resume(account_id: int) -> None:
    if not pausing.resume(account_id, person().name):
        raise InputError("It is not paused.")


def _pauser(reason: str, cause: PauseCause = PauseCause.PERSON) -> Any:
    def act(account_id: int) -> None:
        if not pausing.pause(account_id, person().name, reason, cause=cause):
            raise InputError("It is paused already.")

    return act


def _reason() -> str:
    return request.form.get("reason", "").strip()[:MOST_REASON]


def _times_change() -> weekly_times.Change:
    """What the form asks for; an empty field leaves its setting as it is."""
    form = request.form
    what, times = form.get("slots", "keep"), None
    if what == "none":
        times = frozenset[tuple[int, str]]()
    elif what == "replace":
        times = weekly_times.parse(form.get("at", ""), form.getlist("weekday", type=int))
    timezone = form.get("timezone", "").strip()
    change = weekly_times.Change(
        timezone=account_times.zone(timezone) if timezone else None,
        posts_a_day=_figure("posts_a_day", "Posts a day", 1, account_times.MOST_A_DAY),
        gap_minutes=_figure("gap_minutes", "Minutes", 0, account_times.MOST_GAP_MINUTES),
        times=times,
    )
    if change == weekly_times.Change():
        raise InputError("Nothing is to be changed: fill in at least one field.")
    return change


def _figure(name: str, words: str, least: int, most: int) -> int | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    number: int | None = request.form.get(name, type=int)
    if number is None or not least <= number <= most:
        raise InputError(f"{words} must be a whole number from {least} to {most}.", field=name)
    return number


def _asked() -> list[int]:
    """The ids in the address, as ``ids=1-2-3``."""
    ids = [int(word) for word in request.args.get("ids", "").split("-") if word.isdecimal()]
    if not ids or len(ids) > MOST_IN_BULK or max(ids) > 2**31 - 1:
        raise InputError("Nothing is selected. Select some accounts first.")
    return ids


def _accounts(ids: list[int]) -> list[Account]:
    columns = (
        Account.id,
        Account.name,
        Account.open_id,
        Account.state,
        Account.groups,
        Account.paused_at,
        Account.timezone,
        Account.posts_a_day,
        Account.gap_minutes,
    )
    return list(Account.select(*columns).where(Account.id.in_(ids)).order_by(Account.name))


def _in_the_next_day(ids: list[int]) -> int:
    return count(
        Post.select()
        .where(
            Post.account.in_(ids),
            Post.state == PostState.PLANNED,
            Post.scheduled_at < now() + ONE_DAY,
        )
        .order_by(Post.account, Post.scheduled_at)
    )


def _on_their_way(ids: list[int]) -> int:
    going = (PostState.CLAIMING, PostState.UPLOADING, PostState.PROCESSING)
    return count(EachOf(Post, {"account_id": ids, "state": going, "method": METHODS}))


def _back_to_list() -> str:
    return url_for("accounts.index")
