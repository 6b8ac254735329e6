"""What a person can decide about a post.

Each decision first locks and closes the post's open jobs and failures, then locks its script and
account, then changes the post: the order of docs/architecture.md, "Locks".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from core import db
from core.errors import InputError
from models import (
    AuditEntry,
    Job,
    JobState,
    Method,
    Part,
    Post,
    PostState,
    StaleStateError,
    Video,
    in_state,
    now,
)
from pipelines import ledger
from pipelines.publishing.posts import history, removal
from pipelines.publishing.scheduling import planning, post_times
from pipelines.stages import POST_STAGES
from pipelines.subscriptions import events

ON_ITS_WAY = frozenset({PostState.CLAIMING, PostState.UPLOADING, PostState.PROCESSING})
"""States that only the stages change, or a person once the stages' jobs have ended."""
SEEN_BY_A_PERSON = frozenset({PostState.PARKED, PostState.INBOX, PostState.MANUAL})
"""States in which a person may know that the post is out although the database doesn't."""
OPEN = frozenset({JobState.WAITING, JobState.RUNNING})
"""States of a job that is not over."""
ENDED_WITHOUT_A_POST = frozenset(
    {PostState.PARKED, PostState.FAILED, PostState.CANCELLED, PostState.MANUAL}
)


class Stopped(NamedTuple):
    """How a post has stopped, and what is known of it on TikTok.

    Its upload address is a secret and not among it: TikTok is asked how far an upload got.
    """

    state: str
    reason: str
    method: str
    publish_id: str | None = None
    bytes_sent: int = 0
    outcome: str = ""
    """Of its newest attempt."""


def cancel(post_id: int, by: str, reason: str = "") -> None:
    """Cancel the post; the next part no longer waits for it.

    A post that goes out by browser can be cancelled at every moment: a worker that is at it writes
    nothing more, so it doesn't press the button either. If the button was pressed, the video may be
    on TikTok, and the post's history says so.

    Raises:
        StaleStateError: it is too late: the post is being sent over the API, or has ended.
    """
    with db.transaction():
        _stop_browser(post_id)
        post = _closed(post_id, "cancelled")
        post.move(PostState.CANCELLED, reason=reason)
        history.end(post, PostState.CANCELLED)
        _audit("post.cancel", post, by, reason)
        planning.release_next(post)
        post_times.reassign(post.account.id)


def restore(post_id: int, by: str, state: str, reason: str) -> None:
    """Undo ``cancel``: a post that had not begun, or that had stopped, is what it was before.

    Args:
        post_id: the post.
        by: who undoes it.
        state: planned, parked or failed.
        reason: why it was in that state.

    Raises:
        InputError: a later part of its story has begun on its account meanwhile.
        StaleStateError: it is no longer cancelled.
    """
    with db.transaction():
        post = _closed(post_id, "restored")
        if post.state != PostState.CANCELLED:
            raise StaleStateError(f"This post {in_state(post.state)}: it is not cancelled.")
        part = post.video.part
        story = Post.select(Post.id).join(Video).join(Part).where(Part.script == part.script)
        later = story.where(Part.number > part.number, Post.account == post.account)
        if removal.begun(later).exists():
            raise InputError("A later part of this story has begun on the same account.")
        post.move(state, reason=reason)
        _audit("post.restore", post, by, reason)
        if state == PostState.PLANNED:
            planning.replan(post)
        else:
            ledger.reopen_newest(POST_STAGES, post_id)


def take_back_retry(post_id: int, by: str, before: Stopped, done: Mapping[str, str]) -> None:
    """Undo a retry, or posting again, that has not begun: the post has stopped as before.

    Args:
        post_id: the post.
        by: who undoes it.
        before: how it had stopped.
        done: its finished jobs, as ``ledger.done`` gave them before.

    Raises:
        StaleStateError: its work has begun, or it is no longer scheduled.
    """
    with db.transaction():
        jobs = ledger.lock_jobs((POST_STAGES, (post_id,)))
        planning.lock_for_release(Post.get_by_id(post_id))
        post = Post.get_by_id(post_id)
        begun = any(
            job.state == JobState.RUNNING or (job.state == JobState.WAITING and job.attempts)
            for job in jobs
        )
        if begun or post.state not in {PostState.PLANNED, before.state}:
            raise StaleStateError(f"Its work has begun: this post {in_state(post.state)}.")
        for job in jobs:
            if job.state == JobState.WAITING:
                job.move(JobState.CANCELLED, finished_at=now())
        ledger.done_again(done)
        if post.state != before.state:
            post.move(before.state, reason=before.reason)
            _know_again(post, before)
        ledger.reopen_newest(POST_STAGES, post_id)
        _audit("post.take_back_retry", post, by, "")
        post_times.reassign(post.account.id)


def mark_published(
    post_id: int, by: str, platform_id: str = "", reason: str = "", address: str = ""
) -> None:
    """A person has seen the post on the platform, or has posted it by hand.

    Args:
        post_id: the post.
        by: who says so.
        platform_id: its number there, if known.
        reason: why a person had to say so.
        address: its public address, if known.

    Raises:
        StaleStateError: the post is in another state.
    """
    with db.transaction():
        post = _closed(post_id, "published")
        if post.state not in SEEN_BY_A_PERSON:
            raise StaleStateError(f"This post {in_state(post.state)} and can't become published.")
        post.move(
            PostState.PUBLISHED,
            platform_id=platform_id or post.platform_id,
            address=address,
            published_at=now(),
            reason=reason,
        )
        history.end(post, PostState.PUBLISHED, platform_id=platform_id)
        events.post_published(post.id)
        _audit("post.mark_published", post, by, reason)
        planning.release_next(post)


def stopped(post_id: int, states: Collection[str]) -> Stopped | None:
    """How a post has stopped; None if it is in none of these states."""
    columns = (Post.id, Post.state, Post.reason, Post.method, Post.publish_id, Post.bytes_sent)
    post = Post.select(*columns).where(Post.id == post_id, Post.state.in_(states)).first()
    if post is None:
        return None
    attempt = history.newest(post)
    outcome = attempt.outcome if attempt is not None else ""
    return Stopped(post.state, post.reason, post.method, post.publish_id, post.bytes_sent, outcome)


def ended(post_id: int) -> Stopped | None:
    """How a post has ended without being published; None if it has not."""
    return stopped(post_id, ENDED_WITHOUT_A_POST - {PostState.MANUAL})


def cancel_again(post_id: int, by: str, before: Stopped, done: Mapping[str, str]) -> None:
    """Undo ``post_again`` of a cancelled post whose work has not begun.

    Args:
        post_id: the post.
        by: who undoes it.
        before: how it was cancelled.
        done: its finished jobs, as ``ledger.done`` gave them before.

    Raises:
        StaleStateError: it has begun, or is no longer scheduled.
    """
    with db.transaction():
        jobs = ledger.lock_jobs((POST_STAGES, (post_id,)))
        if any(job.state == JobState.RUNNING or job.attempts for job in jobs if job.state in OPEN):
            raise StaleStateError("Its work has begun.")
        cancel(post_id, by, before.reason)
        ledger.done_again(done)
        _know_again(Post.get_by_id(post_id), before)


def post_again(
    post_id: int, by: str, reason: str = "", *, checked: bool = False, seconds: int = 0
) -> None:
    """Post again, best method first: a person knows that nothing of it is on the platform.

    Args:
        post_id: the post.
        by: who decides.
        reason: why.
        checked: the person has looked on TikTok; needed if the post may be there.
        seconds: how long it waits at least, so that this can be undone before it begins.

    Raises:
        InputError: it may be on TikTok, and nobody has looked.
        StaleStateError: it is being sent or has been published.
    """
    with db.transaction():
        post = _closed(post_id, "requeued")
        if post.state not in ENDED_WITHOUT_A_POST:
            raise StaleStateError(f"This post {in_state(post.state)} and can't be posted again.")
        may_be_online = post.publish_id is not None or history.may_be_online(post)
        if may_be_online and not checked:
            raise InputError(
                f"Post {post_id} may already be on TikTok: check there first, then confirm it."
            )
        if history.may_be_online(post):
            history.rule_out(post)
        if post.state == PostState.MANUAL:
            history.end(post, history.PUT_BACK)
        post.move(
            PostState.PLANNED, method="", publish_id=None, upload_url=None, bytes_sent=0, reason=""
        )
        _audit("post.post_again", post, by, reason)
        planning.replan(post)
        if seconds:
            ledger.hold(POST_STAGES, post_id, seconds, "time to undo it")


def look_again(post_id: int, by: str) -> None:
    """Have the creator's list asked what became of a post that a browser may have posted.

    It is only posted again if the list shows that nothing was posted; if the list can't tell, the
    post needs attention again.
    """
    with db.transaction():
        post = _closed(post_id, "rechecked")
        _audit("post.look_again", post, by, "")
        ledger.enqueue("publish", post.id)


def may_decide(post: Post) -> bool:
    """Whether no job will change the post any more, so that a person may decide."""
    unfinished = (JobState.WAITING, JobState.RUNNING)
    jobs = Job.select().where(Job.stage.in_(POST_STAGES), Job.subject_id == post.id)
    return post.state not in ON_ITS_WAY or not jobs.where(Job.state.in_(unfinished)).exists()


def is_at_browser(post_id: int) -> bool:
    """Whether a browser works on the post, or waits for its next try or look."""
    post = Post.select(Post.method, Post.state).where(Post.id == post_id).get()
    if post.method != Method.BROWSER or post.state not in ON_ITS_WAY:
        return False
    job = Job.of("publish", post_id)
    return job is not None and job.state in {JobState.WAITING, JobState.RUNNING}


def _stop_browser(post_id: int) -> None:
    """End the job of a post that a browser works on; jobs of other methods are left alone."""
    ledger.lock_jobs((POST_STAGES, (post_id,)))
    job = Job.of("publish", post_id)
    if job is not None and is_at_browser(post_id):
        job.move(JobState.CANCELLED, finished_at=now(), lease_until=None)


def _closed(post_id: int, resolution: str) -> Post:
    jobs = ledger.lock_jobs((POST_STAGES, (post_id,)))
    post = Post.get_by_id(post_id)
    nothing_works_on_it = may_decide(post)
    for job in jobs:
        job.try_move(JobState.CANCELLED, finished_at=now(), lease_until=None)
        ledger.resolve_dead_letters(job.id, resolution)
    planning.lock_for_release(post)
    post = Post.get_by_id(post_id)
    if post.state in ON_ITS_WAY and nothing_works_on_it:  # its jobs ended without an outcome
        post.move(PostState.PARKED)
    return post


def _know_again(post: Post, before: Stopped) -> None:
    """Undo what ``post_again`` forgot: the post may be on TikTok if it might have been before."""
    known = {"method": before.method, "publish_id": before.publish_id}
    Post.update(**known, bytes_sent=before.bytes_sent).where(Post.id == post.id).execute()
    history.take_back_ruling(post, before.outcome)


def _audit(action: str, post: Post, by: str, reason: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"post {post.id}", reason=reason)
