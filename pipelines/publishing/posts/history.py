"""Attempts: each announcement of a post to the platform, and its outcome."""

from __future__ import annotations

from pathlib import Path

from models import Attempt, Post, now

RUNNING = "running"
INTERRUPTED = "interrupted"
"""Its worker ended before the platform's answer was stored; the post was announced again."""
PUT_BACK = "put_back"
"""A person chose to have it posted automatically instead of by hand."""


def newest(post: Post) -> Attempt | None:
    attempt: Attempt | None = (
        Attempt.select().where(Attempt.post == post).order_by(Attempt.id.desc()).first()
    )
    return attempt


def begin(post: Post, method: str) -> None:
    end(post, INTERRUPTED)
    Attempt.create(post=post, method=method, outcome=RUNNING)


def go_on(post: Post) -> None:
    """The newest attempt continues, whatever had stopped it."""
    _change(newest(post), outcome=RUNNING)


def all_sent(post: Post, size: int) -> None:
    """The last byte has arrived: the attempt's ``seconds`` are the time of its upload."""
    attempt = newest(post)
    if attempt is not None:
        _change(attempt, bytes_sent=size, seconds=attempt.seconds or age(attempt))


def end(
    post: Post, outcome: str, *, reason: str = "", platform_id: str = "", screenshot: str = ""
) -> bool:
    """End the running attempt; False if none is running."""
    attempt = newest(post)
    if attempt is None or attempt.outcome != RUNNING:
        return False
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
        Attempt.create(
            post=post, method=method, outcome=outcome, reason=reason, screenshot=screenshot
        )


def keep_screenshot(post: Post, screenshot: Path | None) -> None:
    """Store the browser's screenshot with the newest attempt."""
    _change(newest(post), screenshot=str(screenshot or ""))


def age(attempt: Attempt | None) -> float:
    """Seconds since the announcement; 0 if there was none."""
    return (now() - attempt.created_at).total_seconds() if attempt is not None else 0.0


def ended_as(post: Post, outcomes: frozenset[str]) -> int:
    """The number of attempts at this post that ended in one of ``outcomes``."""
    count: int = Attempt.select().where(Attempt.post == post, Attempt.outcome.in_(outcomes)).count()
    return count


def _change(attempt: Attempt | None, **values: object) -> None:
    if attempt is not None:
        Attempt.update(**values).where(Attempt.id == attempt.id).execute()
