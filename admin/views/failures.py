"""Failures: jobs that failed, why, and what a person decides. Failures never expire."""

from __future__ import annotations

from flask import abort, request
from flask.typing import ResponseReturnValue

from admin.formatting import word
from admin.job_subjects import subjects
from admin.paging import cut
from admin.views.page import Page, audit, chosen, done, each, expose, get
from admin.views.undoable import undoable
from core.db import transaction
from core.errors import InputError
from core.log import scrub
from models import DeadLetter
from pipelines import ledger
from pipelines.stages import STAGES


class Failures(Page):
    @expose("/")
    def index(self) -> str:
        stage, resolved = request.args.get("stage", ""), request.args.get("show") == "resolved"
        query = DeadLetter.select().where(DeadLetter.resolved_at.is_null(not resolved))
        if stage:
            query = query.where(DeadLetter.stage == stage)
        page = cut(query, DeadLetter.id)
        return self.render(
            "failures/index.html",
            page=page,
            subjects=subjects(page.rows),
            stage=stage,
            stages=list(STAGES),
            resolved=resolved,
        )

    @expose("/<int:letter_id>")
    def show(self, letter_id: int) -> str:
        letter = get(DeadLetter, letter_id)
        return self.render(
            "failures/show.html",
            letter=letter,
            trace=scrub(letter.trace),
            subject=subjects([letter]).get((letter.stage, letter.subject_id)),
        )

    @expose("/<int:letter_id>/requeue", methods=["POST"])
    def requeue(self, letter_id: int) -> ResponseReturnValue:
        _requeue(letter_id)
        return done("Retrying.")

    @expose("/<int:letter_id>/discard", methods=["POST"])
    def discard(self, letter_id: int) -> ResponseReturnValue:
        return undoable("failure.discard", [letter_id], _discard)

    @expose("/decide", methods=["POST"])
    def decide(self) -> ResponseReturnValue:
        """Retry or discard all selected failures."""
        match request.form.get("decision"):
            case "requeue":
                return each(chosen(), _requeue, "Retried")
            case "discard":
                return undoable("failure.discard", chosen(), _discard)
            case _:
                return abort(400)


def _requeue(letter_id: int) -> None:
    with transaction():
        letter = _open(letter_id)
        if letter.job is None:
            raise InputError("Its job was deleted, so it can't be retried. Discard the failure.")
        ledger.requeue(letter.job.id)
        audit("failure.requeue", f"failure {letter_id}")


def _discard(letter_id: int) -> None:
    with transaction():
        _open(letter_id)
        ledger.discard(letter_id)
        audit("failure.discard", f"failure {letter_id}")


def _open(letter_id: int) -> DeadLetter:
    letter: DeadLetter | None = DeadLetter.get_or_none(DeadLetter.id == letter_id)
    if letter is None:
        raise InputError(f"There is no failure {letter_id}.")
    if letter.resolved_at is not None:
        raise InputError(f"Failure {letter_id} was already {word(letter.resolution)}.")
    return letter
