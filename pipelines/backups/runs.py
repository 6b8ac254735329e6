"""Backups as rows: asked for by a person or by the clock, made once, and how they ended."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from adapters.ports import Progress
from core import db
from core.db import transaction
from core.errors import InputError, Permanent, Retryable, StorymillError
from core.log import storable
from models import AuditEntry, Backup, BackupState, Job, JobState, now
from pipelines import ledger
from pipelines.backups import check, retention
from pipelines.backups.archive import Facts
from pipelines.backups.check import NotTestedError
from pipelines.backups.setup import BackupSetup
from pipelines.backups.take import alone, new_name, take
from pipelines.ledger import Claim

log = structlog.get_logger(__name__)

STORYMILL = "storymill"
"""Who makes the nightly backups."""
STAGE = "backup"
UNFINISHED = (BackupState.WAITING, BackupState.RUNNING)
OPEN = (JobState.WAITING, JobState.RUNNING)
CANCELLED = "Its job was cancelled."
INTERRUPTED = "It was interrupted: its process was stopped or killed."
OFF = "No folder for backups is set: set BACKUP_DIR."
_TAKING = 0.6
"""Share of the work until a backup is taken; the rest is its test."""


# ── asking for one ───────────────────────────────────────────────────────────────────────────


def ask(by: str, *, enabled: bool) -> Backup:
    """A person wants a backup now; a worker makes it.

    Raises:
        InputError: backups are off, or one is being made.
    """
    if not enabled:
        raise InputError(OFF)
    with transaction():
        if Job.select().where(Job.stage == STAGE, Job.state.in_(OPEN)).exists():
            raise InputError("A backup is being made already: wait for its end.")
        AuditEntry.create(actor=by, action="backup.ask", subject="backup")
        row = Backup.create(by=by)
        ledger.enqueue(STAGE, row.id)
    return row


def ask_nightly(at: time, zone: ZoneInfo) -> bool:
    """Ask for the nightly backup if its time has come and nobody has; True if this call did.

    Its time is unique in the table, so it is made once by however many schedulers, and one that
    was missed is made up for once.
    """
    due_at = last_time(at, zone, now())
    with transaction():
        row = (
            Backup.insert(by=STORYMILL, due_at=due_at)
            .on_conflict_ignore()
            .returning(Backup.id)
            .tuples()
            .execute()
        )
        for (row_id,) in row:
            ledger.enqueue(STAGE, row_id)
            return True
    return False


def last_time(at: time, zone: ZoneInfo, moment: datetime) -> datetime:
    """The last time that the clock in ``zone`` showed ``at``, not after ``moment``."""
    local = moment.astimezone(zone)
    today = datetime.combine(local.date(), at, zone)
    if today <= moment:
        return today
    return datetime.combine(local.date() - timedelta(days=1), at, zone)


# ── making one ───────────────────────────────────────────────────────────────────────────────


def back_up(backup_id: int, claim: Claim, setup: BackupSetup | None) -> None:
    """Stage "backup".

    Raises:
        Retryable: PostgreSQL, a file or the place was in the way, or the backup is not good.
        Permanent: backups are off, or no fitting pg_dump is installed.
        Wait: another backup is being made.
    """
    row = Backup.get_by_id(backup_id)
    if setup is None:
        row.try_move(BackupState.FAILED, error=OFF, finished_at=now())
        raise Permanent(OFF, code="backups_off")
    with db.closed_for_long_work():
        changes = make(row, setup, claim.progress)
    if not changes["encrypted_with"]:
        log.warning("backup_not_encrypted", backup=row.name, do="set BACKUP_KEY")
    with claim.finish():
        row.move(BackupState.DONE, **changes)


def make(row: Backup, setup: BackupSetup, progress: Progress) -> dict[str, object]:
    """Make the backup of this row, test it, and remove those that are no longer kept.

    Returns:
        what the row has to say of it. If it fails, the row says why.
    """
    with alone(setup.url):
        _clear_up(setup, row)
        with db.session():
            row.move(BackupState.RUNNING, name=new_name(), error="", finished_at=None)
        try:
            changes = _made(row.name, setup, progress)
            removed = retention.thin_out(setup.archive, setup.keep)
        except BaseException as error:
            _failed(row, error)
            raise
        with db.session():
            _mark_removed(removed)
        return changes


def _made(name: str, setup: BackupSetup, progress: Progress) -> dict[str, object]:
    facts, new = take(name, setup, lambda share: progress(share * _TAKING))
    verified_at, problem = None, ""
    try:
        verdict = check.verify(
            facts, setup, lambda share: progress(_TAKING + share * (1 - _TAKING)), only=new
        )
    except NotTestedError as error:
        problem = str(error)
        log.warning("backup_not_tested", backup=name, reason=problem)
    else:
        if not verdict.good:
            raise Retryable(verdict.sentence, code="backup_not_good")
        verified_at = verdict.at
    return columns(facts) | {"verified_at": verified_at, "error": problem}


def columns(facts: Facts) -> dict[str, object]:
    """What a backup's row says of it."""
    return {
        "finished_at": facts.finished_at,
        "database_bytes": facts.database.size,
        "files": facts.files,
        "file_bytes": facts.file_bytes,
        "new_bytes": facts.new_bytes,
        "missing_files": facts.missing_files,
        "encrypted_with": facts.encrypted_with,
    }


def _clear_up(setup: BackupSetup, row: Backup) -> None:
    """What killed processes left: rows that say "running", and pieces of unfinished backups."""
    with db.session():
        for left in Backup.select().where(Backup.state.in_(UNFINISHED), Backup.id != row.id):
            job = Job.of(STAGE, left.id)
            if left.state == BackupState.RUNNING:
                left.try_move(BackupState.FAILED, error=INTERRUPTED, finished_at=now())
            elif job is not None and job.state not in OPEN:
                left.try_move(BackupState.FAILED, error=CANCELLED, finished_at=now())
        if row.state == BackupState.RUNNING:  # an earlier try of the same one
            row.try_move(BackupState.FAILED)
    if unfinished := setup.archive.forget_unfinished():
        log.warning("unfinished_backups_removed", count=unfinished)


def _failed(row: Backup, error: BaseException) -> None:
    known = isinstance(error, StorymillError)
    sentence = (
        storable(str(error)) if known else f"It failed ({type(error).__name__}): see the log."
    )
    if not isinstance(error, Exception):
        sentence = INTERRUPTED
    try:
        with db.session():
            row.try_move(BackupState.FAILED, error=sentence, finished_at=now())
    except db.Unavailable as away:
        # The next backup marks the row as interrupted.
        log.warning("backup_outcome_not_written", reason=str(away).strip())


def _mark_removed(names: list[str]) -> None:
    for row in Backup.select().where(Backup.name.in_(names)):
        row.try_move(BackupState.REMOVED)
