"""Whether a post's video may go out: it is the one that was approved, and says the part's words.

Production renders a video again when a person chose another hook or restarted one of its stages.
Until that has ended well, and was approved if videos are reviewed, the old video doesn't go out.
The post waits, and goes on by itself.
"""

from __future__ import annotations

from core import db
from core.errors import Parked, Wait
from models import Job, JobState, Part, Post, Script, Video, VideoState, locked
from pipelines.stages import PART_STAGES

RENDERING_SECONDS = 15.0
PERSON_SECONDS = 60.0
"""How often a post that waits for a person's decision about its video looks again."""


def awaited(post: Post) -> Wait | None:
    """What the post's video waits for; None if it may go out.

    Locks the part's script and the video, so neither changes before the caller's transaction ends.
    """
    with db.transaction():
        owner = Part.select(Part.script).where(Part.id == post.video.part)
        locked(Script.select(Script.id).where(Script.id.in_(owner))).get()
        video = locked(Video.select().where(Video.id == post.video.id)).get()
        part = Part.get_by_id(video.part)
        return _awaited_job(part) or _awaited_person(video, part) or _awaited_check(video, post)


def check_same(post: Post) -> None:
    """Raises Parked if the video is no longer the one whose upload began."""
    if post.video_key != post.video.key:
        raise Parked(
            "The video was rendered again after its upload had begun, so the upload can't be "
            "continued. Check on TikTok that nothing was posted, then post it again.",
            code="video_changed",
        )


def _awaited_job(part: Part) -> Wait | None:
    jobs = Job.select(Job.state, Job.stage, Job.error).where(
        Job.stage.in_(PART_STAGES), Job.subject_id == part.id
    )
    by_state = {job.state: job for job in jobs.order_by(Job.id)}
    if JobState.WAITING in by_state or JobState.RUNNING in by_state:
        return Wait("Its video is being rendered again.", after=RENDERING_SECONDS)
    failed = by_state.get(JobState.DEAD) or by_state.get(JobState.PARKED)
    if failed is None:
        return None
    return _for_a_person(
        f"Its video could not be rendered again: the {failed.stage} stage failed. {failed.error} "
        "Retry it on the video's page, or cancel the post."
    )


def _awaited_person(video: Video, part: Part) -> Wait | None:
    if video.spoken_key != part.spoken_key:
        return _for_a_person(
            "Its video doesn't say the part's present words: retry its narration on the video's "
            "page, or cancel the post."
        )
    if video.state == VideoState.REVIEW:
        return _for_a_person("Its video was rendered again: approve or reject it.")
    if video.state == VideoState.REJECTED:
        return _for_a_person(
            "Its video was rejected: reconsider it on the video's page, or cancel the post."
        )
    if video.approved_key != video.key:
        return _for_a_person(
            "Its video is not the one that was approved: retry its rendering on the video's page, "
            "or cancel the post."
        )
    return None


def _awaited_check(video: Video, post: Post) -> Wait | None:
    """The caller has read, and may have checked, another video than there is now."""
    return Wait("Its video was rendered again.", after=0) if video.key != post.video.key else None


def _for_a_person(reason: str) -> Wait:
    return Wait(reason, after=PERSON_SECONDS, code="video_not_approved")
