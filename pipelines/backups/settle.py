"""After a restore: the record is brought up to date with what happened since the backup."""

from __future__ import annotations

import structlog

from core.db import migrate, transaction
from models import (
    Account,
    AccountState,
    AuditEntry,
    Backup,
    BackupState,
    Job,
    JobState,
    PauseCause,
    Post,
    PostState,
    now,
)
from pipelines.backups.archive import Archive, DamagedError, Facts, KeyMissingError
from pipelines.backups.retention import taken_at
from pipelines.backups.runs import STAGE, STORYMILL, columns
from pipelines.publishing.accounts import pause

log = structlog.get_logger(__name__)


def settle(archive: Archive, facts: Facts, by: str, *, pause_accounts: bool) -> list[int]:
    """Migrate the tables, and note what the backup could not know; needs a connection.

    A post whose time has come may have gone out after the backup was made: only TikTok knows. So
    its account is paused, unless ``pause_accounts`` is False.

    Returns:
        ids of the accounts that were paused.
    """
    migrate.forward()
    with transaction():
        _end_own_run(archive, facts)
        _add_unknown(archive)
        AuditEntry.create(
            actor=by, action="backup.restore", subject="backup", reason=f"from {facts.name}"
        )
    return _paused(facts, by) if pause_accounts else []


def _end_own_run(archive: Archive, facts: Facts) -> None:
    """In its own copy the backup is still running: it isn't."""
    row = Backup.get_or_none(Backup.name == facts.name)
    if row is None:
        return
    row.try_move(BackupState.DONE, **_columns(archive, facts))
    job = Job.of(STAGE, row.id)
    if job is not None:
        job.try_move(JobState.DONE, finished_at=facts.finished_at, progress=1, lease_until=None)


def _add_unknown(archive: Archive) -> None:
    """Add the rows of backups that were made later, or by another machine."""
    known = {row.name for row in Backup.select(Backup.name)}
    for name in archive.names():
        if name not in known:
            try:
                facts = archive.facts(name)
            except (DamagedError, KeyMissingError) as error:
                log.warning("backup_unreadable", backup=name, reason=str(error))
                continue
            Backup.create(
                name=name,
                by=STORYMILL,
                created_at=taken_at(name),
                state=BackupState.DONE,
                **_columns(archive, facts),
            )


def _columns(archive: Archive, facts: Facts) -> dict[str, object]:
    verdict = archive.verdict(facts.name)
    if verdict is None:
        return columns(facts)
    verified_at = verdict.at if verdict.good else None
    return columns(facts) | {"error": verdict.sentence, "verified_at": verified_at}


def _paused(facts: Facts, by: str) -> list[int]:
    due = (
        Post.select(Post.account)
        .join(Account)
        .where(
            Post.state == PostState.PLANNED,
            Post.scheduled_at <= now(),
            Account.state != AccountState.DISCONNECTED,
        )
        .distinct()
    )
    reason = (
        f"The record was restored from the backup of {facts.created_at:%Y-%m-%d %H:%M} UTC. Posts "
        "whose time has come may have gone out since: look on TikTok, then resume."
    )
    accounts = [row.account.id for row in due]
    return [each for each in accounts if pause.pause(each, by, reason, cause=PauseCause.PERSON)]
