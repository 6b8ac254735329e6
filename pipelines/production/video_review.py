"""A person's decisions on produced work: a script's hook, and videos before they are posted."""

from __future__ import annotations

from core.db import transaction
from core.errors import InputError
from models import (
    AuditEntry,
    JobState,
    Part,
    Post,
    PostState,
    Script,
    StaleStateError,
    Video,
    VideoState,
    in_state,
    locked,
    now,
)
from pipelines import ledger, overtaken
from pipelines.stages import PART_STAGES

OUT = frozenset(PostState) - {PostState.PLANNED, PostState.CANCELLED, PostState.FAILED}
"""States of a post whose video is being posted, is posted, or is with a person."""


def choose_hook(story_id: int, by: str, hook: str) -> None:
    """Change a story's hook to another one from its script; the first part is made again.

    Everything that does not depend on the hook is reused; the other parts stay.

    Raises:
        InputError: the script has no such hook, or a post of the story is already out.
        StaleStateError: the approval of the story was taken back meanwhile.
    """
    with transaction():
        first = Part.select(Part.id).join(Script).where(Script.story == story_id, Part.number == 1)
        part_id = first.scalar()
        if part_id is None:
            raise InputError("This story has no script yet.")
        jobs = ledger.lock_jobs((PART_STAGES, (part_id,)))
        script = locked(Script.select().where(Script.story == story_id)).first()
        if script is None:
            raise StaleStateError("The approval of this story was undone meanwhile.")
        if hook not in script.hooks:
            raise InputError("Choose one of the hooks that were written for this story.")
        if hook == script.hook:
            return
        out = (
            Post.select()
            .join(Video)
            .join(Part)
            .where(Part.script == script, Post.state.in_(OUT))
            .exists()
        )
        if out:
            raise InputError(
                "The hook can't be changed: a post of this story is being posted or is posted."
            )
        Script.update(hook=hook).where(Script.id == script.id).execute()
        Part.update(hook=hook).where(Part.id == part_id).execute()
        for job in jobs:  # work for the old hook must not be saved for the new one
            job.try_move(JobState.CANCELLED, finished_at=now(), lease_until=None)
            ledger.resolve_dead_letters(job.id, "restarted")
        ledger.enqueue(PART_STAGES[0], part_id)
        _audit(by, "script.hook", f"story {script.story.id}", hook)


def approve(video_id: int, by: str, key: str) -> Video:
    """Approve a finished video; ``handover.approve_video`` also schedules its posts.

    Args:
        video_id: the video.
        by: who has watched it.
        key: ``Video.key`` of what the person has watched.

    Raises:
        InputError: there is no such video.
        OvertakenError: somebody has already decided.
        StaleStateError: it was rendered again meanwhile.
    """
    with transaction():
        video = _undecided(video_id, by)
        if video.state == VideoState.REVIEW and video.key != key:
            raise StaleStateError(
                "This video was rendered again while you watched it: watch the new one, then "
                "decide."
            )
        video.move(VideoState.READY, approved_key=key)
        _audit(by, "video.approve", f"video {video.id}")
        return video


def reject(video_id: int, by: str, reason: str) -> None:
    """Reject a finished video.

    Raises:
        InputError: there is no such video, or no reason.
        OvertakenError: somebody has already decided.
    """
    if not reason.strip():
        raise InputError("Give a reason for rejecting the video: the next person needs to know.")
    with transaction():
        video = _undecided(video_id, by)
        video.move(VideoState.REJECTED, approved_key="")
        _audit(by, "video.reject", f"video {video.id}", reason)


def take_back_approval(video_id: int, by: str) -> None:
    """The video waits for review again; ``handover.withdraw_video`` also removes its posts.

    Inside the caller's transaction.

    Raises:
        InputError: there is no such video.
        StaleStateError: it is no longer approved.
    """
    video = _video(video_id)
    if video.state != VideoState.READY:
        raise StaleStateError(f"This video {in_state(video.state)}: it is not approved.")
    video.move(VideoState.REVIEW, approved_key="")
    _audit(by, "video.take_back_approval", f"video {video.id}")


def reconsider(video_id: int, by: str) -> None:
    """Undo a video's rejection: it waits for review again.

    Raises:
        InputError: there is no such video.
        StaleStateError: it is no longer rejected.
    """
    with transaction():
        video = _video(video_id)
        video.move(VideoState.REVIEW)
        _audit(by, "video.reconsider", f"video {video.id}")


def _video(video_id: int) -> Video:
    """The video, with its script and its own row locked until the transaction ends."""
    part = Part.select(Part.script).join(Video).where(Video.id == video_id)
    script = locked(Script.select(Script.id).where(Script.id.in_(part))).first()
    if script is None:
        raise InputError(f"There is no video {video_id}.")
    video: Video = locked(Video.select().where(Video.id == video_id)).get()
    return video


def _undecided(video_id: int, by: str) -> Video:
    video = _video(video_id)
    if video.state != VideoState.REVIEW:
        overtaken.check("video", video_id, by)
    return video


def _audit(by: str, action: str, subject: str, reason: str = "") -> None:
    AuditEntry.create(actor=by, action=action, subject=subject, reason=reason)
