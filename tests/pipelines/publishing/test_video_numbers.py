"""The numbers of public videos, and drafts that were published, are learnt without webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from redis import Redis

from adapters.ports import Authorizer, Publisher
from core.limiter import Limiter, beside
from models import Account, AccountState, Post, PostState, Video, now
from pipelines.publishing import video_numbers
from pipelines.publishing.asking_times import NEVER, next_after
from pipelines.publishing.video_numbers import STEPS
from pipelines.rate_limits import Limits
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.job_runner import Desk

Connect = Callable[..., Account]
MakeVideos = Callable[..., list[Video]]
Learn = Callable[[], dict[str, int]]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def learn(
    record: None, publisher: Publisher, authorizer: Authorizer, redis_url: str
) -> Iterator[Learn]:
    limiter = Limiter.at(redis_url)

    def learn() -> dict[str, int]:
        """What a tick does once everything is due."""
        Post.update(next_insight_at=now()).where(Post.next_insight_at < NEVER).execute()
        return dict(video_numbers.learn_due(publisher, authorizer, limiter, Limits()))

    yield learn
    with closing(Redis.from_url(beside(redis_url))) as client:
        client.flushdb()


@pytest.fixture
def unnumbered(
    desk: Desk, connect: Connect, make_videos: MakeVideos, sandbox: RunningSandbox
) -> Post:
    """A published post whose number TikTok didn't give: it was still being moderated."""
    connect()
    Account.update(privacy="PUBLIC_TO_EVERYONE").execute()
    [post] = desk.plan(make_videos()[0])
    sandbox.fault("tiktok", "status", "status_without_number", times=None)
    desk.work_off()
    post = Post.get_by_id(post.id)
    assert (post.state, post.platform_id) == (PostState.PUBLISHED, "")
    Post.update(next_insight_at=now()).execute()  # as ``insights`` begins each published post
    return post


def test_a_public_video_gets_its_number_once_tiktok_gives_one(
    unnumbered: Post, learn: Learn, sandbox: RunningSandbox
) -> None:
    # While it is moderated, TikTok is asked again in a minute
    assert learn() == {"no_number_yet": 1}
    waiting = Post.get_by_id(unnumbered.id)
    assert timedelta() < waiting.next_insight_at - now() <= MINUTE

    # When TikTok gives the number
    sandbox.clear_faults()
    assert learn() == {"learned": 1}

    # Then it is stored, and its views can be read at once
    known = Post.get_by_id(unnumbered.id)
    assert known.platform_id == sandbox.posts()[0]["post_id"]
    assert known.next_insight_at <= now()
    # And it isn't asked about any more
    assert learn() == {}


def test_a_draft_that_its_creator_published_becomes_published(
    desk: Desk, connect: Connect, make_videos: MakeVideos, sandbox: RunningSandbox, learn: Learn
) -> None:
    connect()
    Account.update(scopes="user.info.basic,video.upload").execute()
    [post] = desk.plan(make_videos()[0])
    desk.work_off()
    assert learn() == {"no_number_yet": 1}
    assert Post.get_by_id(post.id).state == PostState.INBOX

    sandbox.publish_from_inbox(str(Post.get_by_id(post.id).publish_id))

    assert learn() == {"learned": 1}
    shown = Post.get_by_id(post.id)
    assert shown.state == PostState.PUBLISHED
    assert shown.published_at is not None
    assert shown.platform_id


def test_it_is_asked_ever_less_often_and_ends_after_thirty_days(
    unnumbered: Post, learn: Learn
) -> None:
    born = unnumbered.published_at
    points, at = 0, born
    while (then := next_after(born, at, STEPS)) is not None:
        points, at = points + 1, then
    assert points == 94

    Post.update(published_at=now() - 30 * DAY - MINUTE).execute()
    assert learn() == {"no_number_yet": 1}
    assert Post.get_by_id(unnumbered.id).next_insight_at == NEVER
    assert learn() == {}


def test_an_account_that_cannot_be_asked_is_left_alone_for_an_hour(
    unnumbered: Post, learn: Learn, sandbox: RunningSandbox
) -> None:
    asked = len(sandbox.log(call="status"))
    Account.update(state=AccountState.EXPIRED).execute()

    assert learn() == {"not_allowed": 1}

    assert len(sandbox.log(call="status")) == asked
    assert Post.get_by_id(unnumbered.id).next_insight_at > now() + 50 * MINUTE


def test_an_outage_moves_the_question_on(
    unnumbered: Post, learn: Learn, sandbox: RunningSandbox
) -> None:
    sandbox.clear_faults()
    sandbox.fault("tiktok", "status", "503")

    assert learn() == {"left_for_later": 1}
    assert learn() == {"learned": 1}
