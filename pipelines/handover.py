"""Connects production and publishing, which don't know each other.

Production ends with "a video is ready". This module then schedules its posts. It also handles what
concerns both, such as stopping a story that is partly produced and partly scheduled.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import ModelSelect

from core.db import transaction
from core.errors import InputError
from models import (
    AuditEntry,
    Job,
    JobState,
    Part,
    Post,
    PostState,
    Script,
    StaleStateError,
    Story,
    StoryState,
    Video,
    VideoState,
    in_state,
    locked,
    now,
)
from pipelines import ledger, overtaken
from pipelines.production import video_review
from pipelines.publishing.posts import decisions, removal
from pipelines.publishing.scheduling import planning
from pipelines.stages import PART_STAGES, POST_STAGES, STORY_STAGES
from pipelines.stories import review
from pipelines.subscriptions import events

OPEN = (JobState.WAITING, JobState.RUNNING)
APPROVED = (StoryState.APPROVED, StoryState.SCRIPTED)
WHY = "The story was stopped."
STOP = "story.stop"


def video_is_ready(video: Video, request_id: str = "") -> None:
    """Schedule the posts of a video that has just become READY, in the caller's transaction.

    Args:
        video: READY.
        request_id: the request that started the work, for the log.
    """
    planning.plan(video, request_id=request_id)
    events.video_ready(video)


def approve_video(video_id: int, by: str, key: str, *, seconds: int = 0) -> None:
    """Approve a finished video; its posts are scheduled in the same transaction.

    Args:
        video_id: the video.
        by: who has watched it.
        key: ``Video.key`` of what the person has watched.
        seconds: how long its posts wait at least, so that the approval can be undone first.

    Raises:
        InputError: there is no such video.
        StaleStateError: somebody has already decided, or it was rendered again meanwhile.
    """
    with transaction():
        video = video_review.approve(video_id, by, key)
        posts = planning.plan(video)
        events.video_ready(video)
        for post in posts if seconds else ():
            ledger.hold(POST_STAGES, post.id, seconds, "time to undo the approval")


def withdraw_video(video_id: int, by: str) -> None:
    """Undo the approval of a video: it waits for review again, and its posts are removed.

    Raises:
        InputError: there is no such video, or one of its posts has begun.
        StaleStateError: it is no longer approved, or it was posted elsewhere meanwhile.
    """
    with transaction():
        posts = Post.select(Post.id).where(Post.video == video_id)
        jobs = ledger.lock_jobs((POST_STAGES, posts))
        video_review.take_back_approval(video_id, by)
        of_posts = Job.select(Job.id).where(Job.stage.in_(POST_STAGES), Job.subject_id.in_(posts))
        if not {job.id for job in of_posts} <= {job.id for job in jobs}:
            raise StaleStateError("A post of this video was planned meanwhile: try again.")
        removal.remove(posts)
        for job in jobs:
            ledger.resolve_dead_letters(job.id, "withdrawn")
            job.delete_instance()  # what it works on is removed


def withdraw(story_id: int, by: str) -> None:
    """Take an approval back whole: the story waits for review again, as if nobody had approved it.

    Its jobs end, also the running ones, and its script, parts, videos and posts are removed. Files
    stay on disk under their content keys, so a second approval uses them again.

    Raises:
        InputError: there is no such story, or one of its posts has begun.
        StaleStateError: it is no longer approved, or one of its videos was approved meanwhile.
    """
    with transaction():
        script, parts, posts = _made_of(story_id)
        jobs = ledger.lock_jobs(
            (STORY_STAGES, (story_id,)), (PART_STAGES, parts), (POST_STAGES, posts)
        )
        story = locked(Story.select().where(Story.id == story_id)).first()
        if story is None:
            raise InputError(f"There is no story {story_id}.")
        if story.state not in APPROVED:
            raise StaleStateError(f"This story {in_state(story.state)}: no approval can be undone.")
        list(locked(script))
        of_posts = Job.select(Job.id).where(Job.stage.in_(POST_STAGES), Job.subject_id.in_(posts))
        if not {job.id for job in of_posts} <= {job.id for job in jobs}:
            raise StaleStateError("A video of this story was approved meanwhile: try again.")
        removal.remove(posts)
        for job in jobs:
            ledger.resolve_dead_letters(job.id, "withdrawn")
            if job.stage in STORY_STAGES:
                job.try_move(JobState.CANCELLED, finished_at=now(), lease_until=None)
            else:
                job.delete_instance()  # what it works on is removed
        Script.delete().where(Script.story == story_id).execute()
        review.wait_again(story, by, "story.withdraw")


def may_be_withdrawn(story: Story) -> bool:
    """Whether ``withdraw`` is still possible."""
    return story.state in APPROVED and not removal.begun(_made_of(story.id)[2]).exists()


class Ended(NamedTuple):
    """What stopping a story ends, by id."""

    jobs: list[int]
    videos: list[int]
    posts: list[int]


def to_stop(story_id: int) -> Ended:
    """What ``stop`` would end; it stays as it is until the caller's transaction ends.

    Raises:
        StaleStateError: somebody approved one of its videos at the same moment.
    """
    with transaction():
        parts = _parts(story_id)
        posts = _planned_posts(parts)
        jobs = ledger.lock_jobs((PART_STAGES, parts), (POST_STAGES, posts))
        list(locked(Script.select(Script.id).where(Script.story == story_id)))
        if _planned_posts(parts) != posts:
            raise StaleStateError("A video of this story was approved meanwhile: try again.")
        at_work = [job.id for job in jobs if job.stage in PART_STAGES and job.state in OPEN]
        videos = Video.select(Video.id).where(
            Video.part.in_(parts), Video.state == VideoState.REVIEW
        )
        return Ended(at_work, [video.id for video in videos.order_by(Video.id)], posts)


def stop(story_id: int, by: str) -> None:
    """Stop work on a story's parts, reject its videos, and cancel posts that haven't started.

    Raises:
        InputError: nothing is left to stop.
        StaleStateError: somebody approved one of its videos at the same moment.
    """
    with transaction():
        ended = to_stop(story_id)
        if not any(ended):
            raise InputError("Nothing is left to stop: its posts are out or being sent.")
        for job in Job.select().where(Job.id.in_(ended.jobs)):
            job.move(JobState.CANCELLED, finished_at=now(), lease_until=None)
        for video_id in ended.videos:
            video_review.reject(video_id, by, WHY)
        for post_id in ended.posts:
            decisions.cancel(post_id, by, WHY)
        AuditEntry.create(actor=by, action=STOP, subject=f"story {story_id}")


def take_back_stop(story_id: int, by: str, ended: Ended) -> str:
    """Undo ``stop``: what it has ended, and nobody has decided on since, is as it was before.

    Args:
        story_id: the story.
        by: who undoes it.
        ended: as ``to_stop`` gave it before.

    Returns:
        which posts stay cancelled and why; empty if none does.

    Raises:
        StaleStateError: nothing is left as it was stopped.
    """
    with transaction():
        parts = _parts(story_id)
        ledger.lock_jobs((PART_STAGES, parts), (POST_STAGES, ended.posts))
        list(locked(Script.select(Script.id).where(Script.story == story_id)))
        jobs = _to_go_on(parts, _untouched(story_id, "job", ended.jobs))
        rejected = Video.select(Video.id).where(
            Video.id.in_(_untouched(story_id, "video", ended.videos)),
            Video.state == VideoState.REJECTED,
        )
        videos = [video.id for video in rejected.order_by(Video.id)]
        cancelled = Post.select(Post.id).where(
            Post.id.in_(_untouched(story_id, "post", ended.posts)),
            Post.state == PostState.CANCELLED,
        )
        posts = [post.id for post in cancelled.order_by(Post.account, Post.id)]
        if not (jobs or videos or posts):
            raise StaleStateError("Somebody has changed it since.")
        for job_id in jobs:
            ledger.requeue(job_id)
        for video_id in videos:
            video_review.reconsider(video_id, by)
        stay = []
        for post_id in posts:
            try:
                decisions.restore(post_id, by, PostState.PLANNED, "")
            except InputError as error:
                stay.append(f"Post {post_id} stays cancelled. {error}")
        AuditEntry.create(actor=by, action="story.take_back_stop", subject=f"story {story_id}")
        return " ".join(stay)


def _untouched(story_id: int, kind: str, ids: list[int]) -> list[int]:
    """Those of the rows that nobody has decided on since the story was stopped."""
    stop = overtaken.newest((STOP,), story_id)
    entries = AuditEntry.select(AuditEntry.subject).where(
        AuditEntry.subject.in_([f"{kind} {row_id}" for row_id in ids]),
        AuditEntry.id > (stop.id if stop else 0),
    )
    decided = {entry.subject for entry in entries}
    return [row_id for row_id in ids if f"{kind} {row_id}" not in decided]


def resume(story_id: int, by: str) -> None:
    """Continue producing the parts of a stopped story.

    Raises:
        InputError: no work on it was stopped.
    """
    with transaction():
        parts = _parts(story_id)
        ledger.lock_jobs((PART_STAGES, parts))
        jobs = _to_go_on(parts)
        if not jobs:
            raise InputError("No work on this story was stopped.")
        for job_id in jobs:
            ledger.requeue(job_id)
        AuditEntry.create(actor=by, action="story.resume", subject=f"story {story_id}")


def _to_go_on(parts: list[int], of: list[int] | None = None) -> list[int]:
    """The first cancelled job of each part that nothing works on; the later ones follow it.

    Args:
        parts: ids of the parts.
        of: only these jobs; None for all.
    """
    # Choosing another hook restarts the first part's narration and cancels its later stages.
    at_work = Job.select(Job.subject_id).where(
        Job.stage.in_(PART_STAGES), Job.subject_id.in_(parts), Job.state.in_(OPEN)
    )
    jobs = Job.select().where(
        Job.stage.in_(PART_STAGES),
        Job.subject_id.in_(parts),
        Job.state == JobState.CANCELLED,
        Job.subject_id.not_in(at_work),
    )
    first: dict[int, int] = {}
    for job in sorted(jobs, key=lambda job: PART_STAGES.index(job.stage)):
        if of is None or job.id in of:
            first.setdefault(job.subject_id, job.id)
    return list(first.values())


def _made_of(story_id: int) -> tuple[ModelSelect[Any], ModelSelect[Any], ModelSelect[Any]]:
    """Queries for the ids of a story's script, parts and posts."""
    script = Script.select(Script.id).where(Script.story == story_id)
    parts = Part.select(Part.id).where(Part.script.in_(script))
    return script, parts, Post.select(Post.id).join(Video).where(Video.part.in_(parts))


def _parts(story_id: int) -> list[int]:
    rows = Part.select(Part.id).join(Script).where(Script.story == story_id)
    return [part.id for part in rows]


def _planned_posts(parts: list[int]) -> list[int]:
    """Ids of their posts that haven't started, by account: accounts are locked in that order."""
    videos = Video.select(Video.id).where(Video.part.in_(parts))
    posts = Post.select(Post.id).where(Post.video.in_(videos), Post.state == PostState.PLANNED)
    return [post.id for post in posts.order_by(Post.account, Post.id)]
