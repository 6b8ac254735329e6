"""What a person does about failed work, and about work that needs a decision.

A failure is a dead letter. What mends it depends on what it is about: a post is restarted and
cancelled by the rules of posts, all other work by its job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.db import transaction
from core.errors import InputError
from models import (
    AuditEntry,
    DeadLetter,
    Part,
    Post,
    PostState,
    Script,
    StaleStateError,
    Story,
    locked,
    shown,
)
from pipelines import ledger, versions
from pipelines.production import part_text
from pipelines.publishing.posts import decisions, post_settings
from pipelines.stages import PART_STAGES, POST_STAGES, STAGES, STORY_STAGES, of_subject
from pipelines.stories import review

STOPPED = frozenset({PostState.PARKED, PostState.FAILED})


def requeue(letter_id: int, by: str, *, seconds: int = 0) -> None:
    """Do the failed work again; all failures of the same job or post are resolved.

    Args:
        letter_id: the dead letter.
        by: who decides.
        seconds: how long the work waits first, so that this can be undone before it begins.

    Raises:
        InputError: there is no such failure, its job was deleted, or the work can't be restarted.
        StaleStateError: it is already resolved.
    """
    with transaction():
        letter = _open(letter_id)
        if letter.job is None:
            raise InputError("Its job was deleted, so it can't be retried. Discard the failure.")
        post_id = _stopped_post(letter)
        if post_id is not None:
            post_settings.requeue(post_id, by, seconds=seconds)
        else:
            ledger.requeue(letter.job.id, seconds=seconds)
        _audit("failure.requeue", letter, by)


def discard(letter_id: int, by: str) -> None:
    """The work is not needed: its job is cancelled, and so is its post if it has stopped.

    Raises:
        InputError: there is no such failure.
        StaleStateError: it is already resolved.
    """
    with transaction():
        letter = _open(letter_id)
        post_id = _stopped_post(letter)
        if post_id is not None:
            decisions.cancel(post_id, by, "Its failure was discarded.")
        ledger.discard(letter_id)
        _audit("failure.discard", letter, by)


def repair_post(
    letter_id: int,
    by: str,
    title: str,
    options: Mapping[str, Any],
    *,
    seen: str = "",
    seconds: int = 0,
) -> None:
    """Change the post of a failure, and retry it.

    Raises:
        InputError: the title or an option can't be used, or the post can no longer be changed.
        SavedMeanwhileError: it is another version than ``seen`` by now.
        StaleStateError: the failure is already resolved.
    """
    with transaction():
        post_id = _subject(letter_id)
        ledger.lock_jobs((POST_STAGES, (post_id,)))
        _check(seen, letter_id, f"post {post_id}")
        post_settings.set_title(post_id, title, by)
        post_settings.set_options(post_id, by, options)
        requeue(letter_id, by, seconds=seconds)


def repair_story(
    letter_id: int,
    by: str,
    title: str,
    text: str,
    voice: str,
    *,
    seen: str = "",
    seconds: int = 0,
) -> None:
    """Change the text or the voice of the story of a failure, and retry it.

    Raises:
        InputError: the text can't be narrated, or the story can no longer be changed.
        SavedMeanwhileError: it is another version than ``seen`` by now.
        StaleStateError: the failure is already resolved.
    """
    with transaction():
        story_id = _subject(letter_id)
        ledger.lock_jobs((STORY_STAGES, (story_id,)))
        list(locked(Story.select(Story.id).where(Story.id == story_id)))
        _check(seen, letter_id, f"story {story_id}")
        review.edit(story_id, by, title, text)
        part_text.set_voice(story_id, by, voice)
        requeue(letter_id, by, seconds=seconds)


def repair_part(
    letter_id: int,
    by: str,
    words: part_text.PartWords,
    voice: str,
    *,
    seen: str = "",
    seconds: int = 0,
) -> None:
    """Change the words of the part of a failure, or its story's voice, and make the part again.

    Raises:
        InputError: the text can't be narrated, or the part can no longer be changed.
        SavedMeanwhileError: it is another version than ``seen`` by now.
        StaleStateError: the failure is already resolved.
    """
    with transaction():
        part_id = _subject(letter_id)
        ledger.lock_jobs((PART_STAGES, (part_id,)))
        story_id = Script.select(Script.story).join(Part).where(Part.id == part_id).scalar()
        list(locked(Story.select(Story.id).where(Story.id == story_id)))
        _check(seen, letter_id, f"part {part_id}", f"story {story_id}")
        part_text.set_voice(story_id, by, voice)
        part_text.edit(part_id, by, words)
        part_text.restart(part_id, seconds=seconds)
        AuditEntry.create(actor=by, action="failure.requeue", subject=f"failure {letter_id}")


def editable(letter_id: int) -> dict[str, Any]:
    """What a repair may change of a failure's post, story or part, by column."""
    letter = DeadLetter.get_or_none(DeadLetter.id == letter_id)
    if letter is None or letter.subject_id is None or letter.stage not in STAGES:
        return {}
    table, columns = _REPAIRED.get(STAGES[letter.stage].subject, (None, ()))
    if table is None:
        return {}
    row = table.select(*(getattr(table, name) for name in columns))
    values: dict[str, Any] = row.where(table.id == letter.subject_id).dicts().first() or {}
    if table is Part and values:
        values |= {"voice": _story_of(letter.subject_id).voice}
    return values


def version_of(letter_id: int) -> str:
    """The version of what a repair may change; a form sends it back as ``seen``."""
    return versions.of(editable(letter_id))


def _check(seen: str, letter_id: int, *subjects: str) -> None:
    """Raises SavedMeanwhileError; the caller has locked what a repair may change."""
    versions.check(seen, version_of(letter_id), *subjects, actions=_EDITS)


_EDITS = ("post.set_title", "post.set_options", "story.edit", "story.voice", "part.edit")
"""What else changes what a repair may change, as the audit log calls it."""


def take_back_repair(
    letter_id: int,
    by: str,
    values: Mapping[str, Any],
    post: decisions.Stopped | None,
    done: Mapping[str, str],
) -> None:
    """Undo a repair whose work has not begun: the failure is open, with the values of before.

    Args:
        letter_id: the dead letter.
        by: who undoes it.
        values: as ``editable`` gave them before the repair.
        post: how its post had stopped, if it is about one.
        done: as ``finished`` gave it before.

    Raises:
        StaleStateError: the work has begun again, or was decided on since.
    """
    with transaction():
        letter: Any = DeadLetter.get_by_id(letter_id)
        subject_id = letter.subject_id
        table, columns = _REPAIRED[STAGES[letter.stage].subject]
        if table is Part:
            part_text.take_back_restart(subject_id, done)
            part_text.set_voice(_story_of(subject_id).id, by, values["voice"])
        restore(letter_id, by, post, done)
        changes = {name: values[name] for name in columns}
        table.update(**changes).where(table.id == subject_id).execute()


def _story_of(part_id: int) -> Story:
    part = Part.select(Part.script).where(Part.id == part_id)
    story: Story = Story.select().join(Script).where(Script.id.in_(part)).get()
    return story


_REPAIRED: dict[str, tuple[Any, tuple[str, ...]]] = {
    "Post": (Post, ("title", "options")),
    "Story": (
        Story,
        ("narratable_title", "narratable_text", "words", "language", "answers", "voice"),
    ),
    "Part": (Part, ("hook", "text", "call_to_action", "answers")),
}
"""By a stage's subject: its table, and the columns that a repair may change."""


def restore(
    letter_id: int, by: str, post: decisions.Stopped | None, done: Mapping[str, str]
) -> None:
    """Undo ``requeue`` or ``discard``: the failure is open again.

    Args:
        letter_id: the dead letter.
        by: who undoes it.
        post: how its post had stopped, if it is about one.
        done: as ``finished`` gave it before.

    Raises:
        StaleStateError: the work has begun again, or was decided on since.
    """
    with transaction():
        letter = DeadLetter.get_or_none(DeadLetter.id == letter_id)
        if letter is None:
            raise StaleStateError(f"There is no failure {letter_id} any longer.")
        if post is None or letter.subject_id is None:
            ledger.restore(letter_id)
        elif letter.resolution == "discarded":
            decisions.restore(letter.subject_id, by, post.state, post.reason)
        else:
            decisions.take_back_retry(letter.subject_id, by, post, done)
        _audit("failure.restore", letter, by)


def finished(letter_id: int) -> dict[str, str]:
    """The finished jobs of what a failure is about, as ``ledger.done`` gives them."""
    letter = DeadLetter.get_or_none(DeadLetter.id == letter_id)
    if letter is None or letter.subject_id is None or letter.stage not in STAGES:
        return {}
    return ledger.done(of_subject(STAGES[letter.stage].subject), letter.subject_id)


def of_post(letter: DeadLetter) -> decisions.Stopped | None:
    """How the post of a failure has stopped; None if it has not, or the failure is about none."""
    post_id = letter.subject_id if letter.stage in POST_STAGES else None
    return stopped(post_id) if post_id is not None else None


def stopped(post_id: int) -> decisions.Stopped | None:
    """How a post has stopped; None if it has not."""
    return decisions.stopped(post_id, STOPPED)


def _stopped_post(letter: DeadLetter) -> int | None:
    return letter.subject_id if of_post(letter) is not None else None


def _subject(letter_id: int) -> int:
    letter = _open(letter_id)
    if letter.job is None or letter.subject_id is None:
        raise InputError("Its job was deleted, so it can't be retried. Discard the failure.")
    return int(letter.subject_id)


def _open(letter_id: int) -> DeadLetter:
    letter: DeadLetter | None = DeadLetter.get_or_none(DeadLetter.id == letter_id)
    if letter is None:
        raise InputError(f"There is no failure {letter_id}.")
    if letter.resolved_at is not None:
        raise StaleStateError(f"Failure {letter_id} was already {shown(letter.resolution)}.")
    return letter


def _audit(action: str, letter: DeadLetter, by: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"failure {letter.id}")
