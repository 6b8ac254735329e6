"""Attempts: each announcement of a post to the platform, and its outcome."""

from __future__ import annotations

from functools import partial

from prometheus_client import Counter

from core.db import database, on_commit
from models import Attempt, Method, Post, PostState, now

UPLOADS = Counter(
    "storymill_uploads_total", "Tries to publish a post, by method and result", ["way", "outcome"]
)

RUNNING = "running"
INTERRUPTED = "interrupted"
"""Its worker ended before the platform's answer was stored; the post was announced again."""
NOT_LISTED = "not_listed"
"""The button was pressed, and the creator's list showed later that nothing was posted."""
RULED_OUT = "ruled_out"
"""A person has checked on TikTok that the attempt posted nothing."""
PUT_BACK = "put_back"
"""A person chose to have it posted automatically instead of by hand."""
COUNTED = (PostState.PUBLISHED, PostState.INBOX, INTERRUPTED, NOT_LISTED, PUT_BACK, "closed")
"""Outcomes that are counted by name; ``closed`` is that of a method that could not be used."""
for _way in Method:
    for _outcome in (*COUNTED, "failed"):
        UPLOADS.labels(_way, _outcome)  # from 0 on, so that the first one shows as an increase


def newest(post: Post | int) -> Attempt | None:
    attempt: Attempt | None = (
        Attempt.select().where(Attempt.post == post).order_by(Attempt.id.desc()).first()
    )
    return attempt


def may_be_online(post: Post | int) -> bool:
    """Whether the newest attempt pressed a browser's Post button, and nobody knows the result."""
    attempt = newest(post)
    return (
        attempt is not None
        and attempt.method == Method.BROWSER
        and attempt.bytes_sent > 0
        and attempt.outcome not in {NOT_LISTED, RULED_OUT, PostState.PUBLISHED}
    )


def rule_out(post: Post) -> None:
    """A person says that the newest attempt posted nothing."""
    _change(newest(post), outcome=RULED_OUT)


def take_back_ruling(post: Post, outcome: str) -> None:
    """Undo ``rule_out``: the newest attempt ended with ``outcome``."""
    attempt = newest(post)
    if attempt is not None and attempt.outcome == RULED_OUT:
        _change(attempt, outcome=outcome)


def last_screenshot(post: Post) -> str:
    """The name of the picture of what a browser showed last for this post; empty without one."""
    row = (
        Attempt.select(Attempt.screenshot)
        .where(Attempt.post == post, Attempt.screenshot != "")
        .order_by(Attempt.id.desc())
        .first()
    )
    return str(row.screenshot) if row is not None else ""


def begin(post: Post, method: str) -> None:
    end(post, INTERRUPTED)
    Attempt.create(post=post, method=method, outcome=RUNNING)


def go_on(post: Post) -> None:
    """The newest attempt continues, whatever had stopped it."""
    _change(newest(post), outcome=RUNNING)


def may_become_complete(post: Post, size: int) -> None:
    """Stored before the last byte, or the Post button: from here on, it may be on the platform."""
    _change(newest(post), bytes_sent=size)


def is_incomplete(post: Post) -> None:
    """The platform has refused it: nothing of the newest attempt is there."""
    _change(newest(post), bytes_sent=0)


def may_be_complete(post: Post, size: int) -> bool:
    """Whether the newest attempt may have sent the last byte."""
    attempt = newest(post)
    return attempt is not None and attempt.bytes_sent >= size


def count_unknown(post: Post) -> int:
    """The platform says that it doesn't know the newest attempt; how often so in a row."""
    attempt = newest(post)
    times = attempt.unknown_answers + 1 if attempt is not None else 1
    _change(attempt, unknown_answers=times)
    return times


def is_known(post: Post) -> None:
    """The platform knows the newest attempt: what it said before was wrong."""
    Attempt.update(unknown_answers=0).where(
        Attempt.post == post, Attempt.unknown_answers > 0
    ).execute()


def all_sent(post: Post, size: int) -> None:
    """The last byte has arrived: the attempt's ``seconds`` are the time of its upload."""
    attempt = newest(post)
    if attempt is not None:
        _change(attempt, bytes_sent=size, seconds=attempt.seconds or age(attempt))


def learn_number(post: Post, platform_id: str) -> None:
    """Store the number of the public video once; its views can be read with it."""
    Post.update(platform_id=platform_id).where(Post.id == post.id, Post.platform_id == "").execute()
    attempts = Attempt.select(Attempt.id).where(Attempt.post == post).order_by(Attempt.id.desc())
    Attempt.update(platform_id=platform_id).where(
        Attempt.id.in_(attempts.limit(1)), Attempt.platform_id == ""
    ).execute()


def end(
    post: Post, outcome: str, *, reason: str = "", platform_id: str = "", screenshot: str = ""
) -> bool:
    """End the running attempt; False if none is running."""
    attempt = newest(post)
    if attempt is None or attempt.outcome != RUNNING:
        return False
    _count(attempt.method, outcome)
    _change(
        attempt,
        outcome=outcome,
        reason=reason,
        seconds=attempt.seconds or age(attempt),
        platform_id=platform_id,
        screenshot=screenshot,
    )
    return True


def note(post: Post, method: str, outcome: str, reason: str, *, screenshot: str = "") -> None:
    """Record how a method ended, even if nothing was announced."""
    if not end(post, outcome, reason=reason, screenshot=screenshot):
        _count(method, outcome)
        Attempt.create(
            post=post, method=method, outcome=outcome, reason=reason, screenshot=screenshot
        )


def keep_screenshot(post: Post, screenshot: str) -> None:
    """Store the name of the browser's screenshot with the newest attempt."""
    _change(newest(post), screenshot=screenshot)


def age(attempt: Attempt | None) -> float:
    """Seconds since the announcement; 0 if there was none."""
    return (now() - attempt.created_at).total_seconds() if attempt is not None else 0.0


def ended_as(post: Post, outcomes: frozenset[str]) -> int:
    """The number of attempts at this post that ended in one of ``outcomes``."""
    count: int = Attempt.select().where(Attempt.post == post, Attempt.outcome.in_(outcomes)).count()
    return count


def _count(way: str, outcome: str) -> None:
    """An error's code counts as failed: there are too many of them for one figure each."""
    counted = UPLOADS.labels(way, outcome if outcome in COUNTED else "failed")
    if database.in_transaction():
        on_commit(partial(counted.inc, 1))
    else:
        counted.inc()


def _change(attempt: Attempt | None, **values: object) -> None:
    if attempt is not None:
        Attempt.update(**values).where(Attempt.id == attempt.id).execute()
