"""Periodic tasks: how the last run of each ended, when it runs next; run now, pause and resume."""

from __future__ import annotations

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue

from admin.auth import person
from admin.views.page import Page, done, expose
from admin.views.undoable import undoable
from core.errors import InputError
from models import ScheduledTask
from pipelines.schedules import TASKS
from pipelines.schedules import decisions as schedules


class Schedules(Page):
    @expose("/")
    def index(self) -> str:
        return self.render("schedules/index.html", listed=schedules.listed())

    @expose("/live.json")
    def live(self) -> ResponseReturnValue:
        """The list as it is now: HTML by element id."""
        return jsonify({"schedules": self.render("schedules/list.html", listed=schedules.listed())})

    @expose("/<task>/run", methods=["POST"])
    def run(self, task: str) -> ResponseReturnValue:
        row = _row(task)
        schedules.run_now(row.id, person().name)
        return done(f"“{TASKS[task].does}” runs as soon as a worker is free.")

    @expose("/<task>/pause")
    def pause(self, task: str) -> str:
        row = _row(task)
        return self.render(
            "schedules/pause.html",
            task=TASKS[task],
            row=row,
            longest_reason=schedules.LONGEST_REASON,
        )

    @expose("/<task>/pause", methods=["POST"])
    def do_pause(self, task: str) -> ResponseReturnValue:
        reason = request.form.get("reason", "").strip()
        if len(reason) > schedules.LONGEST_REASON:
            longest = schedules.LONGEST_REASON
            raise InputError(
                f"The reason is too long. Use at most {longest} characters.", field="reason"
            )

        def act(task_id: int) -> None:
            if not schedules.pause(task_id, person().name, reason):
                raise InputError("It is paused already.")

        return undoable("schedule.pause", [_row(task).id], act, onwards=self._list)

    @expose("/<task>/resume", methods=["POST"])
    def resume(self, task: str) -> ResponseReturnValue:
        def act(task_id: int) -> None:
            if not schedules.resume(task_id, person().name):
                raise InputError("It is not paused.")

        return undoable("schedule.resume", [_row(task).id], act)

    def _list(self) -> str:
        return str(self.get_url(".index"))


def _row(name: str) -> ScheduledTask:
    """The task's row, or a 404 page."""
    return schedules.find(name) if name in TASKS else abort(404)
