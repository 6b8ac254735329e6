"""Undoes what a person has decided, if nobody has changed it since.

Each action has a function that reads the facts that it changes, and an inverse. A decision is
stored with the facts before and after it; it is undone only where the facts are still those after.
The inverses check states like every other decision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from core.db import transaction
from core.errors import InputError, StorymillError
from models import (
    Account,
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
from pipelines import failures, handover
from pipelines.overtaken import OvertakenError
from pipelines.production import video_review
from pipelines.publishing.accounts import groups, weekly_times
from pipelines.publishing.accounts import pause as pausing
from pipelines.publishing.posts import decisions, removal
from pipelines.publishing.scheduling import pins
from pipelines.stories import review

KEPT = timedelta(days=1)

Facts = dict[str, Any]
Change = tuple[int, Facts, Facts]
"""A row's id, its facts before, and after."""


class Decided(NamedTuple):
    ids: list[int]
    refused: list[tuple[int, str]]
    """Ids of rows that stay, each with a sentence that says why."""
    overtaken: list[OvertakenError]
    """What somebody else has decided already."""
    undo_id: int | None
    """For ``undo``; None if nothing was decided."""


class Undone(NamedTuple):
    action: str
    ids: list[int]
    refused: list[tuple[int, str]]
    """Ids of rows that stay, each with a sentence that says why."""


def decide(by: str, action: str, ids: Sequence[int], act: Callable[[int], object]) -> Decided:
    """Apply a decision to each row, so that ``by`` can undo all of it at once.

    Args:
        by: who decides.
        action: of ``ACTIONS``.
        ids: the rows; one that is refused stops no other.
        act: the decision.
    """
    changes, refused, late = list[Change](), list[tuple[int, str]](), list[OvertakenError]()
    for row_id in ids:
        try:
            changes.append(noted(action, row_id, act))
        except OvertakenError as error:
            late.append(error)
        except StorymillError as error:
            refused.append((row_id, str(error)))
    undo_id = remember(by, action, changes) if changes else None
    return Decided([row_id for row_id, *_ in changes], refused, late, undo_id)


def facts(action: str, row_id: int) -> Facts:
    """What ``action`` changes in a row; empty if there is no such row."""
    return ACTIONS[action].facts(row_id)


def noted(action: str, row_id: int, act: Callable[[int], object]) -> Change:
    """Call ``act`` for the row; what to ``remember`` of it, to undo it."""
    with transaction():
        before = facts(action, row_id) | ACTIONS[action].more(row_id)
        act(row_id)
        return row_id, before, facts(action, row_id)


def remember(by: str, action: str, changes: list[Change]) -> int:
    """Store what ``by`` has just done; returns the id for ``undo``."""
    Undo.delete().where(Undo.created_at < now() - KEPT).execute()
    return int(Undo.create(by=by, action=action, changes=changes).id)


def of_person(by: str | None, most: int) -> list[Undo]:
    """The newest decisions that ``by`` may undo, or of everybody; at most so many."""
    kept = Undo.select().where(Undo.created_at >= now() - KEPT)
    own = kept.where(Undo.by == by) if by is not None else kept
    return list(own.order_by(Undo.id.desc()).limit(most))


def undo(undo_id: int, by: str, *, of_anybody: bool = False) -> Undone:
    """Undo a person's own decision, row by row; a row that can't be undone stops no other.

    Args:
        undo_id: the decision.
        by: who undoes it.
        of_anybody: also a decision of somebody else.

    Raises:
        InputError: it was undone already, is more than a day old, or is somebody else's.
    """
    with transaction():
        kept = (Undo.id == undo_id, Undo.created_at >= now() - KEPT)
        stored = Undo.get_or_none(*kept)
        theirs = stored is not None and not of_anybody and stored.by != by
        if stored is None or theirs or not stored.delete_instance():
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


def _of_reconsidered(story_id: int) -> Facts:
    story = Story.get_or_none(Story.id == story_id)
    if story is None:
        return {}
    return {"state": story.state, "reason": story.reason, "by": story.decided_by}


def _of_failure(letter_id: int) -> Facts:
    """Its post moves on by itself once it is retried."""
    letter = DeadLetter.get_or_none(DeadLetter.id == letter_id)
    if letter is None:
        return {}
    post = failures.of_post(letter) if letter.resolved_at is None else None
    return {"resolution": letter.resolution, "post": list(post) if post else None}


def _of_stopped(post_id: int) -> Facts:
    """A retried post moves on by itself."""
    post = failures.stopped(post_id)
    return {"stopped": list(post) if post else None}


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


def _reject_again(story_id: int, before: Facts, by: str) -> None:
    review.reconsider_no_longer(
        story_id, by, before["state"], before["reason"], decided_by=before["by"]
    )


def _restore_failure(letter_id: int, before: Facts, by: str) -> None:
    post = decisions.Stopped(*before["post"]) if before["post"] else None
    failures.restore(letter_id, by, post)


def _take_back_retry(post_id: int, before: Facts, by: str) -> None:
    if before["stopped"] is None:
        raise InputError("It was already on its way.")
    decisions.take_back_retry(post_id, by, decisions.Stopped(*before["stopped"]))


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


def _restore_post(post_id: int, before: Facts, by: str) -> None:
    if before["state"] not in {PostState.PLANNED, PostState.PARKED, PostState.FAILED}:
        raise InputError("It was already being posted, or with a person.")
    decisions.restore(post_id, by, before["state"], before["reason"])


def _of_move(post_id: int) -> Facts:
    post: Any = Post.get_or_none(Post.id == post_id)
    return _of_post(post_id) | {"account": post.account_id} if post else {}


def _queued_at(post_id: int) -> Facts:
    """Its time in the queue, which moves by itself."""
    return {"time": _written(Post.get_by_id(post_id).scheduled_at)}


def _move_back(post_id: int, before: Facts, by: str) -> None:
    account, time = before["account"], before["time"]
    if before["pinned"] is None:
        near = datetime.fromisoformat(time) if time else None
        pins.unpin(post_id, by, account_id=account, near=near)
    else:
        pins.pin(post_id, datetime.fromisoformat(before["pinned"]), by, account_id=account)


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


class Action(NamedTuple):
    facts: Callable[[int], Facts]
    inverse: Callable[[int, Facts, str], object]
    """Called with the row's id, what ``noted`` kept of before, and who undoes it."""
    more: Callable[[int], Facts] = lambda _: {}
    """What the inverse needs to know besides, and what may change by itself meanwhile."""


ACTIONS = {
    "story.approve": Action(_of_story, lambda row, _, by: handover.withdraw(row, by)),
    "story.reject": Action(_of_story, lambda row, _, by: review.take_back_rejection(row, by)),
    "story.stop": Action(_of_story, lambda row, _, by: handover.resume(row, by)),
    "story.reconsider": Action(_of_reconsidered, _reject_again),
    "video.approve": Action(_of_video, lambda row, _, by: handover.withdraw_video(row, by)),
    "video.reject": Action(_of_video, lambda row, _, by: video_review.reconsider(row, by)),
    "failure.requeue": Action(_of_failure, _restore_failure),
    "failure.discard": Action(_of_failure, _restore_failure),
    "post.requeue": Action(_of_stopped, _take_back_retry),
    "post.cancel": Action(_of_post, _restore_post),
    "post.fill": Action(_of_move, lambda row, _, by: removal.take_back(row, by)),
    "post.move": Action(_of_move, _move_back, _queued_at),
    "account.pause": Action(_of_pause, _pause_or_resume),
    "account.resume": Action(_of_pause, _pause_or_resume),
    "account.times": Action(weekly_times.facts, weekly_times.restore),
    "account.groups": Action(_of_groups, _regroup),
}
