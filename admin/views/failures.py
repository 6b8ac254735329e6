"""Failures: work that failed or needs a decision, by cause, and what a person does about it.

They never expire.
"""

from __future__ import annotations

from functools import partial

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from peewee import ModelSelect

from admin.auth import person
from admin.failures import inbox, log_lines, repair
from admin.failures.causes import cause_of
from admin.job_subjects import subjects
from admin.lists.paging import MOST_COUNTED, count, cut
from admin.views.page import MOST_IN_BULK, Page, chosen, expose, get, settings
from admin.views.undoable import undoable
from core.errors import InputError
from core.log import scrub
from models import DeadLetter, Source
from pipelines import failures
from pipelines.publishing.accounts import account_settings
from pipelines.publishing.posts.post_options import PRIVACY


class Failures(Page):
    @expose("/")
    def index(self) -> str:
        resolved = request.args.get("show") == "resolved"
        query = DeadLetter.select().where(DeadLetter.resolved_at.is_null(not resolved))
        query = query if resolved else _filtered(query)
        found = count(query.order_by(DeadLetter.id.desc()) if resolved else query)
        page = cut(query, DeadLetter.id, few=found <= MOST_COUNTED and not resolved)
        return self.render(
            "failures/index.html",
            page=page,
            found=found,
            subjects=subjects(page.rows),
            cause_of=cause_of,
            mends=inbox.mends(page.rows),
            filters=_filters(),
            causes=inbox.causes(),
            accounts=inbox.accounts(),
            channels=inbox.channels(),
            resolved=resolved,
        )

    @expose("/<int:letter_id>")
    def show(self, letter_id: int) -> str:
        letter = get(DeadLetter, letter_id)
        return self.render(
            "failures/show.html",
            letter=letter,
            cause=cause_of(letter.error_code),
            mend=inbox.mends([letter])[letter.id],
            trace=scrub(letter.trace),
            subject=subjects([letter]).get((letter.stage, letter.subject_id)),
            repair=repair.of(letter) if letter.resolved_at is None else None,
            privacy=PRIVACY,
            switches=account_settings.SWITCH_WORDS,
        )

    @expose("/<int:letter_id>/log")
    def log(self, letter_id: int) -> str:
        """The lines that the job and its predecessors wrote, on this host."""
        letter = get(DeadLetter, letter_id)
        found = log_lines.of_request(letter.request_id, settings().run_dir)
        return self.render("failures/log.html", letter=letter, found=found)

    @expose("/<int:letter_id>/requeue", methods=["POST"])
    def requeue(self, letter_id: int) -> ResponseReturnValue:
        return _requeue([letter_id])

    @expose("/<int:letter_id>/edit", methods=["POST"])
    def edit(self, letter_id: int) -> ResponseReturnValue:
        """Change what failed, and do it again."""
        letter = get(DeadLetter, letter_id)
        seconds = settings().approval_seconds
        act = partial(repair.repair, typed=request.form, by=person().name, seconds=seconds)
        return undoable(
            "failure.repair",
            [letter_id],
            lambda _: act(letter),
            onwards=lambda: url_for(".index"),
            seconds=seconds,
        )

    @expose("/<int:letter_id>/discard", methods=["POST"])
    def discard(self, letter_id: int) -> ResponseReturnValue:
        return _discard([letter_id])

    @expose("/decide", methods=["POST"])
    def decide(self) -> ResponseReturnValue:
        """Retry or discard all selected failures."""
        match request.form.get("decision"):
            case "requeue":
                return _requeue(chosen())
            case "discard":
                return _discard(chosen())
            case _:
                return abort(400)

    @expose("/requeue-all", methods=["POST"])
    def requeue_all(self) -> ResponseReturnValue:
        """Retry the oldest failures that match the filters, at most ``MOST_IN_BULK``."""
        rows = _filtered(DeadLetter.select(DeadLetter.id).where(DeadLetter.resolved_at.is_null()))
        rows = rows.where(DeadLetter.job.is_null(False)).order_by(DeadLetter.id + 0)
        ids = [row.id for row in rows.limit(MOST_IN_BULK + 1)]
        if not ids:
            raise InputError("No failure matches any longer: somebody was faster.")
        if len(ids) > MOST_IN_BULK:
            flash(f"The oldest {MOST_IN_BULK} are retried. Press again for the others.", "warning")
        return _requeue(ids[:MOST_IN_BULK])


def _requeue(letter_ids: list[int]) -> ResponseReturnValue:
    seconds = settings().approval_seconds
    act = partial(failures.requeue, by=person().name, seconds=seconds)
    return undoable("failure.requeue", letter_ids, act, seconds=seconds)


def _discard(letter_ids: list[int]) -> ResponseReturnValue:
    act = partial(failures.discard, by=person().name)
    return undoable("failure.discard", letter_ids, act)


def _filters() -> dict[str, str | int | None]:
    return {
        "cause": request.values.get("cause", ""),
        "account": request.values.get("account", type=int),
        "channel": request.values.get("channel", type=int),
    }


def _filtered(letters: ModelSelect[DeadLetter]) -> ModelSelect[DeadLetter]:
    filters = _filters()
    if filters["cause"]:
        letters = letters.where(DeadLetter.error_code.in_(inbox.codes_of(str(filters["cause"]))))
    if filters["account"] is not None:
        letters = letters.where(DeadLetter.account == filters["account"])
    if filters["channel"] is not None:
        sources = Source.select(Source.id).where(Source.channel == filters["channel"])
        letters = letters.where(DeadLetter.source.in_([source.id for source in sources]))
    return letters
