"""How far the making of stories is: their parts, the work on each, and what went wrong."""

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
    """One job, with the sentence that explains it."""

    job: Job
    sentence: str
    part: int = 0
    """Number of the part that it works on; 0 where it is the story's, or its only part's."""
    letter: int | None = None
    """The open failure that it left."""


@dataclass(frozen=True, slots=True)
class Making:
    """How many of a story's parts have their video, and how many are stuck on the way."""

    parts: int
    made: int
    stuck: int


def parts_of(story_id: int) -> list[Any]:
    """The parts of a story in their order, with what there is of their videos."""
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
    """The work on ``parts``, which have ``id``, ``number`` and ``of``; on their story first."""
    by_id = {part.id: part for part in parts}
    wanted = Job.stage.in_(PART_STAGES) & Job.subject_id.in_(list(by_id))
    if story_id is not None:
        wanted |= Job.stage.in_(STORY_STAGES) & (Job.subject_id == story_id)
    jobs = list(Job.select().where(wanted))
    letters: Any = DeadLetter.select(DeadLetter.job, DeadLetter.id).where(
        DeadLetter.job.in_([job.id for job in jobs]), DeadLetter.resolved_at.is_null()
    )
    left = dict(letters.order_by(DeadLetter.id).tuples())
    found = []
    for job in jobs:
        part = by_id[job.subject_id] if job.stage in PART_STAGES else None
        number = part.number if part and part.of > 1 else 0
        found.append(Step(job, ledger.explain(job), number, left.get(job.id)))
    order = (*STORY_STAGES, *PART_STAGES)
    return sorted(found, key=lambda step: (step.part, order.index(step.job.stage)))


def progress(story_ids: Sequence[int]) -> dict[int, Making]:
    """How far each story's videos are; stories without a script are absent."""
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
    unmade = [number for of in parts.values() for number, made in of.items() if not made]
    jobs = Job.select(Job.subject_id).where(
        Job.stage.in_(PART_STAGES), Job.subject_id.in_(unmade), Job.state.in_(STUCK)
    )
    stuck = {job.subject_id for job in jobs}
    return {
        story_id: Making(len(of), sum(of.values()), len(stuck & of.keys()))
        for story_id, of in parts.items()
    }
