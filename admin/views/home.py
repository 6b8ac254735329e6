"""The home page: what needs attention, what is running and the results, live."""

from __future__ import annotations

from typing import Any

from flask import current_app, jsonify
from flask.typing import ResponseReturnValue

from admin import home_figures
from admin.failures import inbox
from admin.job_subjects import subjects
from admin.views.page import Page, expose
from core import supervision
from core.settings import Settings

LIVE_PIECES = ("guide", "needs", "inbox", "running", "queues")


class Home(Page):
    @expose("/")
    def index(self) -> str:
        good, ended = home_figures.success_rate()
        return self.render(
            "home.html",
            **_live(),
            hours=home_figures.hours(),
            today=home_figures.today(),
            good=good,
            ended=ended,
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
