"""What a person may set on a post, and how one that stopped is begun again.

What a post says of itself may be changed as long as it has not been announced. Jobs are locked
before posts, in the order of the stages, so that nobody waits for another in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import ModelSelect

from core import db
from core.errors import InputError
from models import Account, AccountState, AuditEntry, Job, JobState, Post, PostState, locked
from pipelines import ledger
from pipelines.publishing.posts import decisions
from pipelines.publishing.posts.post_options import PRIVACY, SWITCHES
from pipelines.publishing.posts.post_title import MOST_UNITS, units
from pipelines.stages import POST_STAGES

EDITABLE = frozenset({PostState.PLANNED, PostState.PARKED, PostState.FAILED, PostState.MANUAL})
"""States in which nothing has announced the post, or what did has ended."""
COMPLIANCE = "compliance_"
"""How the codes begin with which the compliance gate parks a post."""
NOT_CONNECTED = tuple(
    f"account_{state}" for state in AccountState if state != AccountState.CONNECTED
)
"""Codes of posts that were parked because their account had to be connected again."""
ENDED = (JobState.PARKED, JobState.DEAD, JobState.CANCELLED)


def set_title(post_id: int, title: str, by: str) -> None:
    """How the post reads on the platform, hashtags and all.

    Raises:
        InputError: it is empty or too long, or the post can't be changed any more.
    """
    title = "\n".join(line.rstrip() for line in title.strip().splitlines())
    if not title:
        raise InputError("A post needs a title.")
    if (length := units(title)) > MOST_UNITS:
        raise InputError(
            f"The title has {length:,} of at most {MOST_UNITS:,} characters, as TikTok counts them "
            "(most emoji count as two): shorten it."
        )
    _change(post_id, "post.set_title", by, title[:200], title=title)


def set_options(post_id: int, by: str, choices: Mapping[str, str | bool | None]) -> None:
    """Where the post differs from its account's choices.

    Args:
        post_id: the post.
        by: who decides.
        choices: ``privacy`` (of ``options.PRIVACY``) and ``options.SWITCHES``; None, and what is
            left out, is as the account has it.

    Raises:
        InputError: an unknown choice, or the post can't be changed any more.
    """
    own = {name: value for name, value in choices.items() if value is not None}
    if unknown := own.keys() - {"privacy", *SWITCHES}:
        raise InputError(f"A post has no choice {min(unknown)}.")
    if own.get("privacy", "SELF_ONLY") not in PRIVACY:
        raise InputError("Choose who can see the post, or leave it as the account has it.")
    words = ", ".join(f"{name}: {value}" for name, value in own.items())
    _change(post_id, "post.set_options", by, words or "as the account", options=own)


def let_pass(post_id: int, reason: str, by: str) -> None:
    """A person has read what the compliance gate found: the post goes on all the same.

    Raises:
        InputError: no reason was given, or no such finding holds the post.
    """
    reason = reason.strip()
    if not reason:
        raise InputError("Say why it may pass: the reason is kept with your name.")
    with db.transaction():
        post = read(post_id)
        if post.state != PostState.PARKED or not finding(post_id):
            raise InputError("No finding of the compliance gate holds this post any more.")
        _audit("post.let_pass", post_id, by, reason)
        requeue(post_id, by)
        Post.update(allowed=True).where(Post.id == post_id).execute()


def finding(post_id: int) -> str:
    """What the compliance gate has found, and parked the post for; empty when it did not."""
    jobs = Job.select(Job.error_code, Job.error).where(_of(post_id), Job.state == JobState.PARKED)
    job = jobs.order_by(Job.finished_at.desc()).first()
    return str(job.error) if job is not None and job.error_code.startswith(COMPLIANCE) else ""


def requeue(post_id: int, by: str) -> None:
    """Begin a parked or failed post again, the safe way.

    One that was never announced is announced. One that the platform has given a number is asked
    about first, so that it is never posted twice.

    Raises:
        InputError: the post is in another state, or is on its way again.
    """
    with db.transaction():
        post = read(post_id)
        if post.publish_id is None and post.state in {PostState.PARKED, PostState.FAILED}:
            decisions.post_again(post_id, by)
            return
        job = Job.select().where(_stopped(post_id)).order_by(Job.finished_at.desc()).first()
        on_its_way = post.state in decisions.ON_ITS_WAY and decisions.may_decide(post)
        if job is None or not (on_its_way or post.state in {PostState.PARKED, PostState.FAILED}):
            raise InputError(f"Post {post_id} is {post.state}: there is nothing to begin again.")
        ledger.requeue(job.id)
        _audit("post.requeue", post_id, by, "")


def parked_for_connection(account_id: int) -> ModelSelect[Post]:
    """The account's posts that wait for it to be connected again."""
    codes = Job.select(Job.subject_id).where(
        Job.stage.in_(POST_STAGES),
        Job.state == JobState.PARKED,
        Job.error_code.in_(NOT_CONNECTED),
    )
    return Post.select(Post.id).where(
        Post.account == account_id, Post.state == PostState.PARKED, Post.id.in_(codes)
    )


def requeue_parked(account_id: int, by: str) -> int:
    """Begin every post again that waited for its account's connection; how many.

    Raises:
        InputError: the account is not connected, so they would only be parked again.
    """
    account = Account.select(Account.state).where(Account.id == account_id).first()
    if account is None or account.state != AccountState.CONNECTED:
        raise InputError("Connect the account again first; then its posts can go on.")
    posts = list(parked_for_connection(account_id).order_by(Post.id))
    for post in posts:
        requeue(post.id, by)
    return len(posts)


def read(post_id: int) -> Post:
    """How the post stands, without its upload address, which is a secret.

    Raises:
        InputError: there is none.
    """
    columns = (Post.id, Post.state, Post.publish_id)
    post: Post | None = Post.select(*columns).where(Post.id == post_id).first()
    if post is None:
        raise InputError(f"There is no post {post_id}.")
    return post


def editable(post: Post) -> bool:
    """Whether the post may still be changed; needs its ``state`` and ``publish_id``."""
    return post.state in EDITABLE and post.publish_id is None


def _change(post_id: int, action: str, by: str, words: str, **changes: Any) -> None:
    with db.transaction():
        # Whoever claims the job waits for this lock, and reads the post afterwards.
        jobs = locked(Job.select(Job.state).where(_of(post_id)))
        running = any(job.state == JobState.RUNNING for job in jobs)
        post = read(post_id)
        if running or not editable(post):
            state = "being announced" if running or post.publish_id else post.state
            raise InputError(f"Post {post_id} is {state}: it can't be changed any more.")
        Post.update(**changes).where(Post.id == post_id).execute()
        _audit(action, post_id, by, words)


def _of(post_id: int) -> Any:
    return Job.stage.in_(POST_STAGES) & (Job.subject_id == post_id)


def _stopped(post_id: int) -> Any:
    return _of(post_id) & Job.state.in_(ENDED)


def _audit(action: str, post_id: int, by: str, words: str) -> None:
    AuditEntry.create(actor=by, action=action, subject=f"post {post_id}", reason=words)
