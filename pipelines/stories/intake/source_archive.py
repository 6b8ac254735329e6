"""Sources that are no longer wanted: archived, which can be undone, or removed for good.

Either way all stories stay, and so do their videos and posts, with the name, channel and accounts
that the source gave them.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.db import database, transaction
from core.errors import InputError
from core.files.intake_folder import IntakeFolder
from models import AuditEntry, Intake, Job, JobState, Source, SourceKind, Story, StoryState, now
from pipelines import ledger
from pipelines.stories.intake.source_settings import OF_FILES
from pipelines.stories.intake.sources import locked

MOST_COUNTED = 1_000
"""Rows of each kind that are counted; more are as good as many."""
NOT_ARCHIVED = Source.archived_at.is_null()
"""The condition of lists and filters."""


@dataclass(frozen=True, slots=True)
class Stays:
    """What a source has brought, each counted up to ``MOST_COUNTED`` + 1."""

    stories: int
    waiting: int
    """Stories that nobody has decided on."""
    videos: int
    planned: int
    """Posts that are still to go out."""
    fetching: bool


def what_stays(source_id: int) -> Stays:
    """What stays when the source is archived or removed."""
    # In the order of story_newest_of_source, so that nothing else of the table is read.
    first = f"ORDER BY state, id DESC NULLS LAST LIMIT {MOST_COUNTED + 1}"
    stories = f"SELECT 1 FROM story WHERE source_id = %(source)s {first}"
    waiting = " UNION ALL ".join(
        f"(SELECT 1 FROM story WHERE source_id = %(source)s AND state = '{state}' {first})"
        for state in (StoryState.WAITING, StoryState.FLAGGED, StoryState.FETCHED)
    )
    newest = f"SELECT id FROM story WHERE source_id = %(source)s AND state = 'scripted' {first}"
    videos = (
        f"SELECT video.id FROM ({newest}) AS made JOIN script ON script.story_id = made.id "
        "JOIN part ON part.script_id = script.id JOIN video ON video.part_id = part.id "
        f"LIMIT {MOST_COUNTED + 1}"
    )
    planned = (
        "SELECT 1 FROM shown JOIN post ON post.video_id = shown.id "
        f"WHERE post.state = 'planned' LIMIT {MOST_COUNTED + 1}"
    )
    counts = ", ".join(
        f"(SELECT count(*) FROM ({rows}) AS counted)"
        for rows in (stories, waiting, "SELECT 1 FROM shown", planned)
    )
    row: tuple[int, int, int, int] = database.execute_sql(
        f"WITH shown AS MATERIALIZED ({videos}) SELECT {counts}", {"source": source_id}
    ).fetchone()
    job = Job.of("fetch", source_id)
    under_way = job is not None and job.state in {JobState.WAITING, JobState.RUNNING}
    return Stays(*row, under_way)


def archive(source_id: int, by: str) -> Source:
    """Keep the source without fetching it, and leave it out of lists and filters.

    Raises:
        InputError: there is no such source, it is archived already, or pasted stories need it.
    """
    with transaction():
        _stop_fetching(source_id)
        source = _there(source_id)
        if source.archived_at is not None:
            raise InputError(f"{source.name} is archived already.")
        source.archived_at, source.enabled, source.last_error = now(), False, ""
        source.next_fetch_at = None  # its fetch has ended: it is due once it is enabled
        source.save(
            only=[Source.archived_at, Source.enabled, Source.last_error, Source.next_fetch_at]
        )
        _audit(by, "source.archive", source)
    return source


def unarchive(source_id: int, by: str) -> Source:
    """Show the source again. It is fetched again once somebody enables it.

    Raises:
        InputError: there is no such source, or it is not archived.
    """
    with transaction():
        source = _there(source_id)
        if source.archived_at is None:
            raise InputError(f"{source.name} is not archived.")
        source.archived_at = None
        source.save(only=[Source.archived_at])
        _audit(by, "source.unarchive", source)
    return source


def remove(source_id: int, by: str, intake: IntakeFolder | None) -> str:
    """Delete the source with its history and its uploaded files; returns its name.

    If it has stories, its name stays for them, with the settings that they are produced with.
    Without ``intake`` its files stay, for a trial.

    Raises:
        InputError: there is no such source, or pasted stories need it.
    """
    with transaction():
        _stop_fetching(source_id)
        source = _there(source_id)
        name, kind, place = str(source.name), source.kind, str(source.place)
        if Story.select().where(Story.source == source).exists():
            Intake.delete().where(Intake.source == source).execute()
            source.name = f"{name[: Source.name.max_length - 24]} (removed {source.id})"
            source.place, source.address, source.memory = "", None, {}
            source.archived_at, source.removed_at = source.archived_at or now(), now()
            source.enabled, source.last_error, source.next_fetch_at = False, "", None
            source.save()
        else:
            source.delete_instance()
        AuditEntry.create(
            actor=by, action="source.remove", subject=f"source {source_id}", reason=name
        )
    if intake is not None and kind in OF_FILES:
        intake.forget(place)
    return name


def _stop_fetching(source_id: int) -> None:
    """Cancel its fetch, running or waiting. Jobs are locked before the source."""
    for job in ledger.lock_jobs((("fetch",), (source_id,))):
        if job.try_move(JobState.CANCELLED, finished_at=now(), lease_until=None):
            ledger.resolve_dead_letters(job.id, "discarded")


def _there(source_id: int) -> Source:
    source = locked(source_id)
    if source.removed_at is not None:
        raise InputError(f"There is no source {source_id}.")
    if source.kind == SourceKind.PASTE:
        raise InputError(f"{source.name} holds the stories that people paste, so it stays.")
    return source


def _audit(by: str, action: str, source: Source) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"source {source.id}")
