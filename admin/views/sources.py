"""Where stories come from."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import Any, BinaryIO, cast

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from peewee import JOIN, fn
from wtforms.fields.choices import SelectChoice

from adapters.ports import NOTE
from admin.auth import person
from admin.lists.each_of import EachOf
from admin.lists.paging import count, cut
from admin.views.page import Page, done, expose, get, settings
from admin.views.source_form import SourceForm
from core.files.intake_folder import IntakeFolder
from models import Account, Channel, Intake, Job, JobState, Source, SourceKind
from pipelines import ledger
from pipelines.stories.intake import source_archive, sources, uploads
from pipelines.stories.intake.fetch import OUTCOMES_KEPT_DAYS, IntakeOutcome
from pipelines.stories.intake.source_archive import NOT_ARCHIVED
from pipelines.stories.intake.source_rules import path_problem
from pipelines.stories.intake.source_settings import PLACES, SETTINGS
from pipelines.stories.intake.uploads import LARGEST_UPLOAD, Uploaded

LIVE_PIECES = ("progress", "rows")
BEING_FETCHED = (Job.stage == "fetch") & Job.state.in_([JobState.WAITING, JobState.RUNNING])


class Sources(Page):
    @expose("/")
    def index(self) -> str:
        archived = request.args.get("show") == "archived"
        shown = (~NOT_ARCHIVED if archived else NOT_ARCHIVED) & Source.removed_at.is_null()
        broken = (Source.enabled & (Source.last_error != "")).desc()
        rows = (
            Source.select(Source, Channel)
            .join(Channel, JOIN.LEFT_OUTER)
            .where(shown)
            .order_by(broken, Source.enabled.desc(), fn.LOWER(Source.name))
            .limit(500)
        )
        intake = _intake()
        return self.render(
            "sources/index.html",
            sources=[(row, path_problem(row.kind, row.place, intake)) for row in rows],
            by_hand=SourceKind.PASTE,
            archived=archived,
            archived_count=count(Source.select().where(~NOT_ARCHIVED, Source.removed_at.is_null())),
            fetching={job.subject_id for job in Job.select(Job.subject_id).where(BEING_FETCHED)},
        )

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        return self._form(Source(kind=SourceKind.SUBREDDIT))

    @expose("/<int:source_id>/edit", methods=["GET", "POST"])
    def edit(self, source_id: int) -> ResponseReturnValue:
        return self._form(_there(source_id))

    @expose("/upload", methods=["GET", "POST"])
    def upload(self) -> ResponseReturnValue:
        """Files from the person's own machine become a source."""
        if request.method == "GET":
            return self.render(
                "sources/upload.html",
                kinds=uploads.LABELS,
                suffixes=",".join(uploads.BY_SUFFIX),
                most_megabytes=LARGEST_UPLOAD // 1024**2,
                channels=list(Channel.select(Channel.id, Channel.name).order_by(Channel.name)),
            )
        chosen = {
            "kind": request.form.get("kind", ""),
            "name": request.form.get("name", ""),
            "language": request.form.get("language", "").strip().lower(),
            "channel": request.form.get("channel", type=int),
        }
        files = [
            Uploaded(file.filename, cast("BinaryIO", file.stream))
            for file in request.files.getlist("file")
            if file.filename
        ]
        source = uploads.add(files, chosen, person().name, _intake())
        return done(
            f"{source.name} uploaded. Its stories are being read.",
            url_for(".outcomes", source_id=source.id),
        )

    def _form(self, source: Source) -> ResponseReturnValue:
        form = SourceForm(obj=source, accounts=sources.accounts_of(source))
        form.offer_kinds(source)
        accounts = Account.select(Account.id, Account.name, Account.open_id).order_by(Account.name)
        form.accounts.choices = [SelectChoice(row.id, row.name or row.open_id) for row in accounts]
        channels = Channel.select(Channel.id, Channel.name).order_by(Channel.name)
        form.channel.choices = [
            SelectChoice("", "None (use defaults)"),
            *(SelectChoice(row.id, row.name) for row in channels),
        ]
        status = 200
        if request.method == "POST":
            try:
                if form.fits(source, _intake()):
                    saved = sources.save(
                        source.id,
                        form.chosen,
                        person().name,
                        _intake(),
                        request.form.get("seen", ""),
                    )
                    return self._saved(saved, new=not source.id)
            except sources.SourceRefusedError as refused:  # another request was faster
                for name, error in refused.problems.items():
                    form.refuse(name, error)
            form.hide_secrets(source)
            status = 422
        groups = {
            group: [setting.name for setting in some]
            for group, some in groupby(SETTINGS, key=attrgetter("group"))
        }
        page = self.render(
            "sources/form.html",
            form=form,
            source=source,
            version=sources.version_of(source) if source.id else "",
            groups=groups,
            places=PLACES,
            problem=path_problem(source.kind, source.place, _intake()) if source.id else "",
        )
        return page, status

    def _saved(self, source: Source, *, new: bool) -> ResponseReturnValue:
        if not new or not source.enabled:
            return done(f"{source.name} saved.", url_for(".index"))
        sources.ask(source.id, person().name)  # so that its first stories don't wait for a tick
        sentence = f"{source.name} saved. Its stories are being fetched."
        return done(sentence, url_for(".outcomes", source_id=source.id))

    @expose("/<int:source_id>/outcomes")
    def outcomes(self, source_id: int) -> str:
        """The outcome of each row fetched from the source."""
        source = _there(source_id)
        return self.render(
            "sources/outcomes.html",
            **_progress(source),
            **_rows(source),
            problem=path_problem(source.kind, source.place, _intake()),
            note=source.memory.get(NOTE, ""),
        )

    @expose("/<int:source_id>/live.json")
    def live(self, source_id: int) -> ResponseReturnValue:
        """How far the fetch is: HTML by element id."""
        source = _there(source_id)
        return self.pieces("sources", LIVE_PIECES, **_progress(source), **_rows(source))

    @expose("/<int:source_id>/fetch", methods=["POST"])
    def fetch(self, source_id: int) -> ResponseReturnValue:
        source = sources.ask(_there(source_id).id, person().name)
        return done(f"Fetching {source.name}.", url_for(".outcomes", source_id=source_id))

    @expose("/<int:source_id>/archive", methods=["GET", "POST"])
    def archive(self, source_id: int) -> ResponseReturnValue:
        """Say what archiving and removing mean for this source; then archive it."""
        source = _there(source_id)
        if request.method == "POST":
            source_archive.archive(source_id, person().name)
            return done(f"{source.name} archived. Its stories stay.", url_for(".index"))
        return self.render(
            "sources/archive.html", source=source, stays=source_archive.what_stays(source_id)
        )

    @expose("/<int:source_id>/unarchive", methods=["POST"])
    def unarchive(self, source_id: int) -> ResponseReturnValue:
        source = source_archive.unarchive(_there(source_id).id, person().name)
        sentence = f"{source.name} is back. Enable it to fetch it on schedule."
        return done(sentence, url_for(".index"))

    @expose("/<int:source_id>/remove", methods=["POST"])
    def remove(self, source_id: int) -> ResponseReturnValue:
        name = source_archive.remove(_there(source_id).id, person().name, _intake())
        return done(f"{name} removed. Its stories stay.", url_for(".index"))

    @expose("/<int:source_id>/switch", methods=["POST"])
    def switch(self, source_id: int) -> ResponseReturnValue:
        """Enable or disable the source."""
        sources.switch(_there(source_id).id, person().name)
        return redirect(url_for(".index"), 303)


def _progress(source: Source) -> dict[str, Any]:
    rows = Intake.select().where(Intake.source == source)
    job = Job.get_or_none(BEING_FETCHED, Job.subject_id == source.id)
    return {
        "source": source,
        "outcomes": [(each, count(rows.where(Intake.outcome == each))) for each in IntakeOutcome],
        "fetching": ledger.explain(job) if job else "",
    }


def _rows(source: Source) -> dict[str, Any]:
    """The outcomes that the request's filter and place select."""
    outcome = request.args.get("outcome", "")
    outcomes = [outcome] if outcome in set(IntakeOutcome) else list(IntakeOutcome)
    each = EachOf(Intake, {"source_id": [source.id], "outcome": outcomes})
    return {
        "page": cut(Intake.select(), Intake.id, each=each, endpoint="sources.outcomes"),
        "outcome": outcome,
        "days": OUTCOMES_KEPT_DAYS,
        "by_hand": SourceKind.PASTE,
    }


def _there(source_id: int) -> Source:
    """The source; one that was removed is not found."""
    source = get(Source, source_id)
    return source if source.removed_at is None else abort(404)


def _intake() -> IntakeFolder:
    return IntakeFolder(settings().intake_dir)
