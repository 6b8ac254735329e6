"""How published videos perform: comparisons, and the curve of each video."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue

from admin import insights
from admin.lists.exports import BATCH, csv_file
from admin.views.page import Page, expose, get
from models import Account, Post, Source

VIEWS = ("videos", *insights.KEYS)


class Insights(Page):
    @expose("/")
    def index(self) -> str:
        days, account_id = _chosen()
        by = request.args.get("by", "videos")
        if by not in VIEWS:
            abort(404)
        accounts = {
            account.id: account.name or "unnamed"
            for account in Account.select(Account.id, Account.name)
        }
        return self.render(
            "insights/index.html",
            by=by,
            views=VIEWS,
            days=days,
            periods=insights.PERIODS,
            account=account_id,
            accounts=accounts,
            **_facts(by, days, account_id, accounts),
        )

    @expose("/<int:post_id>")
    def show(self, post_id: int) -> str:
        post = get(Post, post_id)
        return self.render("insights/show.html", post=post, points=insights.curve(post_id))

    @expose("/videos.csv")
    def export(self) -> ResponseReturnValue:
        days, account_id = _chosen()
        rows = insights.table(days, account_id, BATCH)
        return csv_file(f"videos-{days}-days.csv", insights.COLUMNS, rows)


def _chosen() -> tuple[int, int | None]:
    days = request.args.get("days", insights.PERIODS[1], type=int)
    if days not in insights.PERIODS:
        abort(404)
    return days, request.args.get("account", type=int)


def _facts(by: str, days: int, account_id: int | None, accounts: dict[int, str]) -> dict[str, Any]:
    if by == "videos":
        totals, rows = insights.most_seen(days, account_id)
        curves = insights.curves([row.post_id for row in rows])
        return {"totals": totals, "rows": rows, "curves": curves}
    totals, sums = insights.compared(by, days, account_id)
    if by == "hours":
        by_hour = {hour.key: hour for hour in sums}
        hours = [by_hour.get(hour) or insights.Sum(hour) for hour in range(24)]
        return {"totals": totals, "rows": hours, "best": insights.best_hour(sums)}
    if by == "accounts":
        return {"totals": totals, "rows": sums, "names": accounts}
    sources = Source.select(Source.id, Source.name)
    return {"totals": totals, "rows": sums, "names": {source.id: source.name for source in sources}}
