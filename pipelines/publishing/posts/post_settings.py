"""The settings of a post, and restarting a post that stopped.

A post can be changed until it is announced. Jobs are locked before posts, in the order of the
stages, so there is no deadlock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import ModelSelect

from core import db
from core.errors import InputError
from models import (
    Account,
    AccountState,
    AuditEntry,
    Job,
    JobState,
    Post,
    PostState,
    in_state,
    shown,
)
from pipelines import ledger
from pipelines.publishing.posts import decisions, history
from pipelines.publishing.posts.post_options import PRIVACY, SWITCHES
from pipelines.publishing.posts.post_title import MOST_UNITS, units
from pipelines.stages import POST_STAGES

EDITABLE = frozenset({PostState.PLANNED, PostState.PARKED, PostState.FAILED, PostState.MANUAL})
"""States in which the post was not announced, or the method that announced it has ended."""
COMPLIANCE = "compliance_"
"""The prefix of the codes with which the compliance check parks a post."""
NOT_CONNECTED = tuple(
    f"account_{state}" for state in AccountState if state != AccountState.CONNECTED
)
"""Codes of posts that are parked because their account must be connected again."""
ENDED = (JobState.PARKED, JobState.DEAD, JobState.CANCELLED)


def set_title(post_id: int, title: str, by: str) -> None:
    """Set the post's text on the platform, including hashtags.

    Raises:
        InputError: it is empty or too long, or the post can no longer be changed.
    """
    title = "\n".join(line.rstrip() for line in title.strip().splitlines())
    if not title:
        raise InputError("A post needs a title.")
    if (length := units(title)) > MOST_UNITS:
        raise InputError(
            f"The title has {length:,} characters, but TikTok allows {MOST_UNITS:,} (most emoji "
            "count as two): shorten it."
        )
    _change(post_id, "post.set_title", by, title[:200], title=title)


def set_options(post_id: int, by: str, choices: Mapping[str, str | bool | None]) -> None:
    """Set where the post differs from its account's settings.

    Args:
        post_id: the post.
        by: who decides.
        choices: ``privacy`` (of ``post_options.PRIVACY``) and ``post_options.SWITCHES``; a choice
            that is None or left out is taken from the account.

    Raises:
        InputError: an unknown choice, or the post can no longer be changed.
    """
    own = {name: value for name, value in choices.items() if value is not None}
    if unknown := own.keys() - {"privacy", *SWITCHES}:
        raise InputError(f"A post has no setting {min(unknown)}.")
    if own.get("privacy", "SELF_ONLY") not in PRIVACY:
        raise InputError("Choose who can see the post, or use the account's setting.")
    words = ", ".join(f"{name}: {value}" for name, value in own.items())
    _change(post_id, "post.set_options", by, words or "the account's settings", options=own)


def let_pass(post_id: int, reason: str, by: str) -> None:
    """Allow a post although the compliance check found something; a person has read it.

    Raises:
        InputError: no reason was given, or the compliance check doesn't block the post.
    """
    reason = reason.strip()
    if not reason:
        raise InputError("Say why the post is allowed: the reason is stored with your name.")
    with db.transaction():
        post = read(post_id)
        if post.state != PostState.PARKED or not finding(post_id):
            raise InputError("The compliance check does not block this post.")
        _audit("post.allow", post_id, by, reason)
        requeue(post_id, by)
        Post.update(allowed=True).where(Post.id == post_id).execute()


def finding(post_id: int) -> str:
    """What the compliance check found, if that is why the post is parked; else empty."""
    jobs = Job.select(Job.error_code, Job.error).where(_of(post_id), Job.state == JobState.PARKED)
    job = jobs.order_by(Job.finished_at.desc()).first()
    return str(job.error) if job is not None and job.error_code.startswith(COMPLIANCE) else ""


def requeue(post_id: int, by: str, *, seconds: int = 0) -> None:
    """Restart a parked or failed post safely.

    A post that a browser may have posted is looked up in the creator's list first. Any other post
    without a number from the platform is announced. For a post with a number, the platform
    is asked first, so it is never posted twice.

    Args:
        post_id: the post.
        by: who restarts it.
        seconds: how long it waits at least, so that the restart can be undone before it begins.

    Raises:
        InputError: the post is in another state, or is already being sent again.
    """
    with db.transaction():
        _requeue(post_id, by)
        if seconds:
            ledger.hold(POST_STAGES, post_id, seconds, "time to undo the retry")


def parked_for_connection(account_id: int) -> ModelSelect[Post]:
    """The account's posts that wait until it is connected again."""
    codes = Job.select(Job.subject_id).where(
        Job.stage.in_(POST_STAGES),
        Job.state == JobState.PARKED,
        Job.error_code.in_(NOT_CONNECTED),
    )
    return Post.select(Post.id).where(
        Post.account == account_id, Post.state == PostState.PARKED, Post.id.in_(codes)
    )


def requeue_parked(account_id: int, by: str) -> int:
    """Restart every post that waited for its account to be connected; the number of posts.

    Raises:
        InputError: the account is not connected, so they would be parked again.
    """
    account = Account.select(Account.state).where(Account.id == account_id).first()
    if account is None or account.state != AccountState.CONNECTED:
        raise InputError("Connect the account again first; then restart its posts.")
    posts = list(parked_for_connection(account_id).order_by(Post.id))
    for post in posts:
        requeue(post.id, by)
    return len(posts)


def read(post_id: int) -> Post:
    """The post's state and number, without its upload address, which is a secret.

    Raises:
        InputError: there is none.
    """
    columns = (Post.id, Post.state, Post.publish_id)
    post: Post | None = Post.select(*columns).where(Post.id == post_id).first()
    if post is None:
        raise InputError(f"There is no post {post_id}.")
    return post


def editable(post: Post) -> bool:
    """Whether the post can still be changed; needs its ``state`` and ``publish_id``."""
    return post.state in EDITABLE and post.publish_id is None


def _change(post_id: int, action: str, by: str, words: str, **changes: Any) -> None:
    with db.transaction():
        # A worker that claims the job waits for this lock, and reads the post afterwards.
        jobs = ledger.lock_jobs((POST_STAGES, (post_id,)))
        running = any(job.state == JobState.RUNNING for job in jobs)
        post = read(post_id)
        if running or not editable(post):
            state = "being announced" if running or post.publish_id else shown(post.state)
            raise InputError(f"Post {post_id} is {state}: it can no longer be changed.")
        Post.update(**changes).where(Post.id == post_id).execute()
        _audit(action, post_id, by, words)


def _requeue(post_id: int, by: str) -> None:
    post = read(post_id)
    if post.publish_id is None and post.state in {PostState.PARKED, PostState.FAILED}:
        if history.may_be_online(post):
            decisions.look_again(post_id, by)
        else:
            decisions.post_again(post_id, by)
        return
    job = Job.select().where(_stopped(post_id)).order_by(Job.finished_at.desc()).first()
    on_its_way = post.state in decisions.ON_ITS_WAY and decisions.may_decide(post)
    if job is None or not (on_its_way or post.state in {PostState.PARKED, PostState.FAILED}):
        raise InputError(
            f"Post {post_id} {in_state(post.state)}: only a failed post, or one that needs "
            "attention, can be restarted."
        )
    ledger.requeue(job.id)
    _audit("post.requeue", post_id, by, "")


def _of(post_id: int) -> Any:
    return Job.stage.in_(POST_STAGES) & (Job.subject_id == post_id)


def _stopped(post_id: int) -> Any:
    return _of(post_id) & Job.state.in_(ENDED)


def _audit(action: str, post_id: int, by: str, words: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"post {post_id}", reason=words)
