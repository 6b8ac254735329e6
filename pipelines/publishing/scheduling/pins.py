"""A person chooses when a post goes out and on which account, or returns it to the queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from core import db
from core.errors import InputError
from models import (
    Account,
    AuditEntry,
    JobState,
    Part,
    Post,
    PostState,
    Script,
    StaleStateError,
    Video,
    in_state,
    locked,
)
from pipelines import ledger
from pipelines.publishing.posts import removal
from pipelines.publishing.scheduling.account_queue import AccountQueue
from pipelines.publishing.scheduling.slots import spoken
from pipelines.publishing.scheduling.time_check import Verdict, check
from pipelines.stages import POST_STAGES

JUST_BEFORE = timedelta(microseconds=1)


def pin(
    post_id: int,
    moment: datetime,
    by: str,
    *,
    account_id: int | None = None,
    reader: ZoneInfo | None = None,
) -> tuple[str, ...]:
    """Set the time that a person chose for a planned post; queued posts move to make room.

    Args:
        post_id: the post.
        moment: when it goes out.
        by: who decides.
        account_id: the account that it goes out on; None leaves it where it is.
        reader: the zone in which errors and warnings tell times; else the account's.

    Returns:
        The warnings of ``time_check.check``.

    Raises:
        InputError: it is no longer planned, or the time or the account is not possible.
        StaleStateError: somebody moved it at the same moment.
    """
    with db.transaction():
        moved = _to_be_moved(post_id, account_id)
        verdict = _verdict(moved, moment, reader)
        if verdict.refusal:
            raise InputError(verdict.refusal)
        moment = max(moment, moved.to.now)
        _write(moved, moment, pinned=True)
        moved.to.set_due({post_id: moment})
        _audit("post.pin", moved, by, spoken(moved.to.where, moment))
        return verdict.warnings


def foresee(post_id: int, moment: datetime, account_id: int, reader: ZoneInfo) -> Verdict:
    """What ``pin`` would say, without locks or changes.

    Raises:
        InputError: there is no such post or account.
    """
    try:
        return _verdict(_to_be_moved(post_id, account_id, lock=False), moment, reader)
    except StaleStateError as error:
        return Verdict(str(error))


def unpin(
    post_id: int, by: str, *, account_id: int | None = None, near: datetime | None = None
) -> None:
    """Return the post to the queue; it gets one of the account's next free times.

    Args:
        post_id: the post.
        by: who decides.
        account_id: the account whose queue it joins; None leaves it where it is.
        near: its place in the queue: before the posts of this time; else by its present time.

    Raises:
        InputError: it is no longer planned, or is already in the queue.
    """
    with db.transaction():
        moved = _to_be_moved(post_id, account_id)
        if not moved.post.pinned:
            raise InputError("This post is already in the queue.")
        place = near - JUST_BEFORE if near is not None else moved.post.scheduled_at
        _write(moved, place, pinned=False)
        _audit("post.unpin", moved, by)


class _Moved(NamedTuple):
    post: Post
    source: AccountQueue
    to: AccountQueue

    @property
    def is_elsewhere(self) -> bool:
        return bool(self.source.account.id != self.to.account.id)


def _to_be_moved(post_id: int, account_id: int | None, *, lock: bool = True) -> _Moved:
    """The post, read again under the locks of its account and of the one that it moves to."""
    row: Any = Post.get_or_none(Post.id == post_id)
    if row is None:
        raise InputError(f"There is no post {post_id}.")
    source, to = row.account_id, account_id or row.account_id
    if to != source and lock:
        # The publish job may be about to announce it on the old account.
        jobs = ledger.lock_jobs((POST_STAGES, (post_id,)))
        if any(job.state == JobState.RUNNING for job in jobs):
            raise InputError("This post is being worked on right now: try again in a moment.")
        script = Script.select(Script.id).join(Part).join(Video).where(Video.id == row.video_id)
        locked(Script.select(Script.id).where(Script.id.in_(script))).get()
    if not Account.select().where(Account.id == to).exists():
        raise InputError(f"There is no account {to}.")
    queues = {each: AccountQueue(each, lock=lock) for each in sorted({source, to})}
    post: Any = (
        Post.select(Post.id, Post.state, Post.pinned, Post.scheduled_at, Post.account, Post.video)
        .where(Post.id == post_id)
        .get()
    )
    if post.account_id != source:
        raise StaleStateError("Somebody has just moved this post to another account.")
    if post.state != PostState.PLANNED:
        raise InputError(f"This post {in_state(post.state)}: only a scheduled post can be moved.")
    return _Moved(post, queues[source], queues[to])


def _verdict(moved: _Moved, moment: datetime, reader: ZoneInfo | None) -> Verdict:
    post: Any = moved.post
    if moved.is_elsewhere:
        part = post.video.part
        if part.of > 1:
            return Verdict(
                f"This is part {part.number} of {part.of}: the parts of a story stay together on "
                "their account."
            )
        if removal.begun(Post.select(Post.id).where(Post.id == post.id)).exists():
            return Verdict("This post was tried on its account before, so it stays there.")
    return check(moved.to, post.video_id, moment, post_id=post.id, reader=reader)


def _write(moved: _Moved, moment: datetime | None, *, pinned: bool) -> None:
    post = Post.id == moved.post.id
    changes = {"account": moved.to.account.id, "scheduled_at": moment, "pinned": pinned}
    Post.update(changes).where(post).execute()
    moved.to.reassign()
    if moved.is_elsewhere:
        moved.source.reassign()


def _audit(action: str, moved: _Moved, by: str, reason: str = "") -> None:
    if moved.is_elsewhere:
        names = [queue.account.name or "unnamed" for queue in (moved.source, moved.to)]
        reason = ", ".join(filter(None, [reason, f"from {names[0]} to {names[1]}"]))
    AuditEntry.create(actor=by, action=action, subject=f"post {moved.post.id}", reason=reason)
