"""View counts of published videos: read often while a video is new, less often later.

A tick takes the videos that are due (``asking_times.py``; once a post is published, a tick starts
it) and asks TikTok about them, account by account, without a connection to the database. A problem
with one account doesn't affect the others.

A post without a known number on the platform (private posts never get one) is not asked about.
``video_numbers.py`` learns the numbers of posts that went out over the API; others wait for theirs
at the same intervals.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from peewee import fn

from adapters.ports import Authorizer, Insights, VideoCounts
from core import db
from core.errors import ConfigurationError, Retryable, StageError
from core.limiter import Limiter, LimiterUnavailableError
from models import Account, AccountState, LatestCount, Post, PostState, locked, now
from pipelines.publishing.accounts import tokens
from pipelines.publishing.asking_times import AWAY, NEVER, SHUT, TICK_SECONDS, move_on, next_after
from pipelines.publishing.counts import store
from pipelines.rate_limits import VIDEO_QUERY, Limits

log = structlog.get_logger(__name__)

STEPS = (
    (timedelta(hours=3), timedelta(minutes=15)),
    (timedelta(hours=24), timedelta(hours=1)),
    (timedelta(days=7), timedelta(hours=6)),
    (timedelta(days=30), timedelta(days=1)),
)
"""Up to this age of a video, ask this often: 80 times in all, then never again."""

SCOPE = "video.list"
MOST_A_CALL = 20
MOST_A_TICK = 1_000
GONE_AFTER = timedelta(hours=48)
"""A video that TikTok has not listed for this long, asked at least every six hours, is gone."""
GONE = (
    "TikTok no longer lists this video (it was deleted or made private), so its views are no "
    "longer read."
)


@dataclass(frozen=True, slots=True)
class Due:
    post_id: int
    account_id: int
    platform_id: str


def measure_due(
    insights: Insights, authorizer: Authorizer, limiter: Limiter, limits: Limits
) -> Counter[str]:
    """Read the counts of every video that is due; the number of videos counted, missing and so on.

    Any number of processes may do so at once. Never raises for an account that can't be asked.

    Args:
        insights: the platform's figures.
        authorizer: for tokens that have to be refreshed.
        limiter: grants the calls, by the limit ``tiktok_video_query``.
        limits: the limits as currently set.
    """
    tick = _Tick(insights, authorizer, limiter, limits, time.monotonic() + TICK_SECONDS, Counter())
    _begin()
    by_account: dict[int, list[Due]] = defaultdict(list)
    for due in _take_due():
        by_account[due.account_id].append(due)
    for account_id, posts in by_account.items():
        tick.measure(account_id, posts)
    if tick.counts:
        log.info("videos_measured", **tick.counts)
    return tick.counts


@dataclass(slots=True)
class _Tick:
    insights: Insights
    authorizer: Authorizer
    limiter: Limiter
    limits: Limits
    deadline: float
    counts: Counter[str]

    def measure(self, account_id: int, posts: list[Due]) -> None:
        columns = Account.select(
            Account.id, Account.name, Account.open_id, Account.state, Account.scopes
        )
        account = columns.where(Account.id == account_id).get()
        if account.state != AccountState.CONNECTED or SCOPE not in account.scopes.split(","):
            self.put_off(account_id, posts, SHUT, "not_allowed")
            return
        while posts:
            batch, rest = posts[:MOST_A_CALL], posts[MOST_A_CALL:]
            if not self.may_ask(account_id, posts):
                return
            try:
                found = self.ask(account, batch)
            except Retryable as error:
                log.warning("videos_not_measured", account=account_id, code=error.code)
                self.pause(account_id, posts, error)
                return
            except (StageError, ConfigurationError) as error:  # the latter: an unreadable token
                log.warning("videos_not_measured", account=account_id, error=str(error))
                self.put_off(account_id, posts, SHUT, "refused")
                return
            _write(batch, found)
            self.counts.update(
                "counted" if due.platform_id in found else "missing" for due in batch
            )
            posts = rest

    def may_ask(self, account_id: int, posts: list[Due]) -> bool:
        if time.monotonic() > self.deadline:
            self.put_off(account_id, posts, timedelta(), "left_for_later")
            return False
        limit = self.limits.as_set(replace(VIDEO_QUERY, key=str(account_id)))
        try:
            grant = self.limiter.acquire([limit], who=f"insights:{account_id}")
        except LimiterUnavailableError as error:
            log.warning("videos_not_measured", account=account_id, error=str(error))
            self.put_off(account_id, posts, AWAY, "left_for_later")
            return False
        if not grant.granted:
            self.put_off(account_id, posts, timedelta(seconds=grant.seconds), "left_for_later")
        return grant.granted

    def ask(self, account: Account, posts: list[Due]) -> dict[str, VideoCounts]:
        ids = [due.platform_id for due in posts]
        found = tokens.with_token(
            account, self.authorizer, lambda token: self.insights.counts(token, ids)
        )
        return {video_id: counts for video_id, counts in found.items() if video_id in ids}

    def pause(self, account_id: int, posts: list[Due], error: Retryable) -> None:
        length = max(AWAY, timedelta(seconds=error.after or 0))
        self.put_off(account_id, posts, length, "left_for_later")

    def put_off(self, account_id: int, posts: list[Due], length: timedelta, why: str) -> None:
        """Make nothing of the account due for ``length``, as asking would fail."""
        self.counts[why] += len(posts)
        at = now() + length
        ids = [due.post_id for due in posts]
        with db.transaction():
            sooner = (Post.account == account_id) & (Post.next_insight_at < at)
            wanted = Post.select(Post.id).where(Post.id.in_(ids) | sooner).order_by(Post.id)
            found = [post.id for post in locked(wanted)]
            Post.update(next_insight_at=at).where(Post.id.in_(found)).execute()


def _begin() -> None:
    """Posts that were published since the last tick are due now."""
    new = Post.select(Post.id).where(
        Post.state == PostState.PUBLISHED,
        Post.next_insight_at.is_null(),
        Post.published_at > now() - STEPS[-1][0],
    )
    with db.transaction():
        ids = [post.id for post in locked(new.limit(MOST_A_TICK), skip_locked=True)]
        Post.update(next_insight_at=now()).where(Post.id.in_(ids)).execute()


def _take_due() -> list[Due]:
    """The posts that are due, the longest waiting first; each is moved to its next time."""
    moment = now()
    columns = Post.select(Post.id, Post.account, Post.platform_id, Post.published_at)
    due = columns.where(
        Post.next_insight_at <= moment,
        Post.state == PostState.PUBLISHED,
        (Post.platform_id != "") | Post.publish_id.is_null(),
        Post.published_at.is_null(False),
    ).order_by(Post.next_insight_at, Post.id)
    with db.transaction():
        posts: list[Any] = list(locked(due.limit(MOST_A_TICK), skip_locked=True).tuples())
        move_on(
            [
                (post_id, next_after(published_at, moment, STEPS) or NEVER)
                for post_id, *_, published_at in posts
            ]
        )
    return [Due(*post[:3]) for post in posts if post[2]]


def _write(posts: Sequence[Due], found: dict[str, VideoCounts]) -> None:
    seen = {due.post_id: found[due.platform_id] for due in posts if due.platform_id in found}
    missing = [due.post_id for due in posts if due.platform_id not in found]
    ids = [due.post_id for due in posts]
    with db.transaction():
        list(locked(Post.select(Post.id).where(Post.id.in_(ids)).order_by(Post.id)))
        for post_id, counts in seen.items():
            if counts.address:
                Post.update(address=counts.address).where(
                    Post.id == post_id, Post.address == ""
                ).execute()
        if missing:
            _end_what_is_gone(missing)
        store(seen, now())


def _end_what_is_gone(post_ids: Iterable[int]) -> None:
    long_ago = now() - GONE_AFTER
    seen_since = LatestCount.select(LatestCount.post).where(
        LatestCount.post == Post.id, LatestCount.counted_at > long_ago
    )
    Post.update(next_insight_at=NEVER, reason=GONE).where(
        Post.id.in_(list(post_ids)), Post.published_at < long_ago, ~fn.EXISTS(seen_since)
    ).execute()
