"""A person decides on stories before anything is made of them."""

from __future__ import annotations

import re
from collections.abc import Callable

from core.db import transaction
from core.errors import InputError, StorymillError
from models import (
    AuditEntry,
    Job,
    JobState,
    StaleStateError,
    Story,
    StoryState,
    now,
)
from pipelines import ledger
from pipelines.stories.prepare import narrated
from pipelines.stories.safety import thresholds
from pipelines.stories.text import normalize, story_text

_LANGUAGE = re.compile(r"[a-z]{2,3}")


def approve(story_id: int, by: str, reason: str = "") -> None:
    """Let a story be produced; a flagged one only with a reason.

    Raises:
        InputError: there is no such story, or a flagged one has no reason.
        StaleStateError: somebody decided before.
    """
    with transaction():
        story = _story(story_id)
        if story.state == StoryState.FLAGGED and not reason.strip():
            raise InputError("This story is flagged: say why it may go out all the same.")
        flagged = story.state == StoryState.FLAGGED
        story.move(StoryState.APPROVED, decided_by=by, decided_at=now(), reason=reason)
        if flagged:
            thresholds.overrule(story, by, reason)
        _audit(by, "story.approve", story, reason)
        prepared = Job.of("prepare", story.id)
        request_id = prepared.request_id if prepared else ""
        ledger.enqueue("script", story.id, request_id=request_id)


def reject(story_id: int, by: str, reason: str) -> None:
    """Raises InputError without a reason, StaleStateError when it is past rejecting."""
    if not reason.strip():
        raise InputError("Say why the story is rejected: the next person will want to know.")
    with transaction():
        story = _story(story_id)
        job = Job.of("script", story.id)
        if job is not None:  # first, as the script's own end takes them in this order
            job.try_move(JobState.CANCELLED, finished_at=now(), lease_until=None)
            ledger.resolve_dead_letters(job.id, "rejected")
        story.move(StoryState.REJECTED, decided_by=by, decided_at=now(), reason=reason)
        _audit(by, "story.reject", story, reason)


def reconsider(story_id: int, by: str) -> None:
    """Undo a rejection, or take a skipped story in after all: it waits for approval again."""
    with transaction():
        story = _story(story_id)
        if not story.narratable_text:
            title, paragraphs, answers = narrated(story, story.language or "en")
            if not paragraphs:
                raise InputError("Nothing of this story can be narrated: edit its text first.")
            Story.update(
                narratable_title=title,
                narratable_text=story_text.written(paragraphs),
                words=story_text.word_count(paragraphs),
                answers=answers,
            ).where(Story.id == story.id).execute()
        story.move(StoryState.WAITING, reason="", decided_by="", decided_at=None)
        _audit(by, "story.reconsider", story)


def edit(story_id: int, by: str, title: str, text: str, language: str = "") -> None:
    """Replace what the narrator will say; the original stays as it was.

    What was typed is said as it stands; what was not touched stays as it is. Where the language is
    corrected, what nobody has edited is made narratable anew in that one.

    Args:
        story_id: a story that waits for a decision.
        by: who edits it.
        title: the new title.
        text: the new text, its answers marked as ``told`` marks them.
        language: code of the language, where it was taken for another; empty leaves it.

    Raises:
        InputError: nothing sayable is left, an answer is not on record, the language is no code, or
            the story is in production already.
    """
    if language and not _LANGUAGE.fullmatch(language):
        raise InputError("A language is a code like en or de.")
    with transaction():
        story = _story(story_id)
        if story.state not in {StoryState.WAITING, StoryState.FLAGGED}:
            raise InputError(f"This story is {story.state}: only a waiting one can be edited.")
        code = language or story.language or "en"
        paragraphs = story_text.edited(text, code, len(story.answers), before=story.narratable_text)
        if title.strip() == story.narratable_title:
            title = story.narratable_title
        else:
            title = normalize.typed_title(title, code)
        answers = story.answers
        if story.language and code != story.language:
            before, anew = narrated(story, story.language), narrated(story, code)
            title = anew[0] if title == before[0] else title
            if paragraphs == before[1]:
                _, paragraphs, answers = anew
        if not paragraphs:
            raise InputError("The text has nothing that a narrator could say.")
        kept = {paragraph.answer for paragraph in paragraphs}
        out = f"Left out by {by}."
        changes = {
            "narratable_title": title,
            "narratable_text": story_text.written(paragraphs),
            "words": story_text.word_count(paragraphs),
            "language": language or story.language,
            "answers": [
                {**row, "left_out": "" if number in kept else row.get("left_out") or out}
                for number, row in enumerate(answers, 1)
            ],
        }
        if all(getattr(story, name) == value for name, value in changes.items()):
            return
        alike = (Story.id == story.id, Story.state == story.state)
        if not Story.update(**changes).where(*alike).execute():
            raise StaleStateError("Somebody decided on this story meanwhile: look again.")
        _audit(by, "story.edit", story)


def in_bulk(story_ids: list[int], decide: Callable[[int], None]) -> tuple[int, list[str]]:
    """Decide each on its own: how many went through, and a sentence for each that did not."""
    done, refused = 0, []
    for story_id in story_ids:
        try:
            decide(story_id)
        except StorymillError as error:
            refused.append(f"Story {story_id}: {error}")
        else:
            done += 1
    return done, refused


def _story(story_id: int) -> Story:
    story = Story.get_or_none(Story.id == story_id)
    if story is None:
        raise InputError(f"There is no story {story_id}.")
    return story


def _audit(by: str, action: str, story: Story, reason: str = "") -> None:
    AuditEntry.create(actor=by, action=action, subject=f"story {story.id}", reason=reason)
