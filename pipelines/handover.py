"""Connects production and publishing, which don't know each other.

Production ends with "a video is ready". This module then schedules its posts. It also handles what
concerns both, such as stopping a story that is partly produced and partly scheduled.
"""

from __future__ import annotations

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
    locked,
    now,
)
from pipelines import ledger
from pipelines.production import video_review
from pipelines.publishing.posts import decisions
from pipelines.publishing.scheduling import planning
from pipelines.stages import PART_STAGES, POST_STAGES
from pipelines.stories import review

OPEN = (JobState.WAITING, JobState.RUNNING)
WHY = "The story was stopped."


def video_is_ready(video: Video, request_id: str = "") -> None:
    """Schedule the posts of a video that has just become READY, in the caller's transaction.

    Args:
        video: READY.
        request_id: the request that started the work, for the log.
    """
    planning.plan(video, request_id=request_id)


def approve_video(video_id: int, by: str, key: str) -> None:
    """Approve a finished video; its posts are scheduled in the same transaction.

    Args:
        video_id: the video.
        by: who has watched it.
        key: ``Video.key`` of what the person has watched.

    Raises:
        InputError: there is no such video.
        StaleStateError: somebody has already decided, or it was rendered again meanwhile.
    """
    with transaction():
        video_is_ready(video_review.approve(video_id, by, key))


def withdraw(story_id: int, by: str) -> bool:
    """Withdraw an approval: the story goes back to review, or is stopped if its script is written.

    Returns:
        Whether it is back in review.

    Raises:
        InputError: there is no such story, or nothing is left to stop.
        StaleStateError: it is no longer approved.
    """
    with transaction():
        if Story.select(Story.state).where(Story.id == story_id).scalar() == StoryState.SCRIPTED:
            stop(story_id, by)
            return False
        review.reject(story_id, by, "The approval was withdrawn.")
        review.reconsider(story_id, by)
        return True


def stop(story_id: int, by: str) -> None:
    """Stop work on a story's parts, reject its videos, and cancel posts that haven't started.

    Raises:
        InputError: nothing is left to stop.
        StaleStateError: somebody approved one of its videos at the same moment.
    """
    with transaction():
        parts = _parts(story_id)
        posts = _planned_posts(parts)
        jobs = ledger.lock_jobs((PART_STAGES, parts), (POST_STAGES, posts))
        list(locked(Script.select(Script.id).where(Script.story == story_id)))
        if _planned_posts(parts) != posts:
            raise StaleStateError("A video of this story was approved meanwhile: try again.")
        stopped = 0
        for job in jobs:
            if job.stage in PART_STAGES and job.state in OPEN:
                stopped += job.try_move(JobState.CANCELLED, finished_at=now(), lease_until=None)
        videos = Video.select().where(Video.part.in_(parts), Video.state == VideoState.REVIEW)
        for video in videos.order_by(Video.id):
            video_review.reject(video.id, by, WHY)
            stopped += 1
        for post_id in posts:
            decisions.cancel(post_id, by, WHY)
            stopped += 1
        if not stopped:
            raise InputError("Nothing is left to stop: its posts are out or being sent.")
        AuditEntry.create(actor=by, action="story.stop", subject=f"story {story_id}")


def resume(story_id: int, by: str) -> None:
    """Continue producing the parts of a stopped story.

    Raises:
        InputError: no work on it was stopped.
    """
    with transaction():
        parts = _parts(story_id)
        ledger.lock_jobs((PART_STAGES, parts))
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
        first: dict[int, Job] = {}
        for job in sorted(jobs, key=lambda job: PART_STAGES.index(job.stage)):
            first.setdefault(job.subject_id, job)  # the later ones follow it
        if not first:
            raise InputError("No work on this story was stopped.")
        for job in first.values():
            ledger.requeue(job.id)
        AuditEntry.create(actor=by, action="story.resume", subject=f"story {story_id}")


def _parts(story_id: int) -> list[int]:
    rows = Part.select(Part.id).join(Script).where(Script.story == story_id)
    return [part.id for part in rows]


def _planned_posts(parts: list[int]) -> list[int]:
    """Ids of their posts that haven't started, by account: accounts are locked in that order."""
    videos = Video.select(Video.id).where(Video.part.in_(parts))
    posts = Post.select(Post.id).where(Post.video.in_(videos), Post.state == PostState.PLANNED)
    return [post.id for post in posts.order_by(Post.account, Post.id)]
