"""Every unfinished job, explained: its status, since when, and what it is waiting for."""

from __future__ import annotations

from functools import partial

from flask import request
from flask.typing import ResponseReturnValue

from admin.auth import person
from admin.home_figures import held_up, waited_long
from admin.job_subjects import subjects
from admin.lists.paging import cut
from admin.views.page import Page, audit, expose, settings
from admin.views.undoable import undoable
from models import DeadLetter, Job, JobState
from pipelines import failures, ledger
from pipelines.stages import STAGES

UNFINISHED = (JobState.RUNNING, JobState.WAITING, JobState.PARKED, JobState.DEAD)


class Jobs(Page):
    @expose("/")
    def index(self) -> str:
        state, stage = request.args.get("state", ""), request.args.get("stage", "")
        query = Job.select().where(Job.state == state if state else Job.state.in_(UNFINISHED))
        if stage:
            query = query.where(Job.stage == stage)
        if request.args.get("held_up"):
            query = held_up(query)
        if request.args.get("waited_long"):
            query = waited_long(query)
        page = cut(query, Job.id)
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
        """Retry a job; one that has failed is retried like its failure."""
        by, seconds = person().name, settings().approval_seconds
        letter_id = _open_failure(job_id)
        if letter_id is not None:
            act = partial(failures.requeue, by=by, seconds=seconds)
            return undoable("failure.requeue", [letter_id], act, seconds=seconds)

        def requeue(job_id: int) -> None:
            ledger.requeue(job_id, seconds=seconds)
            audit("job.requeue", f"job {job_id}")

        return undoable("job.requeue", [job_id], requeue, seconds=seconds)

    @expose("/<int:job_id>/cancel", methods=["POST"])
    def cancel(self, job_id: int) -> ResponseReturnValue:
        def cancel(job_id: int) -> None:
            ledger.cancel(job_id)
            audit("job.cancel", f"job {job_id}")

        return undoable("job.cancel", [job_id], cancel)


def _open_failure(job_id: int) -> int | None:
    """The newest failure of the job that nobody has resolved."""
    letters = DeadLetter.select(DeadLetter.id).where(
        DeadLetter.job == job_id, DeadLetter.resolved_at.is_null()
    )
    found: int | None = letters.order_by(DeadLetter.id.desc()).scalar()
    return found
