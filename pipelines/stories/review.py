"""A person's decisions on stories before they are produced."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from core.db import transaction
from core.errors import InputError, StorymillError
from models import (
    AuditEntry,
    Job,
    JobState,
    StaleStateError,
    Story,
    StoryState,
    in_state,
    locked,
    now,
)
from pipelines import ledger, overtaken, versions
from pipelines.stages import STORY_STAGES
from pipelines.stories.prepare import narrated
from pipelines.stories.safety import thresholds
from pipelines.stories.text import normalize, story_text
from pipelines.typed_limits import LONGEST_TEXT, LONGEST_TITLE, check_length

UNDECIDED = frozenset({StoryState.WAITING, StoryState.FLAGGED})
"""States in which a story waits for a person's decision."""
DECIDED = frozenset({StoryState.APPROVED, StoryState.SCRIPTED, StoryState.REJECTED})
"""States that follow one."""

_LANGUAGE = re.compile(r"[a-z]{2,3}")


def approve(story_id: int, by: str, reason: str = "", *, seconds: int = 0) -> None:
    """Approve a story for production; a flagged story needs a reason.

    Args:
        story_id: the story.
        by: who approves it.
        reason: why, if it is flagged.
        seconds: how long its work waits, so that the approval can be undone before anything starts.

    Raises:
        InputError: there is no such story, or a flagged story has no reason.
        OvertakenError: somebody has already decided.
        StaleStateError: it does not wait for a decision.
    """
    with transaction():
        story = _undecided(story_id, by)
        if story.state == StoryState.FLAGGED and not reason.strip():
            raise InputError("This story is flagged: give a reason to approve it.", field="reason")
        flagged = story.state == StoryState.FLAGGED
        story.move(StoryState.APPROVED, decided_by=by, decided_at=now(), reason=reason)
        if flagged:
            thresholds.overrule(story, by, reason)
        _audit(by, "story.approve", story, reason)
        prepared = Job.of("prepare", story.id)
        request_id = prepared.request_id if prepared else ""
        due_at = now() + timedelta(seconds=seconds) if seconds else None
        waits_for = "time to undo the approval" if seconds else ""
        ledger.enqueue(
            "script", story.id, request_id=request_id, due_at=due_at, waits_for=waits_for
        )


def reject(story_id: int, by: str, reason: str) -> None:
    """Reject a story that waits for a decision.

    Raises:
        InputError: there is no such story, or no reason.
        OvertakenError: somebody has already decided.
        StaleStateError: it does not wait for a decision.
    """
    if not reason.strip():
        raise InputError(
            "Give a reason for rejecting the story: the next person needs to know.", field="reason"
        )
    with transaction():
        story = _undecided(story_id, by)
        story.move(StoryState.REJECTED, decided_by=by, decided_at=now(), reason=reason)
        _audit(by, "story.reject", story, reason)


def take_back_rejection(story_id: int, by: str) -> None:
    """Undo a rejection: the story waits for review as before.

    Raises:
        InputError: there is no such story.
        StaleStateError: it is no longer rejected.
    """
    with transaction():
        story = locked(Story.select().where(Story.id == story_id)).first()
        if story is None:
            raise InputError(f"There is no story {story_id}.")
        if story.state != StoryState.REJECTED:
            raise StaleStateError(f"This story {in_state(story.state)}: it is not rejected.")
        wait_again(story, by, "story.take_back_rejection")


def wait_again(story: Story, by: str, action: str) -> None:
    """A decision is taken back: the story waits for review, flagged if it would be flagged now.

    Inside the caller's transaction.

    Raises:
        StaleStateError: the story's state doesn't allow it.
    """
    state, reason = thresholds.standing(story)
    story.move(state, reason=reason, decided_by="", decided_at=None)
    _audit(by, action, story)


def reconsider(story_id: int, by: str) -> None:
    """Undo a rejection or a skip: the story waits for approval again."""
    with transaction():
        story = _story(story_id)
        if not story.narratable_text:
            title, paragraphs, answers = narrated(story, story.language or "en")
            if not paragraphs:
                raise InputError(
                    "This story has no text that can be narrated: paste a corrected one instead."
                )
            Story.update(
                narratable_title=title,
                narratable_text=story_text.written(paragraphs),
                words=story_text.word_count(paragraphs),
                answers=answers,
            ).where(Story.id == story.id).execute()
        story.move(StoryState.WAITING, reason="", decided_by="", decided_at=None)
        _audit(by, "story.reconsider", story)


def version_of(story: Story) -> str:
    """The version of what ``edit`` changes, for a form that shows it."""
    names = ("narratable_title", "narratable_text", "language")
    return versions.of({name: getattr(story, name) for name in names})


def reconsider_no_longer(story_id: int, by: str, state: str, reason: str, decided_by: str) -> None:
    """Undo ``reconsider``: the story is rejected or skipped as before.

    Args:
        story_id: the story.
        by: who undoes it.
        state: rejected or skipped.
        reason: why it was.
        decided_by: who had rejected it; empty if nobody had.

    Raises:
        InputError: there is no such story.
        StaleStateError: it no longer waits for a decision.
    """
    with transaction():
        story = _story(story_id)
        decided_at = now() if decided_by else None
        story.move(state, reason=reason, decided_by=decided_by, decided_at=decided_at)
        _audit(by, "story.reconsider_no_longer", story, reason)


def edit(
    story_id: int, by: str, title: str, text: str, language: str = "", *, seen: str = ""
) -> None:
    """Replace the text that is narrated; the original stays as it was.

    Typed text is narrated as typed; unchanged text stays. If the language is corrected, text that
    nobody has edited is prepared again in that language.

    Args:
        story_id: a story that waits for a decision.
        by: who edits it.
        title: the new title.
        text: the new text, with answers marked as in ``story_text``.
        language: code of the language, if it was detected wrongly; empty leaves it.
        seen: the version that the form began with, if any.

    Raises:
        InputError: no text is left to narrate, there is no such answer, the language is not a
            code, or the story is not waiting for a decision.
        OvertakenError: somebody has decided on it.
        SavedMeanwhileError: it is another version by now.
    """
    if language and not _LANGUAGE.fullmatch(language):
        raise InputError("The language must be a code like en or de.", field="language")
    check_length(title, LONGEST_TITLE, "title")
    check_length(text, LONGEST_TEXT, "text")
    with transaction():
        story = _story(story_id, lock=True)
        if not may_be_edited(story):
            if story.state in DECIDED:
                overtaken.check("story", story_id, by)
            raise InputError(
                f"This story {in_state(story.state)}: only waiting and flagged ones can be edited."
            )
        versions.check(seen, version_of(story), f"story {story.id}")
        code = language or story.language or "en"
        paragraphs = story_text.edited(text, code, len(story.answers), before=story.narratable_text)
        if title.strip() == story.narratable_title:
            title = story.narratable_title
        else:
            title = normalize.typed_title(title, code)
        answers = story.answers
        if story.language and code != story.language:
            before, corrected = narrated(story, story.language), narrated(story, code)
            title = corrected[0] if title == before[0] else title
            if paragraphs == before[1]:
                _, paragraphs, answers = corrected
        if not paragraphs:
            raise InputError("The text has no words that can be narrated.", field="text")
        included = {paragraph.answer for paragraph in paragraphs}
        out = f"Left out by {by}."
        changes = {
            "narratable_title": title,
            "narratable_text": story_text.written(paragraphs),
            "words": story_text.word_count(paragraphs),
            "language": language or story.language,
            "answers": [
                {**row, "left_out": "" if number in included else row.get("left_out") or out}
                for number, row in enumerate(answers, 1)
            ],
        }
        if all(getattr(story, name) == value for name, value in changes.items()):
            return
        unchanged = (Story.id == story.id, Story.state == story.state)
        if not Story.update(**changes).where(*unchanged).execute():
            raise StaleStateError("Somebody decided on this story meanwhile: reload the page.")
        _audit(by, "story.edit", story)


def may_be_edited(story: Story) -> bool:
    """Whether it waits for a decision, or is approved but the writing of its script has stopped."""
    if story.state != StoryState.APPROVED:
        return story.state in UNDECIDED
    job = Job.of("script", story.id)
    return job is not None and job.state in {JobState.DEAD, JobState.PARKED}


def in_bulk(story_ids: list[int], decide: Callable[[int], None]) -> tuple[int, list[str]]:
    """Decide each story on its own; returns how many succeeded, and a sentence for each failure."""
    done, refused = 0, []
    for story_id in story_ids:
        try:
            decide(story_id)
        except StorymillError as error:
            refused.append(f"Story {story_id}: {error}")
        else:
            done += 1
    return done, refused


def _undecided(story_id: int, by: str) -> Story:
    """The story, locked like its jobs; raises OvertakenError if a person has decided on it."""
    ledger.lock_jobs((STORY_STAGES, (story_id,)))
    story = _story(story_id, lock=True)
    if story.state in DECIDED:
        overtaken.check("story", story_id, by)
    return story


def _story(story_id: int, *, lock: bool = False) -> Story:
    query = Story.select().where(Story.id == story_id)
    story: Story | None = (locked(query) if lock else query).first()
    if story is None:
        raise InputError(f"There is no story {story_id}.")
    return story


def _audit(by: str, action: str, story: Story, reason: str = "") -> None:
    AuditEntry.create(actor=by, action=action, subject=f"story {story.id}", reason=reason)
