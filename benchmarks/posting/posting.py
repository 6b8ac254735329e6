"""Set up posts for fault tests: a sandbox as the platform, accounts, videos, and the results.

Everything else is as in production: stages, ledger, PostgreSQL, Redis, and adapters with real
connections.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.media.media_probe import probe
from adapters.ports import Authorizer, Publisher
from adapters.tiktok.api.posting import TikTokAuthorizer, TikTokPublisher
from adapters.video_inspection.probe import IsolatedProbe
from benchmarks.place import empty_database
from benchmarks.posting.clips import make_clip
from benchmarks.posting.tally import Tally, tally
from core import crypto, db, queue
from core.errors import Parked, Permanent, Retryable, StageError
from core.limiter import Limiter
from core.settings import TIKTOK_SCOPES
from models import (
    Account,
    Job,
    LimitSetting,
    Method,
    Part,
    Post,
    Script,
    Source,
    SourceKind,
    Story,
    Video,
    VideoState,
    now,
)
from pipelines import ledger
from pipelines.ledger import Claim, LeaseLostError
from pipelines.limit_grants import Grants
from pipelines.publishing.accounts import connection, token_recovery
from pipelines.publishing.delivery.delivery import Platform
from pipelines.publishing.delivery.publish import confirm, publish
from pipelines.publishing.scheduling import planning
from pipelines.rate_limits import LIMITS
from sandbox.testing import RunningSandbox, running_sandbox
from services import ServiceAddresses
from workers.job_outcome import decide

CREATOR = "storymill_tales"
REDIRECT_URI = "http://127.0.0.1/accounts/callback"
CLIP_SECONDS = 0.5
GENEROUS = {
    "processing_seconds": 0.2,
    "daily_posts": 1_000_000,
    "pending_shares": 1_000_000,
    "creator_info_a_minute": 1_000_000,
    "init_a_minute": 1_000_000,
    "status_a_minute": 1_000_000,
    "read_a_minute": 1_000_000,
}
"""The platform's limits are not measured here, and so aren't ours."""
UNLIMITED = 1_000_000
INBOX_SCOPES = tuple(scope for scope in TIKTOK_SCOPES if scope != "video.publish")
NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Around:
    """What a job of a post is done with."""

    publisher: Publisher
    authorizer: Authorizer
    grants: Grants
    folder: Path


def run_stage(stage: str, post_id: int, claim: Claim, around: Around) -> None:
    """The only place where these measurements call the stages."""
    stages = {"publish": publish, "confirm": confirm}
    platform = Platform(
        around.publisher, around.authorizer, IsolatedProbe(), around.folder, around.grants
    )
    stages[stage](post_id, claim, platform)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What each worker process needs."""

    services: ServiceAddresses
    cryptography_key: str = field(repr=False)
    tiktok_url: str
    client_key: str
    client_secret: str = field(repr=False)
    media_dir: Path

    def enter(self) -> None:
        """Prepare this process for posting."""
        crypto.configure(self.cryptography_key)
        db.configure(self.services.database_url)
        queue.connect(self.services.redis_url)
        token_recovery.configure(self.media_dir)

    def around(self) -> Around:
        grants = Grants(Limiter.at(self.services.redis_url))
        return Around(self.publisher(), self.authorizer(), grants, self.media_dir)

    def publisher(self) -> Publisher:
        return TikTokPublisher(api_url=self.tiktok_url)

    def authorizer(self, scopes: tuple[str, ...] = TIKTOK_SCOPES) -> Authorizer:
        return TikTokAuthorizer(
            client_key=self.client_key,
            client_secret=self.client_secret,
            api_url=self.tiktok_url,
            authorize_url=f"{self.tiktok_url}/v2/auth/authorize/",
            scopes=scopes,
        )


@dataclass(slots=True)
class Stand:
    """Plans, runs and counts posts; the database stays connected."""

    surroundings: Surroundings
    sandbox: RunningSandbox
    clip: Path
    folder: Path

    def start_over(self, scopes: tuple[str, ...] = TIKTOK_SCOPES) -> None:
        """Reset the platform, and connect its creator with ``scopes``."""
        self.sandbox.reset()
        self.sandbox.change(**GENEROUS)
        for name in LIMITS:
            LimitSetting.insert(
                name=name, count=UNLIMITED, seconds=60
            ).on_conflict_ignore().execute()
        for video in self.folder.glob("post-*.mp4"):
            video.unlink()
        authorizer = self.surroundings.authorizer(scopes)
        url = connection.begin_connect("bench", authorizer, REDIRECT_URI)
        back = self.sandbox.consent(url, CREATOR)
        connection.finish_connect("bench", back["state"], back["code"], authorizer, REDIRECT_URI)
        Account.update(
            privacy="PUBLIC_TO_EVERYONE",  # only public posts get a platform id
            posts_a_day=1_000_000,
            methods=[Method.DIRECT, Method.INBOX],
        ).execute()

    def plan(self, posts: int, clip: Path | None = None) -> list[Post]:
        """Plan posts, each with its own video; ``clip`` is posted itself, without a copy."""
        return [self._plan(clip or self._copy()) for _ in range(posts)]

    def tally(self, posts: Sequence[Post]) -> Tally:
        return tally(posts, self.sandbox, self.folder)

    def _copy(self) -> Path:
        """Copy the clip and add a box that players skip, so that each copy differs."""
        number = next(NUMBERS)
        copy = self.folder / f"post-{number}.mp4"
        box = (16).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big")
        copy.write_bytes(self.clip.read_bytes() + box)
        return copy

    def _plan(self, path: Path) -> Post:
        number = next(NUMBERS)
        with db.transaction():
            source = Source.get_or_none() or Source.create(name="pasted", kind=SourceKind.PASTE)
            story = Story.create(
                source=source, external_id=f"paste:{number}", title="The lamp", body="It went out."
            )
            script = Script.create(
                story=story,
                title=f"The lamp {number}",
                hook="It went out.",
                call_to_action="More tomorrow.",
                hashtags=["storytime"],
                written_by="rules",
            )
            part = Part.create(
                script=script, number=1, of=1, hook="", text="It went out.", call_to_action=""
            )
            video = Video.create(
                part=part,
                key=str(number),
                spoken_key=part.spoken_key,
                approved_key=str(number),
                path=path.name,
                cover_path="",
                seconds=probe(path).seconds,
                size_bytes=path.stat().st_size,
                loudness=-14.0,
                true_peak=-1.0,
                state=VideoState.READY,
            )
            (post,) = planning.plan(video)
        return post


# ── doing the jobs ───────────────────────────────────────────────────────────────────────────


def waiting(post: Post) -> Job | None:
    """The post's next job."""
    job: Job | None = (
        Job.select()
        .where(
            Job.stage.in_(("publish", "confirm")), Job.subject_id == post.id, Job.state == "waiting"
        )
        .first()
    )
    return job


def make_due(job: Job) -> None:
    """Make the job due, as if it had waited."""
    Job.update(due_at=now()).where(Job.id == job.id).execute()


def try_once(job: Job, around: Around) -> StageError | None:
    """Claim and do a due job; its result is stored as a worker's middleware does."""
    claim = ledger.claim(job.stage, job.subject_id, "bench")
    if claim is None:
        return None
    try:
        run_stage(job.stage, job.subject_id, claim, around)
    except (StageError, LeaseLostError) as error:
        decision = decide(claim, error)
        match decision:
            case Parked():
                ledger.park(claim, decision)
            case Retryable():
                ledger.put_back(claim, decision)
            case Permanent():
                ledger.set_aside(claim, decision, "")
        return decision if isinstance(decision, StageError) else None
    return None


# ── setting up ───────────────────────────────────────────────────────────────────────────────


@contextmanager
def new_stand() -> Iterator[Stand]:
    """A stand with its own sandbox, database and folder."""
    with (
        empty_database() as services,
        running_sandbox() as sandbox,
        TemporaryDirectory(prefix="storymill-bench-") as folder,
        stand(services, sandbox, Path(folder)) as here,
    ):
        queue.connect(services.redis_url).flush_all()
        yield here


@contextmanager
def stand(services: ServiceAddresses, sandbox: RunningSandbox, folder: Path) -> Iterator[Stand]:
    """A stand on an empty, migrated database.

    Args:
        services: the database, and a Redis that may be emptied.
        sandbox: is reset whenever the stand starts again.
        folder: empty folder for the videos.
    """
    surroundings = Surroundings(
        services,
        crypto.new_key(),
        sandbox.tiktok_url,
        sandbox.settings.tiktok_client_key,
        sandbox.settings.tiktok_client_secret,
        folder,
    )
    surroundings.enter()
    clip = folder / "clip.mp4"
    make_clip(clip, CLIP_SECONDS)
    with db.session():
        yield Stand(surroundings, sandbox, clip, folder)
    db.database.close_all()
