"""View counts are read often at first, less often later, and disturb nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from redis import Redis

from adapters.ports import Authorizer
from adapters.tiktok.api.insights import TikTokInsights
from core import db
from core.limiter import Limiter, beside
from models import (
    Account,
    AccountState,
    ComparedBy,
    DayTotal,
    Insight,
    LatestCount,
    LimitSetting,
    Post,
    PostState,
    SourceAccount,
    Video,
    now,
)
from pipelines.publishing import insights
from pipelines.publishing.asking_times import NEVER, next_after
from pipelines.publishing.insights import GONE, STEPS
from pipelines.rate_limits import MARGIN_SECONDS, Limits
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.job_runner import Desk

pytestmark = pytest.mark.slow

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BORN = datetime(2026, 11, 1, 12, 34, 56, tzinfo=UTC)

Measure = Callable[[], dict[str, int]]
PublishTo = Callable[..., Post]


@pytest.mark.parametrize(
    ("age", "then"),
    [
        (-MINUTE, 15 * MINUTE),  # our clock is behind
        (timedelta(), 15 * MINUTE),
        (14 * MINUTE, 15 * MINUTE),
        (15 * MINUTE, 30 * MINUTE),
        (2 * HOUR + 59 * MINUTE, 3 * HOUR),
        (3 * HOUR, 4 * HOUR),
        (9 * HOUR + 20 * MINUTE, 10 * HOUR),
        (23 * HOUR + 59 * MINUTE, 24 * HOUR),
        (24 * HOUR, 30 * HOUR),
        (6 * DAY + 23 * HOUR, 7 * DAY),
        (7 * DAY, 8 * DAY),
        (29 * DAY + HOUR, 30 * DAY),
        (30 * DAY, None),
        (400 * DAY, None),
    ],
)
def test_an_older_video_is_asked_about_less_often(age: timedelta, then: timedelta | None) -> None:
    assert next_after(BORN, BORN + age, STEPS) == (then if then is None else BORN + then)


def test_a_curve_has_eighty_points() -> None:
    points, at = 0, BORN
    while (then := next_after(BORN, at, STEPS)) is not None:
        points, at = points + 1, then

    assert points == 80


@pytest.fixture
def limiter(redis_url: str) -> Iterator[Limiter]:
    yield Limiter.at(redis_url)
    with closing(Redis.from_url(beside(redis_url))) as client:
        client.flushdb()


@pytest.fixture
def measure(
    record: None, sandbox: RunningSandbox, authorizer: Authorizer, limiter: Limiter
) -> Measure:
    def measure() -> dict[str, int]:
        figures = TikTokInsights(api_url=sandbox.tiktok_url)
        return dict(insights.measure_due(figures, authorizer, limiter, Limits()))

    return measure


@pytest.fixture
def publish_to(
    desk: Desk, connect: Callable[..., Account], make_videos: Callable[..., list[Video]]
) -> PublishTo:
    """Publishes a video on the creator's account, visible to everybody."""

    def publish(creator: str = "storymill_tales") -> Post:
        account = connect(creator)
        Account.update(privacy="PUBLIC_TO_EVERYONE").where(Account.id == account.id).execute()
        [video] = make_videos()
        source = video.part.script.story.source
        SourceAccount.delete().execute()
        SourceAccount.create(source=source, account=account)
        [post] = desk.plan(video)
        desk.work_off()
        post = Post.get_by_id(post.id)
        assert post.state == PostState.PUBLISHED
        assert post.platform_id
        return post

    return publish


def later(post: Post, age: timedelta) -> None:
    """The post is ``age`` old, and due."""
    Post.update(published_at=now() - age, next_insight_at=now()).where(Post.id == post.id).execute()


def test_a_published_video_is_counted_at_once_and_again_when_its_time_comes(
    publish_to: PublishTo, measure: Measure, sandbox: RunningSandbox
) -> None:
    post = publish_to()

    assert measure() == {"counted": 1}
    assert measure() == {}  # not due
    sandbox.advance(6 * 3_600)
    later(post, 6 * HOUR)
    assert measure() == {"counted": 1}

    first, second = Insight.select().order_by(Insight.id)
    assert (first.post.id, second.post.id) == (post.id, post.id)
    assert second.views > first.views
    assert second.likes > 0
    after = Post.get_by_id(post.id)
    assert after.address.endswith(f"/@storymill_tales/video/{post.platform_id}")
    assert now() < after.next_insight_at <= now() + HOUR


def test_one_call_asks_for_up_to_twenty_videos_of_one_account(
    publish_to: PublishTo, measure: Measure, sandbox: RunningSandbox
) -> None:
    posts = [publish_to(), publish_to("midnight_pages")]
    for post in posts:
        for number in range(22):  # one call more, and two videos
            copied(post, number)

    counts = measure()

    asked = sandbox.log(call="video_query", status=200)
    assert counts == {"counted": len(posts) * 23}
    assert len(asked) == len(posts) * 2
    assert Insight.select().count() == len(posts) * 23


def copied(post: Post, number: int) -> None:
    """Another post of ours that shows the same video on the platform."""
    video = Video.get_by_id(post.video.id)
    part = video.part
    facts = {k: v for k, v in part.__data__.items() if k != "id"}
    other = type(part).create(**facts | {"number": 100 * post.id + number})
    shown = {k: v for k, v in video.__data__.items() if k != "id"}
    made = {k: v for k, v in post.__data__.items() if k not in {"id", "publish_id"}}
    Post.create(**made | {"video": Video.create(**shown | {"part": other})})


def test_an_account_that_cannot_be_asked_stops_no_other_and_is_left_alone(
    publish_to: PublishTo, measure: Measure, sandbox: RunningSandbox
) -> None:
    # given an account whose token may not read the figures, and one that works
    refused, good = publish_to(), publish_to("midnight_pages")
    copied(refused, 1)
    Post.update(next_insight_at=now() + 10 * MINUTE).where(Post.publish_id.is_null()).execute()
    sandbox.fault("tiktok", "video_query", "scope_not_authorized", times=1)

    assert measure() == {"refused": 1, "counted": 1}

    # then it isn't asked for an hour, and its posts and state are unchanged
    for shut in Post.select().where(Post.account == refused.account):
        assert shut.next_insight_at > now() + 50 * MINUTE
    shut = Post.get_by_id(refused.id)
    assert shut.state == PostState.PUBLISHED
    assert Account.get_by_id(refused.account.id).state == AccountState.CONNECTED
    # and an account without the scope, or an expired one, costs no call
    asked = len(sandbox.log(call="video_query"))
    Account.update(scopes="video.publish").where(Account.id == refused.account.id).execute()
    Account.update(state=AccountState.EXPIRED).where(Account.id == good.account.id).execute()
    for post in (refused, good):
        later(post, HOUR)
    assert measure() == {"not_allowed": 2}
    assert measure() == {}
    assert len(sandbox.log(call="video_query")) == asked


@pytest.mark.parametrize("fault", ["rate_limit_exceeded", "internal_error", "reset", "bad_json"])
def test_a_short_outage_of_the_platform_costs_one_point(
    publish_to: PublishTo, measure: Measure, sandbox: RunningSandbox, fault: str
) -> None:
    post = publish_to()
    sandbox.fault("tiktok", "video_query", fault, times=1)

    assert measure() == {"left_for_later": 1}
    assert measure() == {}
    later(post, MINUTE)
    assert measure() == {"counted": 1}


def test_over_the_limit_the_rest_waits(publish_to: PublishTo, measure: Measure) -> None:
    LimitSetting.create(name="tiktok_video_query", count=1, seconds=60)
    post = publish_to()
    for number in range(20):
        copied(post, number)

    assert measure() == {"counted": 20, "left_for_later": 1}
    assert measure() == {}
    full = 60 + MARGIN_SECONDS
    due = Post.select().where(Post.next_insight_at < now() + timedelta(seconds=full + 1))
    assert due.count() == 1


def test_without_redis_nothing_is_asked(
    publish_to: PublishTo, sandbox: RunningSandbox, authorizer: Authorizer
) -> None:
    publish_to()
    figures = TikTokInsights(api_url=sandbox.tiktok_url)

    counts = insights.measure_due(
        figures, authorizer, Limiter.at("redis://127.0.0.1:1/0"), Limits()
    )

    assert counts == {"left_for_later": 1}
    assert not sandbox.log(call="video_query")


def test_two_clocks_at_once_count_each_video_once(publish_to: PublishTo, measure: Measure) -> None:
    post = publish_to()
    for number in range(60):
        copied(post, number)
    start = Barrier(4)

    def tick() -> None:
        start.wait()
        with db.session():
            measure()

    ticks = [Thread(target=tick) for _ in range(4)]
    for each in ticks:
        each.start()
    for each in ticks:
        each.join()

    assert Insight.select().count() == 61
    assert Insight.select(Insight.post).distinct().count() == 61
    hours = DayTotal.select().where(DayTotal.by == ComparedBy.HOUR)
    assert sum(row.videos for row in hours) == 61


def test_a_video_without_a_number_is_not_counted(publish_to: PublishTo, measure: Measure) -> None:
    post = publish_to()
    Post.update(platform_id="").execute()

    assert measure() == {}
    Post.update(platform_id=post.platform_id, next_insight_at=None).execute()
    assert measure() == {"counted": 1}


def test_a_deleted_video_is_asked_about_for_two_days_more_and_then_no_longer(
    publish_to: PublishTo, measure: Measure
) -> None:
    post = publish_to()
    measure()
    Post.update(platform_id="7500000000000000001").execute()  # TikTok has no such video

    later(post, 5 * DAY)
    assert measure() == {"missing": 1}
    assert Post.get_by_id(post.id).reason == ""

    long_ago = now() - 2 * DAY - HOUR
    Insight.update(created_at=long_ago).execute()
    LatestCount.update(counted_at=long_ago).execute()
    later(post, 5 * DAY)
    assert measure() == {"missing": 1}
    after = Post.get_by_id(post.id)
    assert (after.next_insight_at, after.reason) == (NEVER, GONE)
    assert measure() == {}


def test_after_thirty_days_it_ends_with_a_last_count(
    publish_to: PublishTo, measure: Measure
) -> None:
    post = publish_to()
    later(post, 30 * DAY + MINUTE)

    assert measure() == {"counted": 1}
    assert Post.get_by_id(post.id).next_insight_at == NEVER
    assert measure() == {}
