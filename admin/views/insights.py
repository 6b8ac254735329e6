"""How published videos perform: what to do, comparisons, and the curve of each video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue

from admin.insights import bars, sums, videos
from admin.insights.advice import advice
from admin.insights.gains import gained
from admin.insights.standouts import LEAST, extremes
from admin.insights.sums import Sum
from admin.lists.exports import BATCH, csv_file
from admin.viewer_zone import viewer_zone
from admin.views.page import Page, expose, get
from models import Account, HookKind, Post, Source

VIEWS = ("overview", "videos", *sums.COMPARED_BY)
MOST_ROWS = 500
MOST_HOOKS = 10


class Insights(Page):
    @expose("/")
    def index(self) -> str:
        days, account_id = _chosen()
        by = request.args.get("by", VIEWS[0])
        if by not in VIEWS:
            abort(404)
        accounts = {
            account.id: account.name or "unnamed"
            for account in Account.select(Account.id, Account.name)
        }
        facts = FACTS.get(by, _compared)
        return self.render(
            "insights/index.html",
            by=by,
            views=VIEWS,
            days=days,
            periods=sums.PERIODS,
            account=account_id,
            accounts=accounts,
            **facts(by, days, account_id),
        )

    @expose("/<int:post_id>")
    def show(self, post_id: int) -> str:
        post = get(Post, post_id)
        return self.render("insights/show.html", post=post, points=videos.curve(post_id))

    @expose("/videos.csv")
    def export(self) -> ResponseReturnValue:
        days, account_id = _chosen()
        rows = videos.table(days, account_id, BATCH)
        return csv_file(f"videos-{days}-days.csv", videos.COLUMNS, rows)


def _chosen() -> tuple[int, int | None]:
    days = request.args.get("days", sums.PERIODS[1], type=int)
    if days not in sums.PERIODS:
        abort(404)
    return days, request.args.get("account", type=int)


def _overview(_by: str, days: int, account_id: int | None) -> dict[str, Any]:
    found = sums.compared_each(days, account_id)
    return {
        "totals": found["hours"][0],
        "gains": gained(days, viewer_zone(), account_id),
        "advice": advice(found, account_id),
        "least": LEAST,
    }


def _videos(_by: str, days: int, account_id: int | None) -> dict[str, Any]:
    totals, rows = videos.most_seen(days, account_id)
    curves = videos.curves([row.post_id for row in rows])
    return {"totals": totals, "rows": rows, "curves": curves}


def _hours(by: str, days: int, account_id: int | None) -> dict[str, Any]:
    totals, found = sums.compared(by, days, account_id)
    by_hour = {hour.key: hour for hour in found}
    rows = [by_hour.get(hour) or Sum(hour) for hour in range(24)]
    standout, _ = extremes(totals, found)
    best = standout.group if standout else None
    return {
        "totals": totals,
        "rows": rows,
        "names": {hour: f"{hour:02d}:00" for hour in range(24)},
        "best": best,
        "bars": bars.of_hours(rows, best),
    }


def _hooks(by: str, days: int, account_id: int | None) -> dict[str, Any]:
    """Kinds of hooks, and the hooks of the most viewed videos that open a story."""
    facts = _compared(by, days, account_id)
    best: dict[str, videos.Shown] = {}
    for video in videos.most_seen(days, account_id)[1]:
        if video.number == 1 and video.hook:
            best.setdefault(video.hook, video)
    return {**facts, "best": list(best.values())[:MOST_HOOKS]}


def _parts(by: str, days: int, account_id: int | None) -> dict[str, Any]:
    totals, found = sums.compared(by, days, account_id)
    parts = sums.parts(found)
    return {
        "totals": totals,
        "rows": [part.videos for part in parts],
        "names": {part.number: f"Part {part.number}" for part in parts},
        "of_first": {part.number: part.kept for part in parts},
    }


def _compared(by: str, days: int, account_id: int | None) -> dict[str, Any]:
    totals, rows = sums.compared(by, days, account_id)
    keys = [row.key for row in rows[:MOST_ROWS]]
    return {
        "totals": totals,
        "rows": rows[:MOST_ROWS],
        "more": len(rows) - len(keys),
        "names": NAMES[by](keys),
    }


Names = Callable[[list[int | None]], dict[int, str]]


def _names_of(table: type[Account | Source], keys: list[int | None]) -> dict[int, str]:
    rows = table.select(table.id, table.name).where(table.id.in_(keys))
    return {row.id: row.name or "unnamed" for row in rows}


FACTS = {
    "overview": _overview,
    "videos": _videos,
    "hours": _hours,
    "hooks": _hooks,
    "parts": _parts,
}
NAMES: dict[str, Names] = {
    "accounts": lambda keys: _names_of(Account, keys),
    "sources": lambda keys: _names_of(Source, keys),
    "hooks": lambda _: {kind.value: sums.HOOKS[kind].capitalize() for kind in HookKind},
}
"""What the keys of a comparison are called."""
