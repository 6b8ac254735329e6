"""A person corrects the words or the voice of a part that could not be made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from core.db import transaction
from core.errors import InputError
from models import (
    AuditEntry,
    Job,
    JobState,
    Part,
    Post,
    Script,
    StaleStateError,
    Story,
    Video,
    in_state,
    locked,
    now,
)
from pipelines import ledger
from pipelines.production.video_review import OUT
from pipelines.stages import PART_STAGES
from pipelines.stories.text import normalize


@dataclass(frozen=True, slots=True)
class PartWords:
    """What is said before a part's text, the text, and what is said after it."""

    hook: str
    text: str
    call_to_action: str


def edit(part_id: int, by: str, words: PartWords) -> None:
    """Replace a part's words; typed words are narrated as typed, unchanged ones stay.

    The caller restarts the part from its narration.

    Args:
        part_id: the part; none of its jobs runs or waits.
        by: who edits it.
        words: the new words.

    Raises:
        InputError: there is no such part, it has no words left, it is being made, or it is posted.
    """
    with transaction():
        jobs = ledger.lock_jobs((PART_STAGES, (part_id,)))
        part = Part.get_or_none(Part.id == part_id)
        if part is None:
            raise InputError("This part was removed: the approval of its story was undone.")
        if any(job.state in {JobState.WAITING, JobState.RUNNING} for job in jobs):
            raise InputError("This part is being produced: wait until that ends.")
        list(locked(Script.select(Script.id).where(Script.id == part.script)))
        videos = Video.select(Video.id).where(Video.part == part_id)
        if Post.select().where(Post.video.in_(videos), Post.state.in_(OUT)).exists():
            raise InputError("This part can't be changed: it is being posted or is posted.")
        language = part.script.story.language or "en"
        changed = {
            "hook": _said(words.hook, part.hook, language),
            "text": _said(words.text, part.text, language),
            "call_to_action": _said(words.call_to_action, part.call_to_action, language),
        }
        if not changed["text"]:
            raise InputError("The text has no words that can be narrated.")
        if all(getattr(part, name) == value for name, value in changed.items()):
            return
        answers = _moved(part.answers, part.text.split(), changed["text"].split())
        Part.update(**changed, answers=answers).where(Part.id == part_id).execute()
        AuditEntry.create(actor=by, action="part.edit", subject=f"part {part_id}")


def set_voice(story_id: int, by: str, voice: str) -> None:
    """The voice that tells the story instead of its channel's; empty for the channel's."""
    with transaction():
        changed = Story.update(voice=voice).where(Story.id == story_id, Story.voice != voice)
        if changed.execute():
            AuditEntry.create(
                actor=by, action="story.voice", subject=f"story {story_id}", reason=voice
            )


def restart(part_id: int, *, seconds: int = 0) -> None:
    """Make a part again from its narration; what is still the same comes from its content keys."""
    with transaction():
        ledger.lock_jobs((PART_STAGES, (part_id,)))
        for job in Job.select().where(Job.stage.in_(PART_STAGES), Job.subject_id == part_id):
            ledger.resolve_dead_letters(job.id, "requeued")
            job.try_move(JobState.CANCELLED)
        ledger.enqueue(PART_STAGES[0], part_id)
        ledger.hold(PART_STAGES, part_id, seconds, "time to undo the retry")


def take_back_restart(part_id: int, done: Mapping[str, str]) -> None:
    """Undo ``restart`` before its work begins; the caller reopens the failure.

    Args:
        part_id: the part.
        done: as ``ledger.done`` gave it before.

    Raises:
        StaleStateError: it has begun.
    """
    with transaction():
        for job in ledger.lock_jobs((PART_STAGES, (part_id,))):
            if job.state == JobState.RUNNING or (job.state == JobState.WAITING and job.attempts):
                raise StaleStateError(
                    f"Its work has begun: the {job.stage} job {in_state(job.state)}."
                )
            if job.state == JobState.WAITING:
                job.move(JobState.CANCELLED, finished_at=now())
        ledger.done_again(done)


def _said(typed: str, before: str, language: str) -> str:
    """Paragraphs as they are stored: sentences in a line, an empty line between paragraphs."""
    blocks = [" ".join(block.split()) for block in re.split(r"\n\s*\n", typed.strip())]
    known = {" ".join(block.split()): block for block in before.split("\n\n")}
    said = (known.get(block) or " ".join(normalize.typed(block, language)) for block in blocks)
    return "\n\n".join(block for block in said if block)


def _moved(
    answers: Sequence[Sequence[int]], before: list[str], after: list[str]
) -> list[list[int]]:
    """Where answers start in changed words: at the first word of theirs that is left."""
    places: dict[int, int] = {}
    for old, new, size in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_matching_blocks():
        places |= {old + step: new + step for step in range(size)}
    starts = [start for start, _ in answers]
    moved = []
    for (start, answer), end in zip(answers, [*starts, len(before)][1:], strict=True):
        left = next((places[word] for word in range(start, end) if word in places), None)
        if left is not None:
            moved.append([left, answer])
    return moved
