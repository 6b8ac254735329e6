"""A sandbox with TikTok's API, a real video, and a worker's part for the ledger's jobs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import pytest
from redis import Redis

from adapters.ports import Authorizer, Publisher
from adapters.tiktok.api.posting import TikTokAuthorizer, TikTokPublisher
from adapters.video_inspection.probe import IsolatedProbe
from core.db import transaction
from core.limiter import PREFIX, Limiter, beside
from models import (
    Account,
    AccountState,
    LimitSetting,
    Part,
    Post,
    Script,
    Source,
    SourceKind,
    Story,
    Video,
    VideoState,
)
from pipelines.limit_grants import Grants
from pipelines.publishing.accounts import connection, token_recovery
from pipelines.publishing.delivery.delivery import Platform
from pipelines.publishing.scheduling import planning
from pipelines.rate_limits import CREATOR_INFO, INBOX_INIT, INIT, POSTS, Limits
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.job_runner import Desk

REDIRECT_URI = "http://127.0.0.1/accounts/callback"


@pytest.fixture(autouse=True)
def _unsaved_tokens(tmp_path: Path) -> None:
    token_recovery.configure(tmp_path)


@pytest.fixture
def authorizer(sandbox: RunningSandbox) -> TikTokAuthorizer:
    return TikTokAuthorizer(
        client_key=sandbox.settings.tiktok_client_key,
        client_secret=sandbox.settings.tiktok_client_secret,
        api_url=sandbox.tiktok_url,
        authorize_url=f"{sandbox.tiktok_url}/v2/auth/authorize/",
    )


@pytest.fixture
def publisher(sandbox: RunningSandbox) -> TikTokPublisher:
    return TikTokPublisher(api_url=sandbox.tiktok_url)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of noise in portrait format, a few hundred kilobytes."""
    path = tmp_path_factory.mktemp("clip") / "video.mp4"
    picture = ffmpeg.input("testsrc2=size=360x640:rate=30:duration=1", format="lavfi")
    noisy = picture.filter("noise", alls=16, allf="t")
    made = ffmpeg.output(
        noisy, str(path), vcodec="libx264", preset="ultrafast", pix_fmt="yuv420p", crf=28
    )
    made.run(cmd=imageio_ffmpeg.get_ffmpeg_exe(), quiet=True)
    return path


@pytest.fixture
def account(record: None) -> Account:
    """An account that is connected, but for which nothing is chosen yet."""
    return Account.create(
        name="story_tales",
        open_id="open-1",
        scopes="user.info.basic,video.publish",
        state=AccountState.CONNECTED,
        access_token="act.canary",
    )


@pytest.fixture
def connect(sandbox: RunningSandbox, authorizer: Authorizer) -> Callable[..., Account]:
    """Connects a creator of the sandbox, who allows everything and posts to "Only me"."""

    def connect(creator: str = "storymill_tales") -> Account:
        url = connection.begin_connect("browser", authorizer, REDIRECT_URI)
        back = sandbox.consent(url, creator)
        account = connection.finish_connect(
            "browser", back["state"], back["code"], authorizer, REDIRECT_URI
        )
        Account.update(privacy="SELF_ONLY").where(
            Account.id == account.id, Account.privacy == ""
        ).execute()
        return Account.get_by_id(account.id)

    return connect


@pytest.fixture
def make_videos(clip: Path) -> Callable[..., list[Video]]:
    """Makes a story with ``parts`` parts and a video for each."""
    numbers = itertools.count(1)

    def make(
        parts: int = 1, path: Path = clip, state: VideoState = VideoState.READY
    ) -> list[Video]:
        number = next(numbers)
        source = Source.get_or_none() or Source.create(name="pasted", kind=SourceKind.PASTE)
        story = Story.create(
            source=source, external_id=f"paste:{number}", title="The lamp", body="It went out."
        )
        script = Script.create(
            story=story,
            title=f"The lamp {number}",
            hook="It went out.",
            call_to_action="More tomorrow.",
            hashtags=["storytime", "mystery"],
            written_by="rules",
        )
        cut = [
            Part.create(
                script=script, number=n, of=parts, hook="", text="It went out.", call_to_action=""
            )
            for n in range(1, parts + 1)
        ]
        return [
            Video.create(
                part=part,
                key=f"{number}-{part.number}",
                spoken_key=part.spoken_key,
                approved_key=f"{number}-{part.number}" if state == VideoState.READY else "",
                path=str(path),
                cover_path="",
                seconds=2.0,
                size_bytes=path.stat().st_size,
                loudness=-14.0,
                true_peak=-1.0,
                state=state,
            )
            for part in cut
        ]

    return make


@pytest.fixture
def grants(record: None, redis_url: str) -> Iterator[Grants]:
    """The limits of posting, set so high that tests about other things don't meet them."""
    for name in (CREATOR_INFO.name, INIT.name, INBOX_INIT.name, POSTS.name):
        LimitSetting.create(name=name, count=10_000, seconds=60)
    yield Grants(Limiter.at(redis_url), Limits(cache_seconds=0))
    with Redis.from_url(beside(redis_url)) as redis:
        for key in redis.scan_iter(f"{PREFIX}:*"):
            redis.delete(key)


@pytest.fixture
def desk(publisher: Publisher, authorizer: Authorizer, clip: Path, grants: Grants) -> Desk:
    return Desk(Platform(publisher, authorizer, IsolatedProbe(), clip.parent.parent, grants))


@pytest.fixture
def planned(record: None, make_videos: Callable[..., list[Video]]) -> Callable[..., list[Post]]:
    """Plans ``stories`` with ``parts`` parts on the only account; their posts by part."""

    def plan(stories: int = 1, parts: int = 1) -> list[Post]:
        posts = []
        for _ in range(stories):
            for video in make_videos(parts):
                with transaction():
                    posts += planning.plan(video)
        return posts

    return plan
