"""What a person may decide about a post.

Each closes the post's open jobs and failures, then changes the post; in this order, which is also
that of the stages, so that nobody waits for another in a circle.
"""

from __future__ import annotations

from core import db
from models import AuditEntry, Job, JobState, Post, PostState, StaleStateError, now
from pipelines import ledger
from pipelines.publishing.posts import history
from pipelines.publishing.scheduling import planning, post_times
from pipelines.stages import POST_STAGES

ON_ITS_WAY = frozenset({PostState.CLAIMING, PostState.UPLOADING, PostState.PROCESSING})
"""States that only the stages leave, and a person where their jobs have ended."""
SEEN_BY_A_PERSON = frozenset({PostState.PARKED, PostState.INBOX, PostState.MANUAL})
"""States of which a person may know better than the record that the post is out."""
ENDED_WITHOUT_A_POST = frozenset(
    {PostState.PARKED, PostState.FAILED, PostState.CANCELLED, PostState.MANUAL}
)


def cancel(post_id: int, by: str, reason: str = "") -> None:
    """This post shall not be; the next part no longer waits for it.

    Raises:
        StaleStateError: it is on its way or has ended: too late.
    """
    with db.transaction():
        post = _closed(post_id, "cancelled")
        post.move(PostState.CANCELLED, reason=reason)
        history.end(post, PostState.CANCELLED)
        _audit("post.cancel", post, by, reason)
        planning.release_next(post)
        post_times.reassign(post.account.id)


def mark_published(
    post_id: int, by: str, platform_id: str = "", reason: str = "", address: str = ""
) -> None:
    """A person has seen the post on the platform, or has made it by hand.

    Args:
        post_id: the post.
        by: who says so.
        platform_id: its number there, where known.
        reason: why it had to be said.
        address: where viewers find it, where known.

    Raises:
        StaleStateError: the post is in another state.
    """
    with db.transaction():
        post = _closed(post_id, "published")
        if post.state not in SEEN_BY_A_PERSON:
            raise StaleStateError(f"This post is {post.state} and can't become published.")
        post.move(
            PostState.PUBLISHED,
            platform_id=platform_id or post.platform_id,
            address=address,
            published_at=now(),
            reason=reason,
        )
        history.end(post, PostState.PUBLISHED, platform_id=platform_id)
        _audit("post.mark_published", post, by, reason)
        planning.release_next(post)


def post_again(post_id: int, by: str, reason: str = "") -> None:
    """A person knows that nothing of it is on the platform: it is posted once more, best way first.

    Raises:
        StaleStateError: it is on its way or has been published.
    """
    with db.transaction():
        post = _closed(post_id, "requeued")
        if post.state not in ENDED_WITHOUT_A_POST:
            raise StaleStateError(f"This post is {post.state} and can't be posted anew.")
        if post.state == PostState.MANUAL:
            history.end(post, history.PUT_BACK)
        post.move(
            PostState.PLANNED, method="", publish_id=None, upload_url=None, bytes_sent=0, reason=""
        )
        _audit("post.anew", post, by, reason)
        planning.replan(post)


def may_decide(post: Post) -> bool:
    """Whether nothing works on the post any more, so that a person may."""
    alive = (JobState.WAITING, JobState.RUNNING)
    jobs = Job.select().where(Job.stage.in_(POST_STAGES), Job.subject_id == post.id)
    return post.state not in ON_ITS_WAY or not jobs.where(Job.state.in_(alive)).exists()


def _closed(post_id: int, resolution: str) -> Post:
    stranded = Post.get_by_id(post_id)
    if stranded.state in ON_ITS_WAY and may_decide(stranded):
        stranded.move(PostState.PARKED)
    for stage in POST_STAGES:
        job = Job.of(stage, post_id)
        if job is not None:
            ledger.resolve_dead_letters(job.id, resolution)
            job.try_move(JobState.CANCELLED, finished_at=now(), lease_until=None)
    post = Post.get_by_id(post_id)
    planning.lock_for_release(post)
    return post


def _audit(action: str, post: Post, by: str, reason: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"post {post.id}", reason=reason)
