"""Production progress of stories: their parts, the jobs on each, and what went wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import JOIN

from models import DeadLetter, Job, JobState, Narration, Part, Script, Video
from pipelines import ledger
from pipelines.stages import PART_STAGES, STORY_STAGES

UNFINISHED = frozenset({JobState.WAITING, JobState.RUNNING})
STUCK = frozenset({JobState.DEAD, JobState.PARKED})


@dataclass(frozen=True, slots=True)
class Step:
    """One job and the sentence that explains it."""

    job: Job
    sentence: str
    part: int = 0
    """Number of the job's part; 0 for jobs of the story, or of its only part."""
    letter: int | None = None
    """The job's open failure."""


@dataclass(frozen=True, slots=True)
class VideoCounts:
    """How many of a story's parts have a video, and how many are stuck."""

    parts: int
    finished: int
    stuck: int


def parts_of(story_id: int) -> list[Any]:
    """The parts of a story in order, with their videos if they have any."""
    return list(
        Part.select(
            Part.id,
            Part.number,
            Part.of,
            Video.id.alias("video_id"),
            Video.state.alias("video_state"),
            Video.seconds,
            Narration.id.alias("narration_id"),
        )
        .join(Script)
        .switch(Part)
        .join(Video, JOIN.LEFT_OUTER)
        .switch(Part)
        .join(Narration, JOIN.LEFT_OUTER)
        .where(Script.story == story_id)
        .order_by(Part.number)
        .objects()
    )


def steps(parts: Sequence[Any], story_id: int | None = None) -> list[Step]:
    """The jobs of ``parts`` (with ``id``, ``number`` and ``of``), after those of their story."""
    by_id = {part.id: part for part in parts}
    wanted = Job.stage.in_(PART_STAGES) & Job.subject_id.in_(list(by_id))
    if story_id is not None:
        wanted |= Job.stage.in_(STORY_STAGES) & (Job.subject_id == story_id)
    jobs = list(Job.select().where(wanted))
    letters: Any = DeadLetter.select(DeadLetter.job, DeadLetter.id).where(
        DeadLetter.job.in_([job.id for job in jobs]), DeadLetter.resolved_at.is_null()
    )
    letter_ids = dict(letters.order_by(DeadLetter.id).tuples())
    found = []
    for job in jobs:
        part = by_id[job.subject_id] if job.stage in PART_STAGES else None
        number = part.number if part and part.of > 1 else 0
        found.append(Step(job, ledger.explain(job), number, letter_ids.get(job.id)))
    order = (*STORY_STAGES, *PART_STAGES)
    return sorted(found, key=lambda step: (step.part, order.index(step.job.stage)))


def progress(story_ids: Sequence[int]) -> dict[int, VideoCounts]:
    """Video counts of each story; stories without a script are missing."""
    rows: Any = (
        Part.select(Part.id, Script.story.alias("story_id"), Video.id.alias("video_id"))
        .join(Script)
        .switch(Part)
        .join(Video, JOIN.LEFT_OUTER)
        .where(Script.story.in_(list(story_ids)))
        .objects()
    )
    parts: dict[int, dict[int, bool]] = defaultdict(dict)
    for row in rows:
        parts[row.story_id][row.id] = row.video_id is not None
    unfinished = [
        part_id for of in parts.values() for part_id, has_video in of.items() if not has_video
    ]
    jobs = Job.select(Job.subject_id).where(
        Job.stage.in_(PART_STAGES), Job.subject_id.in_(unfinished), Job.state.in_(STUCK)
    )
    stuck = {job.subject_id for job in jobs}
    return {
        story_id: VideoCounts(len(of), sum(of.values()), len(stuck & of.keys()))
        for story_id, of in parts.items()
    }
