"""The home page: what needs attention, what is running and the results, live."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from admin import home_figures
from admin.failures import inbox
from admin.insights.gains import gained
from admin.job_subjects import subjects
from admin.viewer_zone import viewer_zone
from admin.views.page import Page, expose
from core import supervision
from core.settings import Settings

CHARTED = (7, 30)
"""Days that the chart of views may show."""
LIVE_PIECES = ("guide", "needs", "inbox", "running", "queues")


class Home(Page):
    @expose("/")
    def index(self) -> str:
        days = request.args.get("days", CHARTED[0], type=int)
        if days not in CHARTED:
            abort(404)
        good, ended = home_figures.success_rate()
        return self.render(
            "home.html",
            **_live(),
            hours=home_figures.hours(),
            today=home_figures.today(),
            shown_accounts=home_figures.SHOWN_ACCOUNTS,
            good=good,
            ended=ended,
            gains=gained(days, viewer_zone()),
            charted=CHARTED,
        )

    @expose("/live.json")
    def live(self) -> ResponseReturnValue:
        """The live parts of the page: HTML by element id."""
        facts = _live()
        return jsonify({piece: self.render(f"home/{piece}.html", **facts) for piece in LIVE_PIECES})


def _live() -> dict[str, Any]:
    jobs = home_figures.running()
    settings: Settings = current_app.extensions["settings"]
    return {
        "troubles": supervision.troubles(settings.run_dir),
        "inbox": inbox.groups(),
        "jobs": jobs,
        "subjects": subjects(jobs),
        "depths": home_figures.depths(),
    }
