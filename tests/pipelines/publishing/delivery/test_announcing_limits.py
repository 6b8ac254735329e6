"""The limits of announcing: taken right before the announcement, and kept at the platform."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog

from core.limiter import Limiter
from models import (
    Account,
    Job,
    JobState,
    LimitSetting,
    Method,
    Post,
    PostState,
    Video,
    now,
)
from pipelines import ledger
from pipelines.limit_grants import Grants
from pipelines.publishing.delivery.publish import publish as publish_post
from pipelines.rate_limits import (
    CREATOR_INFO,
    INBOX_INIT,
    INIT,
    POSTS,
    Limits,
)
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.job_runner import Desk
from tests.waiting import until
from tests.workers.running import running
from workers.stage_actor import claim

Connect = Callable[..., Account]
MakeVideos = Callable[..., list[Video]]
ANNOUNCING = (INIT, INBOX_INIT, POSTS)


@pytest.fixture
def posts(desk: Desk, connect: Connect, make_videos: MakeVideos) -> Callable[[int], list[Post]]:
    """Plans stories of one part each, on one account, all due at once."""

    def plan(count: int) -> list[Post]:
        connect()
        Account.update(posts_a_day=100).execute()
        return [post for _ in range(count) for video in make_videos() for post in desk.plan(video)]

    return plan


def set_limit(name: str, count: int, seconds: float) -> None:
    LimitSetting.update(count=count, seconds=seconds).where(LimitSetting.name == name).execute()


def used(grants: Grants, post: Post) -> dict[str, int]:
    """Grants taken of each limit on announcing, for the post's account."""
    asked = [grants.limits.as_set(replace(one, key=str(post.account.id))) for one in ANNOUNCING]
    counts = zip(asked, grants.limiter.usage(asked), strict=True)
    return {limit.name: usage.used for limit, usage in counts if usage.used}


# ── when they are taken ──────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_a_post_that_waits_or_fails_before_it_is_announced_takes_nothing(
    desk: Desk, posts: Callable[[int], list[Post]], grants: Grants, redis_url: str
) -> None:
    # Given a worker with all its middleware, and two posts that are due: the account of one takes
    # no posts now, the file of the other is gone
    waits, fails = posts(2)
    Account.update(posts_a_day=0).execute()
    Video.update(path="/gone.mp4").where(Video.id == fails.video.id).execute()

    def publish(post_id: int) -> None:
        publish_post(post_id, claim(), desk.platform)

    # When the worker tries both
    with structlog.testing.capture_logs(), running(redis_url, publish, queues=("network",)):
        for post in (waits, fails):
            ledger.send_wakeup("publish", post.id)
        until(lambda: Post.get_by_id(fails.id).state == PostState.FAILED)
        until(lambda: "0 posts a day" in job(waits).waits_for)

    # Then nothing of the account's limits is used
    assert used(grants, waits) == {}


@pytest.mark.slow
def test_an_announcement_takes_its_limits_and_a_refusal_gives_the_post_of_the_day_back(
    desk: Desk, posts: Callable[[int], list[Post]], sandbox: RunningSandbox, grants: Grants
) -> None:
    announced, refused, drafted = posts(3)
    Post.update(method=Method.INBOX).where(Post.id == drafted.id).execute()

    # When one post is announced, one refused, and one sent to the inbox
    desk.try_once("publish", announced)
    sandbox.fault("tiktok", "init", "invalid_params")
    desk.try_once("publish", refused)
    desk.try_once("publish", drafted)

    # Then every announcement counts for the minute, but only what TikTok took for the day
    assert Post.get_by_id(refused.id).state == PostState.FAILED
    assert used(grants, announced) == {INIT.name: 2, INBOX_INIT.name: 1, POSTS.name: 1}


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["lost_response", "500"])
def test_tries_of_one_post_count_once_for_the_day(
    desk: Desk,
    posts: Callable[[int], list[Post]],
    sandbox: RunningSandbox,
    grants: Grants,
    lost: str,
) -> None:
    (post,) = posts(1)
    sandbox.fault("tiktok", "init", lost, times=2)

    for _ in range(3):
        desk.try_once("publish", post)

    assert Post.get_by_id(post.id).state == PostState.PROCESSING
    assert used(grants, post) == {INIT.name: 3, POSTS.name: 1}


@pytest.mark.slow
@pytest.mark.parametrize("name", [INIT.name, POSTS.name, CREATOR_INFO.name])
def test_a_post_over_a_limit_waits_unannounced_and_uses_no_attempt(
    desk: Desk, posts: Callable[[int], list[Post]], sandbox: RunningSandbox, name: str
) -> None:
    # Given one announcement a minute, and a post that was interrupted while it was announced
    first, second = posts(2)
    set_limit(name, 1, 60)
    desk.try_once("publish", first)
    Post.update(state=PostState.CLAIMING).where(Post.id == second.id).execute()

    # When it is tried again
    desk.try_once("publish", second)

    # Then it waits for that limit, and nothing was announced
    waiting = job(second)
    assert (waiting.state, waiting.attempts) == (JobState.WAITING, 0)
    assert f"rate limit {name} (1 in 60 s)" in ledger.explain(waiting)
    if name != CREATOR_INFO.name:
        assert Post.get_by_id(second.id).state == PostState.PLANNED
    assert len(sandbox.log(call="init")) == 1


def test_while_redis_is_away_nothing_is_announced(
    desk: Desk, posts: Callable[[int], list[Post]], sandbox: RunningSandbox
) -> None:
    (post,) = posts(1)
    away = Grants(Limiter.at("redis://127.0.0.1:9/0"), Limits())
    desk.platform = replace(desk.platform, grants=away)

    desk.try_once("publish", post)

    assert (job(post).state, job(post).attempts) == (JobState.WAITING, 0)
    assert "Redis does not answer" in ledger.explain(job(post))
    assert sandbox.log(call="init") == []


# ── what arrives at the platform ─────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_the_seventh_announcement_arrives_after_the_window_of_the_first(
    desk: Desk, posts: Callable[[int], list[Post]], sandbox: RunningSandbox
) -> None:
    # Given six announcements in any two seconds, and a way to TikTok that takes a second longer
    # for the first of them than for the others
    seconds = 2.0
    set_limit(INIT.name, 6, seconds)
    planned = posts(7)
    direct = desk.publisher.begin_direct_post
    first = threading.Event()

    def slow_at_first(*arguments: object) -> object:
        if not first.is_set():
            first.set()
            time.sleep(1.0)
        return direct(*arguments)  # type: ignore[arg-type]

    desk.publisher.begin_direct_post = slow_at_first  # type: ignore[method-assign, assignment]

    # When seven posts are announced as soon as they may
    def all_announced() -> bool:
        for post in planned:
            if job(post).state == JobState.WAITING and job(post).due_at <= now():
                desk.try_once("publish", post)
        return len(sandbox.log(call="init", status=200)) == len(planned)

    until(all_announced)

    # Then the platform got the seventh at least that long after the first, and refused none
    calls = [datetime.fromisoformat(call["at"]) for call in sandbox.log(call="init")]
    assert len(calls) == len(planned)
    assert calls[6] - calls[0] >= timedelta(seconds=seconds)


def job(post: Post) -> Job:
    found = Job.of("publish", post.id)
    assert found is not None
    return found
