"""Learns the numbers of public videos, and what became of drafts, by asking TikTok now and then.

TikTok gives a public video its number only after its moderation, minutes to hours after the post is
complete; a private video never gets one. A draft in the creator's inbox becomes a post when its
creator publishes it. Webhooks report both, but they can be lost or not be set up. So TikTok is
asked about each such post, ever less often, for 30 days.

When each is asked about is kept as for view counts (``asking_times.py``): once the number is known,
the counts are read (``insights.py``).
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from peewee import fn

from adapters.ports import Authorizer, PostStatus, Publisher
from core import db
from core.errors import ConfigurationError, Retryable, StageError
from core.limiter import Limiter, LimiterUnavailableError
from models import Account, AccountState, Method, Post, PostState, locked, now
from pipelines.publishing.accounts import tokens
from pipelines.publishing.asking_times import AWAY, NEVER, SHUT, TICK_SECONDS, move_on, next_after
from pipelines.publishing.delivery.method_availability import API_SCOPES, granted
from pipelines.publishing.posts import history
from pipelines.rate_limits import STATUS, Limits
from pipelines.subscriptions import events

log = structlog.get_logger(__name__)

STEPS = (
    (timedelta(minutes=15), timedelta(minutes=1)),
    (timedelta(hours=3), timedelta(minutes=15)),
    (timedelta(hours=24), timedelta(hours=1)),
    (timedelta(days=7), timedelta(hours=6)),
    (timedelta(days=30), timedelta(days=1)),
)
"""Up to this age of a post, ask this often: 94 times in all, then never again."""
MOST_A_TICK = 500
ASKED_ABOUT = (PostState.PUBLISHED, PostState.INBOX)


@dataclass(frozen=True, slots=True)
class Due:
    post_id: int
    account_id: int
    publish_id: str


def learn_due(
    publisher: Publisher, authorizer: Authorizer, limiter: Limiter, limits: Limits
) -> Counter[str]:
    """Ask about every post that is due; the number of posts by outcome.

    Any number of processes may do so at once. Never raises for an account that can't be asked.

    Args:
        publisher: tells the status.
        authorizer: for tokens that have to be refreshed.
        limiter: grants the calls, by the limit ``tiktok_status``.
        limits: the limits as currently set.
    """
    deadline = time.monotonic() + TICK_SECONDS
    _begin()
    by_account: dict[int, list[Due]] = defaultdict(list)
    for due in _take_due():
        by_account[due.account_id].append(due)
    counts: Counter[str] = Counter()
    for account_id, posts in by_account.items():
        asking = _Asking(account_id, publisher, authorizer, limiter, limits, deadline)
        counts.update(asking.ask(posts))
    if counts:
        log.info("video_numbers_asked", **counts)
    return counts


@dataclass(slots=True)
class _Asking:
    """One account's questions in a tick."""

    account_id: int
    publisher: Publisher
    authorizer: Authorizer
    limiter: Limiter
    limits: Limits
    deadline: float

    def ask(self, posts: list[Due]) -> Counter[str]:
        columns = Account.select(Account.id, Account.name, Account.open_id, Account.state)
        account = columns.select_extend(Account.scopes).where(Account.id == self.account_id).get()
        if account.state != AccountState.CONNECTED or not _may_ask(account):
            return _put_off(posts, SHUT, "not_allowed")
        counts: Counter[str] = Counter()
        for place, due in enumerate(posts):
            pause = self.pause()
            if pause is None:
                try:
                    counts[_learn(due, self.status(account, due))] += 1
                    continue
                except Retryable as error:
                    log.warning("number_not_asked", account=self.account_id, code=error.code)
                    pause = max(AWAY, timedelta(seconds=error.after or 0))
                except (StageError, ConfigurationError) as error:  # the latter: unreadable token
                    log.warning("number_not_asked", account=self.account_id, error=str(error))
                    counts["refused"] += 1
                    continue
            return counts + _put_off(posts[place:], pause, "left_for_later")
        return counts

    def pause(self) -> timedelta | None:
        """How long nothing may be asked now; None if it may."""
        if time.monotonic() > self.deadline:
            return timedelta()
        limit = self.limits.as_set(replace(STATUS, key=str(self.account_id)))
        try:
            grant = self.limiter.acquire([limit], who=f"numbers:{self.account_id}")
        except LimiterUnavailableError as error:
            log.warning("number_not_asked", account=self.account_id, error=str(error))
            return AWAY
        return None if grant.granted else timedelta(seconds=grant.seconds)

    def status(self, account: Account, due: Due) -> PostStatus:
        return tokens.with_token(
            account,
            self.authorizer,
            lambda token: self.publisher.status(token, due.publish_id),
        )


def _may_ask(account: Account) -> bool:
    return not {API_SCOPES[Method.DIRECT], API_SCOPES[Method.INBOX]}.isdisjoint(granted(account))


def _learn(due: Due, status: PostStatus) -> str:
    with db.transaction():
        post = locked(
            Post.select(Post.id, Post.state, Post.platform_id).where(Post.id == due.post_id)
        ).get()
        if post.state == PostState.INBOX and status.state == "published":
            at = now()
            if post.try_move(PostState.PUBLISHED, published_at=at, reason="", next_insight_at=at):
                events.post_published(post.id)
        if post.state == PostState.INBOX and status.failure is not None:
            _note(post, f"TikTok says it can't be posted from the inbox: {status.failure}")
            return "failed_in_inbox"
        if not status.platform_id:
            return "no_number_yet"
        history.learn_number(post, status.platform_id)
        Post.update(next_insight_at=now()).where(Post.id == post.id).execute()
        return "learned"


def _note(post: Post, sentence: str) -> None:
    Post.update(reason=sentence, next_insight_at=NEVER).where(Post.id == post.id).execute()


def _begin() -> None:
    """Drafts that were delivered since the last tick are due now; ``insights`` begins the rest."""
    new = Post.select(Post.id).where(
        Post.state == PostState.INBOX,
        Post.next_insight_at.is_null(),
        Post.scheduled_at > now() - STEPS[-1][0],
    )
    with db.transaction():
        ids = [post.id for post in locked(new.limit(MOST_A_TICK), skip_locked=True)]
        Post.update(next_insight_at=now()).where(Post.id.in_(ids)).execute()


def _take_due() -> list[Due]:
    """The posts that are due, the longest waiting first; each is moved to its next time."""
    moment = now()
    since = fn.COALESCE(Post.published_at, Post.scheduled_at)
    columns = Post.select(Post.id, Post.account, Post.publish_id, since)
    due = columns.where(
        Post.next_insight_at <= moment,
        Post.state.in_(ASKED_ABOUT),
        Post.platform_id == "",
        Post.publish_id.is_null(False),
    ).order_by(Post.next_insight_at, Post.id)
    with db.transaction():
        rows: list[Any] = list(locked(due.limit(MOST_A_TICK), skip_locked=True).tuples())
        move_on(
            [
                (post_id, next_after(went_out, moment, STEPS) or NEVER)
                for post_id, *_, went_out in rows
            ]
        )
    return [Due(*row[:3]) for row in rows]


def _put_off(posts: list[Due], length: timedelta, why: str) -> Counter[str]:
    ids = [due.post_id for due in posts]
    Post.update(next_insight_at=now() + length).where(Post.id.in_(ids)).execute()
    return Counter({why: len(posts)})
