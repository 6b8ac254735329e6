"""Backups: which there are, and whether each was found to be good. Restored by command only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from flask import jsonify, url_for
from flask.typing import ResponseReturnValue

from admin.auth import person
from admin.lists.paging import cut
from admin.views.page import Page, done, expose, settings
from models import Backup, BackupState, Job, Role, now
from pipelines import ledger
from pipelines.backups import runs

OVERDUE = timedelta(hours=36)
"""A newest good backup that is older is told: one night was missed."""


class Backups(Page):
    writes: ClassVar[Role] = Role.OWNER

    @expose("/")
    def index(self) -> str:
        return self.render("backups/index.html", **_facts())

    @expose("/live.json")
    def live(self) -> ResponseReturnValue:
        """The list as it is now: HTML by element id."""
        return jsonify({"backups": self.render("backups/list.html", **_facts())})

    @expose("/now", methods=["POST"])
    def now(self) -> ResponseReturnValue:
        """Make a backup now."""
        runs.ask(person().name, enabled=settings().backup_dir is not None)
        return done("A backup is being made. This page shows how far it is.", url_for(".index"))


def _facts() -> dict[str, Any]:
    config = settings()
    page = cut(Backup.select(), Backup.id)
    unfinished = [row.id for row in page.rows if row.state in runs.UNFINISHED]
    jobs = Job.select().where(Job.stage == runs.STAGE, Job.subject_id.in_(unfinished))
    newest = Backup.select().where(Backup.state == BackupState.DONE).order_by(Backup.id.desc())
    good = newest.first()
    return {
        "page": page,
        "jobs": {job.subject_id: (job, ledger.explain(job)) for job in jobs},
        "newest": good,
        "overdue": good is None or good.finished_at < now() - OVERDUE,
        "configured": config,
        "encrypted": bool(config.backup_key.get_secret_value()),
    }
