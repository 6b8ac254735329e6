"""When each post goes out: the queue of an account, and the turns that keep to it (U4).

Booking is the plan that a person sees on the calendar. What counts is the ``turn``: right before a
post is announced, under the lock of its account, cap and gap are looked at once more, and the post
goes or is moved. So they hold exactly, however many workers there are, and a plan that something
has overtaken (downtime, a changed cap) mends itself.

``Post.scheduled_at`` is the time that is planned, and from the turn on the moment when that was.

After downtime nothing bursts. What is more than ``GRACE`` late takes the account's next free times
in the order of the queue: with slots the next slots, none of them now; without slots the first may
go now and the others keep their gap. Where there is neither slot nor gap, posts go out together as
they always do there, as many as the cap allows. A pinned post that was missed goes out as soon as
gap and cap allow, since that moment was a person's wish and the next slot would be further from it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core import db
from core.errors import AccountFullError, InputError, Wait
from models import Account, AuditEntry, Part, Post, PostState, Video
from pipelines.publishing.scheduling.account_queue import GRACE, OVER, Bookings
from pipelines.publishing.scheduling.slots import moments, spoken

PAUSE_WITHOUT_SLOTS = timedelta(hours=6)
"""How long an account without slots rests when the platform has had enough of its posts."""
PART_SECONDS = 600.0
"""The end of the part before wakes the next; it only looks by itself in case that was missed."""
NEVER_SECONDS = 3_600.0
THIS_MINUTE = timedelta(minutes=1)
"""Forms know no seconds: the minute that has begun is not the past yet."""
FARTHEST = timedelta(days=731)


def book(post: Post) -> None:
    """Give a planned post the account's next free time, and the parts that waited for it theirs.

    Inside the transaction that plans it. A pinned post keeps its time.
    """
    if not post.pinned:
        with db.transaction():
            Bookings.of(post).book(post.id)


def rebook(account_id: int) -> None:
    """Give the account's queue its times anew, in order.

    To be called when its slots, zone, cap or gap have changed, or a time has become free.
    """
    with db.transaction():
        Bookings(account_id).rebook()


def call_up(post: Post) -> None:
    """Let the post's job, if it waits, be due at the post's time."""
    with db.transaction():
        time = Post.get_by_id(post.id).scheduled_at
        if time is not None:
            Bookings.of(post).set_due({post.id: time})


def next_time_after(account: Account, moment: datetime) -> datetime | None:
    """The first time from ``moment`` on that no post has; None when the account takes none."""
    bookings = Bookings(account.id, lock=False)
    planned = Post.select(Post.scheduled_at).where(
        Post.account == account,
        Post.state == PostState.PLANNED,
        Post.scheduled_at >= bookings.now - GRACE,
    )
    taken = [*bookings.gone(), *(post.scheduled_at for post in planned)]
    return bookings.diary(taken).next_free(moment)


# ── the turn ─────────────────────────────────────────────────────────────────────────────────


def turn(post: Post) -> Wait | None:
    """Let the post go now, or move it to its time.

    To be called in the transaction that would announce it, before any post is written, when the
    post has no ``publish_id``. A post that was interrupted in its turn is looked at like others,
    and is planned again where it has to wait.

    Returns:
        None: it may go, and its turn is on record. Else what to raise once this transaction is
        committed, so that the job waits as long.
    """
    with db.transaction():
        bookings = Bookings.of(post)
        unfinished = _part_before(post)
        if unfinished is not None:
            return Wait(f"part {unfinished} of this story to be out", after=PART_SECONDS)
        _read(post)
        if not post.pinned and post.state != PostState.CLAIMING and _is_missed(post, bookings):
            _plan_again(post)
            bookings.rebook()
            _read(post)
        due = post.scheduled_at
        if due is None or due > bookings.now:
            return _wait(post, bookings)
        others = bookings.gone(but=post.id) + ([] if post.pinned else bookings.pinned())
        if bookings.diary(others).free_at(bookings.now):
            _schedule(post, bookings.now)
            return None
        _plan_again(post)
        _move_pinned(post, bookings, bookings.now)
        bookings.rebook(moving=post.id)
        _read(post)
        return _wait(post, bookings)


def moved_on(post: Post) -> AccountFullError:
    """Move a post and all behind it, as the platform takes no more of the account for now.

    They go to the next slots, or some hours on where the account has none. In the transaction
    that plans the post again, before its row is written.

    Returns:
        What to raise once the transaction is committed.
    """
    with db.transaction():
        bookings = Bookings.of(post)
        _plan_again(post)
        slots = moments(bookings.slots, bookings.where, bookings.now)
        earliest = next(slots, bookings.now + PAUSE_WITHOUT_SLOTS)
        _move_pinned(post, bookings, earliest)
        # With slots there is nothing before the next one anyway.
        since = None if bookings.slots else earliest
        bookings.rebook(refused=post.id, since=since)
        _read(post)
        wait = _wait(post, bookings)
    return AccountFullError(
        f"{wait}, as the platform takes no more posts of this account for now",
        after=wait.after or 0,
    )


def _is_missed(post: Post, bookings: Bookings) -> bool:
    return post.scheduled_at is None or post.scheduled_at < bookings.now - GRACE


def _plan_again(post: Post) -> None:
    _read(post)
    if post.state != PostState.PLANNED:
        post.move(PostState.PLANNED)


def _move_pinned(post: Post, bookings: Bookings, earliest: datetime) -> None:
    """A pinned post keeps its place outside the queue, but cap and gap are for it too."""
    if post.pinned and bookings.account.posts_a_day > 0:
        diary = bookings.diary(bookings.gone(but=post.id))
        _schedule(post, diary.next_allowed(earliest))


def _wait(post: Post, bookings: Bookings) -> Wait:
    if post.scheduled_at is None or post.scheduled_at <= bookings.now:
        return Wait("an account that may have more than 0 posts a day", after=NEVER_SECONDS)
    left = (post.scheduled_at - bookings.now).total_seconds()
    return Wait(bookings.waits_for(post.scheduled_at), after=left)


def _read(post: Post) -> None:
    fresh = Post.select(Post.state, Post.pinned, Post.scheduled_at).where(Post.id == post.id).get()
    post.state, post.pinned, post.scheduled_at = fresh.state, fresh.pinned, fresh.scheduled_at


def _schedule(post: Post, moment: datetime) -> None:
    post.scheduled_at = moment
    Post.update(scheduled_at=moment).where(Post.id == post.id).execute()


def _part_before(post: Post) -> int | None:
    """The number of an earlier part that has not ended yet on this account."""
    part = post.video.part
    over = (
        Part.select(Part.number)
        .join(Video)
        .join(Post)
        .where(
            Part.script == part.script,
            Part.number < part.number,
            Post.account == post.account,
            Post.state.in_(OVER),
        )
    )
    missing = set(range(1, part.number)) - {row.number for row in over}
    return min(missing, default=None)


# ── a person's choice ────────────────────────────────────────────────────────────────────────


def pin(post_id: int, moment: datetime, by: str) -> None:
    """A person chooses when a planned post goes out; what stands in its way moves.

    Raises:
        InputError: it is not planned any more, or the time is past, too far off, too close to one
            that can't move, on a day that is full, or against the order of the story's parts.
    """
    with db.transaction():
        post, bookings = _to_be_moved(post_id)
        if moment < bookings.now - THIS_MINUTE:
            raise InputError("This time is past: choose a later one.")
        if moment > bookings.now + FARTHEST:
            raise InputError("That is more than two years away: choose an earlier time.")
        moment = max(moment, bookings.now)
        _check_against_fixed(bookings, post_id, moment)
        _check_against_parts(bookings, post_id, moment)
        Post.update(scheduled_at=moment, pinned=True).where(Post.id == post_id).execute()
        bookings.rebook()
        bookings.set_due({post_id: moment})
        _audit("post.pin", post, by, spoken(bookings.where, moment))


def unpin(post_id: int, by: str) -> None:
    """Back to the queue: the account's next times are for it again.

    Raises:
        InputError: it is not planned any more, or stands in the queue already.
    """
    with db.transaction():
        post, bookings = _to_be_moved(post_id)
        if not post.pinned:
            raise InputError("This post stands in the queue already.")
        Post.update(pinned=False).where(Post.id == post_id).execute()
        bookings.rebook()
        _audit("post.unpin", post, by)


def _to_be_moved(post_id: int) -> tuple[Post, Bookings]:
    """The post as it is under its account's lock."""
    post = Post.get_or_none(Post.id == post_id)
    if post is None:
        raise InputError(f"There is no post {post_id}.")
    bookings = Bookings.of(post)
    post = Post.select(Post.id, Post.state, Post.pinned).where(Post.id == post_id).get()
    if post.state != PostState.PLANNED:
        raise InputError(f"This post is {post.state}: only a planned one can be moved.")
    return post, bookings


def _check_against_fixed(bookings: Bookings, post_id: int, moment: datetime) -> None:
    diary = bookings.diary([*bookings.gone(), *bookings.pinned(but=post_id)])
    if diary.free_at(moment):
        return
    account = bookings.account
    raise InputError(
        f"No post can go out on {spoken(bookings.where, moment)}: {account.name or 'the account'} "
        f"may have {account.posts_a_day} posts a day, {account.gap_minutes} minutes apart, and "
        "those that are out or pinned leave no room there. Choose another time."
    )


def _check_against_parts(bookings: Bookings, post_id: int, moment: datetime) -> None:
    """Unpinned later parts move by themselves; all else stays."""
    story = next(s for s in bookings.stories() if any(row.id == post_id for row in s))
    ours = next(row for row in story if row.id == post_id)
    for row in story:
        if row.state != PostState.PLANNED or row.time is None or row.id == post_id:
            continue
        earlier = row.number < ours.number
        if (earlier and row.time > moment) or (not earlier and row.pinned and row.time < moment):
            raise InputError(
                f"Part {row.number} of this story goes out on "
                f"{spoken(bookings.where, row.time)}, and part {ours.number} can't come "
                f"{'before' if earlier else 'after'} it: choose another time, or move that part "
                "first."
            )


def _audit(action: str, post: Post, by: str, reason: str = "") -> None:
    AuditEntry.create(actor=by, action=action, subject=f"post {post.id}", reason=reason)
