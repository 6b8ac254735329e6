"""For each decision: the facts that it changes, and its inverse.

The inverses check states like every other decision. A decision that was stored before an update may
lack what ``more`` adds now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from core.errors import InputError
from models import (
    Account,
    DeadLetter,
    Job,
    JobState,
    PauseCause,
    Post,
    PostState,
    ScheduledTask,
    Story,
    Video,
)
from pipelines import failures, handover, ledger
from pipelines.production import video_review
from pipelines.publishing.accounts import groups, weekly_times
from pipelines.publishing.accounts import pause as pausing
from pipelines.publishing.posts import decisions, removal
from pipelines.publishing.scheduling import pins
from pipelines.schedules import decisions as schedules
from pipelines.stages import POST_STAGES
from pipelines.stories import review

Facts = dict[str, Any]


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


def _of_repaired(letter_id: int) -> Facts:
    """A failure, and what can be edited of its post, story or part."""
    return _of_failure(letter_id) | {"values": failures.editable(letter_id)}


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


def _to_stop(story_id: int) -> Facts:
    return {"ended": list(handover.to_stop(story_id))}


def _take_back_stop(story_id: int, before: Facts, by: str) -> str:
    ended = handover.Ended(*before.get("ended", ([], [], [])))
    return handover.take_back_stop(story_id, by, ended)


def _reject_again(story_id: int, before: Facts, by: str) -> None:
    review.reconsider_no_longer(
        story_id, by, before["state"], before["reason"], decided_by=before["by"]
    )


def _restore_failure(letter_id: int, before: Facts, by: str) -> None:
    post = decisions.Stopped(*before["post"]) if before["post"] else None
    failures.restore(letter_id, by, post, before.get("done", {}))


def _restore_repaired(letter_id: int, before: Facts, by: str) -> None:
    post = decisions.Stopped(*before["post"]) if before["post"] else None
    failures.take_back_repair(letter_id, by, before["values"], post, before.get("done", {}))


def _of_ended(post_id: int) -> Facts:
    """How a post has ended without being published; one that is posted again moves on by itself."""
    post = decisions.ended(post_id)
    return {"post": list(post) if post else None}


def _end_again(post_id: int, before: Facts, by: str) -> None:
    if before["post"] is None:
        raise InputError("It was already on its way.")
    post = decisions.Stopped(*before["post"])
    if post.state == PostState.CANCELLED:
        decisions.cancel_again(post_id, by, post, before.get("done", {}))
    else:
        decisions.take_back_retry(post_id, by, post, before.get("done", {}))


def _of_job(job_id: int) -> Facts:
    """Whether it is cancelled; other states follow by themselves."""
    state = Job.select(Job.state).where(Job.id == job_id).scalar()
    return {"cancelled": state == JobState.CANCELLED}


def _done_job(job_id: int) -> Facts:
    job = Job.get_or_none(Job.id == job_id)
    return {"done": ledger.done((job.stage,), job.subject_id) if job else {}}


def _done_of_post(post_id: int) -> Facts:
    return {"done": ledger.done(POST_STAGES, post_id)}


def _done_of_failure(letter_id: int) -> Facts:
    return {"done": failures.finished(letter_id)}


def _retry_no_longer(job_id: int, before: Facts, by: str) -> None:
    ledger.take_back_retry(job_id, by, before.get("done", {}))


def _state_of_job(job_id: int) -> Facts:
    return {"state": Job.select(Job.state).where(Job.id == job_id).scalar()}


def _take_back_retry(post_id: int, before: Facts, by: str) -> None:
    if before["stopped"] is None:
        raise InputError("It was already on its way.")
    post = decisions.Stopped(*before["stopped"])
    decisions.take_back_retry(post_id, by, post, before.get("done", {}))


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


def _of_schedule(task_id: int) -> Facts:
    row = ScheduledTask.get_or_none(ScheduledTask.id == task_id)
    if row is None:
        return {}
    return {"since": _written(row.paused_at), "by": row.paused_by, "reason": row.paused_reason}


def _pause_or_resume_schedule(task_id: int, before: Facts, by: str) -> None:
    if before["since"] is None:
        schedules.resume(task_id, by)
    else:
        since = datetime.fromisoformat(before["since"])
        schedules.pause(task_id, before["by"], before["reason"], since=since)


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
    """Called with the row's id, what ``noted`` kept of before, and who undoes it. If it returns a
    sentence, that says what stays as it is although the rest is undone."""
    more: Callable[[int], Facts] = lambda _: {}
    """What the inverse needs to know besides, and what may change by itself meanwhile."""


ACTIONS = {
    "story.approve": Action(_of_story, lambda row, _, by: handover.withdraw(row, by)),
    "story.reject": Action(_of_story, lambda row, _, by: review.take_back_rejection(row, by)),
    "story.stop": Action(_of_story, _take_back_stop, _to_stop),
    "story.reconsider": Action(_of_reconsidered, _reject_again),
    "video.approve": Action(_of_video, lambda row, _, by: handover.withdraw_video(row, by)),
    "video.reject": Action(_of_video, lambda row, _, by: video_review.reconsider(row, by)),
    "failure.requeue": Action(_of_failure, _restore_failure, _done_of_failure),
    "failure.repair": Action(_of_repaired, _restore_repaired, _done_of_failure),
    "failure.discard": Action(_of_failure, _restore_failure),
    "post.requeue": Action(_of_stopped, _take_back_retry, _done_of_post),
    "post.again": Action(_of_ended, _end_again, _done_of_post),
    "job.requeue": Action(_of_job, _retry_no_longer, _done_job),
    "job.cancel": Action(
        _of_job,
        lambda row, before, by: ledger.take_back_cancel(row, before["state"], by),
        _state_of_job,
    ),
    "post.cancel": Action(_of_post, _restore_post),
    "post.fill": Action(_of_move, lambda row, _, by: removal.take_back(row, by)),
    "post.move": Action(_of_move, _move_back, _queued_at),
    "account.pause": Action(_of_pause, _pause_or_resume),
    "account.resume": Action(_of_pause, _pause_or_resume),
    "account.times": Action(weekly_times.facts, weekly_times.restore),
    "account.groups": Action(_of_groups, _regroup),
    "schedule.pause": Action(_of_schedule, _pause_or_resume_schedule),
    "schedule.resume": Action(_of_schedule, _pause_or_resume_schedule),
}
