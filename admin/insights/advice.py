"""Sentences that say what to do, each only where enough videos say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import url_for

from admin.insights.standouts import LEAST, Side, extremes
from admin.insights.sums import HOOKS, Compared, ask, parts
from models import HookKind, Source, SourceKind, StoryState

MOST_ACCOUNTS = 200
"""Whose slots are changed together."""
FEW_STAY, MANY_STAY = 0.5, 0.8
"""Share of part 1's views that part 2 keeps."""

SLOTS = """
    SELECT account.id, name FROM account
    WHERE state = 'connected' AND (%(account)s::int IS NULL OR account.id = %(account)s)
      AND EXISTS (SELECT FROM slot WHERE account_id = account.id)
      AND EXISTS (SELECT FROM slot WHERE account_id = account.id
                  AND at >= %(begin)s AND at < %(end)s) = %(has)s
    ORDER BY lower(name), account.id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, and why."""

    finding: str
    videos: int
    """Of the better or worse side: the number behind the finding."""
    action: str
    link: str
    """Address of the page where it is done."""


def advice(found: dict[str, Compared], account_id: int | None = None) -> list[Advice]:
    """What videos suggest to do: at most one sentence about each comparison's side.

    Args:
        found: what ``compared_each`` found.
        account_id: the account whose videos they are; None if they are those of all.
    """
    return [
        *_hours(found["hours"], account_id),
        *_sources(found["sources"]),
        *_hooks(found["hooks"]),
        *_parts(found["parts"]),
    ]


def _hours(found: Compared, account_id: int | None) -> Iterator[Advice]:
    best, worst = extremes(*found)
    for side, has in ((best, False), (worst, True)):
        if side is None:
            continue
        hour = side.group.key or 0
        begin, end = f"{hour:02d}:00", f"{hour:02d}:60"
        accounts = ask(SLOTS, account=account_id, begin=begin, end=end, has=has, most=MOST_ACCOUNTS)
        if accounts:
            to = "to that hour" if side is best else "to a better hour"
            action = f"Move slots of {_named(accounts)} {to}"
            yield _says(side, f"Posts at {begin}", action, _times(accounts))


def _named(accounts: list[tuple[int, str]]) -> str:
    if len(accounts) == 1:
        return accounts[0][1] or "an account without a name"
    return f"{len(accounts)} accounts"


def _times(accounts: list[tuple[int, str]]) -> str:
    """The page where the slots of the accounts are changed."""
    if len(accounts) == 1:
        return url_for("accounts.show", account_id=accounts[0][0], _anchor="times")
    return url_for("selected_accounts.times", ids="-".join(str(row[0]) for row in accounts))


def _sources(found: Compared) -> Iterator[Advice]:
    best, worst = extremes(*found)
    actions = ((best, "Fetch more of them"), (worst, "Take fewer of them"))
    for side, action in actions:
        if side is None:
            continue
        source = Source.get_by_id(side.group.key)
        if source.archived_at is None and source.kind != SourceKind.PASTE:
            link = url_for("sources.edit", source_id=source.id)
            yield _says(side, f"Stories of {source.name}", action, link)


def _hooks(found: Compared) -> Iterator[Advice]:
    best, _ = extremes(*found)
    if best is not None:
        yield _says(
            best,
            f"Videos whose hook is {HOOKS[HookKind(best.group.key or 0)]}",
            "Choose such hooks when you approve stories",
            url_for("stories.index", state=StoryState.WAITING),
        )


def _parts(found: Compared) -> Iterator[Advice]:
    second = next((p for p in parts(found[1]) if p.number == 2), None)  # noqa: PLR2004
    if second is None or min(second.videos.videos, second.first.videos) < LEAST:
        return
    share = f"Part 2 gets {100 * second.kept:.0f} % of the views of part 1"
    if second.kept < FEW_STAY:
        action, link = "Split fewer stories: make parts longer", url_for("channels.index")
        yield Advice(share, second.videos.videos, action, link)
    elif second.kept > MANY_STAY:
        action = "People come back: take longer stories"
        yield Advice(share, second.videos.videos, action, url_for("sources.index"))


def _says(side: Side, who: str, action: str, link: str) -> Advice:
    share = f"{side.times:.1f} times" if side.times > 1 else f"{100 * side.times:.0f} % of"
    finding = (
        f"{who} get {share} the views of the others: typically {side.group.typical:,.0f} "
        f"instead of {side.others.typical:,.0f}"
    )
    return Advice(finding, side.group.videos, action, link)
