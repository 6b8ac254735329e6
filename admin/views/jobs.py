"""Every unfinished job, explained: its status, since when, and what it is waiting for."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from admin.auth import person
from admin.job_subjects import subjects
from admin.lists import job_list
from admin.lists.paging import cut
from admin.needs import held_up, waited_long
from admin.views.page import Page, expose, settings
from admin.views.undoable import undoable
from models import Job, JobState
from pipelines import job_decisions, ledger
from pipelines.stages import STAGES


class Jobs(Page):
    @expose("/")
    def index(self) -> str:
        state, stage = request.args.get("state", ""), request.args.get("stage", "")
        found = job_list.listed(state, stage)
        if request.args.get("held_up"):
            page = cut(held_up(found.query), Job.id, few=True)
        elif request.args.get("waited_long"):
            page = cut(waited_long(found.query), Job.id, few=True)
        else:
            page = cut(found.query, Job.id, each=found.each)
        return self.render(
            "jobs/index.html",
            page=page,
            explained={job.id: ledger.explain(job) for job in page.rows},
            subjects=subjects(page.rows),
            state=state,
            stage=stage,
            states=list(JobState),
            stages=list(STAGES),
            cancellable={JobState.WAITING, JobState.RUNNING, JobState.PARKED, JobState.DEAD},
            restartable={JobState.PARKED, JobState.DEAD, JobState.CANCELLED},
        )

    @expose("/<int:job_id>/requeue", methods=["POST"])
    def requeue(self, job_id: int) -> ResponseReturnValue:
        seconds = settings().approval_seconds
        decision = job_decisions.retry(job_id, person().name, seconds=seconds)
        return undoable(decision.action, [decision.row_id], decision.act, seconds=seconds)

    @expose("/<int:job_id>/cancel", methods=["POST"])
    def cancel(self, job_id: int) -> ResponseReturnValue:
        decision = job_decisions.cancel(job_id, person().name)
        return undoable(decision.action, [decision.row_id], decision.act)
