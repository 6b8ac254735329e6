"""Undoes what a person has decided, if nobody has changed it since.

Each action has a function that reads the facts that it changes, and an inverse. A decision is
stored with the facts before and after it; it is undone only where the facts are still those after.
The inverses check states like every other decision.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from core.db import transaction
from core.errors import InputError, StorymillError
from models import (
    Account,
    AuditEntry,
    DeadLetter,
    PauseCause,
    Post,
    PostState,
    StaleStateError,
    Story,
    Undo,
    Video,
    now,
)
from pipelines import handover, ledger
from pipelines.production import video_review
from pipelines.publishing.accounts import groups, weekly_times
from pipelines.publishing.accounts import pause as pausing
from pipelines.publishing.posts import decisions
from pipelines.publishing.scheduling import pins
from pipelines.stories import review

KEPT = timedelta(days=1)

Facts = dict[str, Any]
Change = tuple[int, Facts, Facts]
"""A row's id, its facts before, and after."""


class Undone(NamedTuple):
    action: str
    ids: list[int]
    refused: list[tuple[int, str]]
    """Ids of rows that stay, each with a sentence that says why."""


def facts(action: str, row_id: int) -> Facts:
    """What ``action`` changes in a row; empty if there is no such row."""
    return ACTIONS[action].facts(row_id)


def noted(action: str, row_id: int, act: Callable[[int], object]) -> Change:
    """Call ``act`` for the row; what to ``remember`` of it, to undo it."""
    with transaction():
        before = facts(action, row_id)
        act(row_id)
        return row_id, before, facts(action, row_id)


def remember(by: str, action: str, changes: list[Change]) -> int:
    """Store what ``by`` has just done; returns the id for ``undo``."""
    Undo.delete().where(Undo.created_at < now() - KEPT).execute()
    return int(Undo.create(by=by, action=action, changes=changes).id)


def of_person(by: str, most: int) -> list[Undo]:
    """The newest decisions that ``by`` may undo, at most so many."""
    own = Undo.select().where(Undo.by == by, Undo.created_at >= now() - KEPT)
    return list(own.order_by(Undo.id.desc()).limit(most))


def undo(undo_id: int, by: str) -> Undone:
    """Undo a person's own decision, row by row; a row that can't be undone stops no other.

    Raises:
        InputError: it was undone already, is more than a day old, or is somebody else's.
    """
    with transaction():
        own = (Undo.id == undo_id, Undo.by == by, Undo.created_at >= now() - KEPT)
        stored = Undo.get_or_none(*own)
        if stored is None or not stored.delete_instance():
            raise InputError(
                "This can't be undone: it was undone already, or is more than a day old."
            )
    done, refused = [], []
    for row_id, before, after in stored.changes:
        try:
            with transaction():
                if facts(stored.action, row_id) != after:
                    raise StaleStateError("Somebody has changed it since.")
                ACTIONS[stored.action].inverse(row_id, before, by)
        except StorymillError as error:
            refused.append((row_id, str(error)))
        else:
            done.append(row_id)
    return Undone(stored.action, done, refused)


# ── the facts and inverses of each action ────────────────────────────────────────────────────


def _of_story(story_id: int) -> Facts:
    """Who decided and when. The state changes by itself after an approval."""
    story = Story.get_or_none(Story.id == story_id)
    return {"by": story.decided_by, "at": _written(story.decided_at)} if story else {}


def _of_video(video_id: int) -> Facts:
    video = Video.get_or_none(Video.id == video_id)
    return {"state": video.state, "key": video.key} if video else {}


def _of_failure(letter_id: int) -> Facts:
    letter = DeadLetter.get_or_none(DeadLetter.id == letter_id)
    if letter is None:
        return {}
    return {"resolution": letter.resolution, "job": letter.job.state if letter.job else None}


def _of_post(post_id: int) -> Facts:
    """A queued post's time moves by itself, and so does a scheduled post's reason."""
    post = Post.get_or_none(Post.id == post_id)
    if post is None:
        return {}
    return {
        "state": post.state,
        "reason": "" if post.state == PostState.PLANNED else post.reason,
        "pinned": _written(post.scheduled_at) if post.pinned else None,
    }


def _of_pause(account_id: int) -> Facts:
    columns = (Account.paused_at, Account.paused_reason, Account.paused_cause)
    account = Account.select(*columns).where(Account.id == account_id).first()
    if account is None:
        return {}
    return {
        "since": _written(account.paused_at),
        "reason": account.paused_reason,
        "cause": account.paused_cause,
    }


def _of_groups(account_id: int) -> Facts:
    account = Account.select(Account.groups).where(Account.id == account_id).first()
    return {"groups": account.groups} if account else {}


def _pause_or_resume(account_id: int, before: Facts, by: str) -> None:
    if before["since"] is None:
        pausing.resume(account_id, by)
    else:
        since, cause = datetime.fromisoformat(before["since"]), PauseCause(before["cause"])
        pausing.pause(account_id, by, before["reason"], cause=cause, since=since)


def _regroup(account_id: int, before: Facts, by: str) -> None:
    after = _of_groups(account_id)["groups"]
    groups.change(account_id, by, add=before["groups"], remove=set(after) - set(before["groups"]))


def _restore_failure(letter_id: int, _before: Facts, by: str) -> None:
    ledger.restore(letter_id)
    AuditEntry.create(actor=by, action="failure.restore", subject=f"failure {letter_id}")


def _restore_post(post_id: int, before: Facts, by: str) -> None:
    if before["state"] not in {PostState.PLANNED, PostState.PARKED, PostState.FAILED}:
        raise InputError("It was already being posted, or with a person.")
    decisions.restore(post_id, by, before["state"], before["reason"])


def _move_back(post_id: int, before: Facts, by: str) -> None:
    if before["pinned"] is None:
        pins.unpin(post_id, by)
    else:
        pins.pin(post_id, datetime.fromisoformat(before["pinned"]), by)


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


class Action(NamedTuple):
    facts: Callable[[int], Facts]
    inverse: Callable[[int, Facts, str], object]
    """Called with the row's id, its facts before, and who undoes it."""


ACTIONS = {
    "story.approve": Action(_of_story, lambda row, _, by: handover.withdraw(row, by)),
    "story.reject": Action(_of_story, lambda row, _, by: review.take_back_rejection(row, by)),
    "story.stop": Action(_of_story, lambda row, _, by: handover.resume(row, by)),
    "video.reject": Action(_of_video, lambda row, _, by: video_review.reconsider(row, by)),
    "failure.discard": Action(_of_failure, _restore_failure),
    "post.cancel": Action(_of_post, _restore_post),
    "post.move": Action(_of_post, _move_back),
    "account.pause": Action(_of_pause, _pause_or_resume),
    "account.resume": Action(_of_pause, _pause_or_resume),
    "account.times": Action(weekly_times.facts, weekly_times.restore),
    "account.groups": Action(_of_groups, _regroup),
}
