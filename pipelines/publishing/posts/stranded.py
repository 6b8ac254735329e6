"""Posts that nothing works on any more, although they seem to be on their way."""

from __future__ import annotations

import structlog

from core import db
from models import Job, JobState, Post, PostState
from pipelines import ledger
from pipelines.publishing.posts import decisions, history
from pipelines.publishing.scheduling import planning, post_times
from pipelines.stages import POST_STAGES
from pipelines.subscriptions import events

log = structlog.get_logger(__name__)

AT_ONCE = 500
STRANDED = "stranded"


def mark_stranded() -> int:
    """Move posts whose jobs have all ended without an outcome to "needs attention"; how many.

    Their jobs have failed, or were cancelled or killed. A webhook, or a retry by a person, then
    asks the platform what became of them; nothing is posted again by this.
    """
    # Two statements: as one, PostgreSQL reads every planned post's job, or every post.
    going = Post.select(Post.id).where(Post.state.in_(list(decisions.ON_ITS_WAY)))
    ids = sorted(post.id for post in going)
    busy = Job.select(Job.subject_id).where(
        Job.stage.in_(POST_STAGES),
        Job.subject_id.in_(ids),
        Job.state.in_((JobState.WAITING, JobState.RUNNING)),
    )
    left = set(ids) - {job.subject_id for job in busy}
    return sum(_marked(post_id) for post_id in sorted(left)[:AT_ONCE])


def _marked(post_id: int) -> bool:
    with db.transaction():
        ledger.lock_jobs((POST_STAGES, (post_id,)))
        post = Post.get_by_id(post_id)
        planning.lock_for_release(post)
        post = Post.get_by_id(post_id)
        if post.state not in decisions.ON_ITS_WAY or not decisions.may_decide(post):
            return False
        ended = Job.select(Job.error).where(
            Job.stage.in_(POST_STAGES), Job.subject_id == post_id, Job.error != ""
        )
        last = ended.order_by(Job.finished_at.desc()).first()
        why = last.error if last is not None else "Its job ended without an outcome."
        reason = f"Nobody knows whether this post is on TikTok. {why}"
        history.end(post, STRANDED, reason=reason)
        post.move(PostState.PARKED, reason=reason)
        events.post_failed(post.id, reason)
        ledger.write_about(POST_STAGES, post_id, STRANDED, reason)
        post_times.reassign(post.account.id)
    log.warning("post_stranded", post=post_id)
    return True
