"""A worker killed between any two steps: nothing is lost, and nothing is posted twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pytest

from adapters.ports import Publisher
from core.db import session, transaction
from models import Account, Job, Post, PostState, Video
from pipelines import ledger
from pipelines.ledger import Claim, LeaseLostError
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.desk import Desk

MOST_MOMENTS = 60


class Killed(BaseException):
    """Simulates kill -9."""


@dataclass
class KillSwitch:
    """Kills at the ``at``-th moment that is reported to it."""

    at: int
    moments: list[str] = field(default_factory=list)

    def moment(self, name: str) -> None:
        self.moments.append(name)
        if len(self.moments) == self.at:
            raise Killed(name)


class MortalClaim(Claim):
    """A claim whose worker may die before and after each transaction, and between blocks."""

    kill_switch: KillSwitch

    def progress(self, share: float) -> None:
        self.kill_switch.moment("sending")
        Claim.progress(self, share)

    @contextmanager
    def step(self) -> Iterator[None]:
        self.kill_switch.moment("before a step")
        with Claim.step(self):
            yield
        self.kill_switch.moment("after a step")

    @contextmanager
    def finish(self) -> Iterator[None]:
        self.kill_switch.moment("before the end")
        with Claim.finish(self):
            yield
        self.kill_switch.moment("after the end")


class MortalPublisher:
    """The real publisher; its caller may die before each call and before using the answer."""

    def __init__(self, publisher: Publisher, kill_switch: KillSwitch) -> None:
        self._publisher, self._kill_switch = publisher, kill_switch

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            self._kill_switch.moment(f"before {name}")
            answer = getattr(self._publisher, name)(*args, **more)
            self._kill_switch.moment(f"after {name}")
            return answer

        return call


def mortal(claim: Claim, kill_switch: KillSwitch) -> MortalClaim:
    copy = MortalClaim(**{f.name: getattr(claim, f.name) for f in fields(claim)})
    copy.kill_switch = kill_switch
    return copy


def try_until_killed(desk: Desk, post: Post, kill_switch: KillSwitch) -> bool:
    """Do the post's jobs; True if killed. Then the job is freed, as after a worker's death."""
    immortal = desk.publisher
    desk.publisher = MortalPublisher(immortal, kill_switch)
    try:
        for stage in ("publish", "confirm", "confirm", "confirm"):
            job = Job.of(stage, post.id)
            if job is not None and job.state == "waiting":
                claim = desk.claimed(stage, post.id)
                desk.try_once(stage, post, mortal(claim, kill_switch))
    except Killed:
        with transaction():
            ledger.free_leases("subject_id = %s", (post.id,))
        return True
    finally:
        desk.publisher = immortal
    return False


def test_a_worker_killed_at_any_moment_leaves_exactly_one_post(
    desk: Desk,
    connect: Callable[..., Account],
    make_videos: Callable[..., list[Video]],
    sandbox: RunningSandbox,
) -> None:
    connect()
    Account.update(posts_a_day=MOST_MOMENTS).execute()
    survived: list[str] = []
    for at in range(1, MOST_MOMENTS):
        # Given a new post, and a worker that dies at its at-th moment
        (post,) = desk.plan(make_videos()[0])
        kill_switch = KillSwitch(at)
        killed = try_until_killed(desk, post, kill_switch)

        # When the next worker continues
        desk.work_off()

        # Then it is on the platform once
        whole = [
            found
            for found in sandbox.posts()
            if found["title"] == post.title and found["uploaded_bytes"] == found["size"]
        ]
        assert len(whole) == 1, f"killed {kill_switch.moments[-1]} ({at})"
        post = Post.get_by_id(post.id)
        assert (post.state, post.publish_id) == (PostState.PUBLISHED, whole[0]["publish_id"])
        if not killed:
            break
        survived.append(kill_switch.moments[-1])
    else:
        pytest.fail("There are more moments than were tried.")
    # And every kind of moment occurred
    assert {
        "before creator_info",
        "before a step",
        "after a step",
        "before begin_direct_post",
        "after begin_direct_post",
        "sending",
        "after send",
        "before the end",
        "after the end",
        "after status",
    } <= set(survived)


def test_a_worker_that_was_frozen_past_its_lease_sends_nothing(
    desk: Desk,
    connect: Callable[..., Account],
    make_videos: Callable[..., list[Video]],
    sandbox: RunningSandbox,
    clip: Path,
) -> None:
    # Given a worker that froze just before it announces a post
    connect()
    (post,) = desk.plan(make_videos()[0])
    frozen = desk.claimed("publish", post.id)
    announce = desk.publisher.begin_direct_post

    def announce_late(*args: Any) -> Any:
        # and meanwhile lost its job to another worker, which has done it
        desk.publisher.begin_direct_post = announce  # type: ignore[method-assign]
        with session():
            with transaction():
                ledger.free_leases("id = %s", (frozen.job_id,))
            desk.work_off()
        return announce(*args)

    desk.publisher.begin_direct_post = announce_late  # type: ignore[method-assign,assignment]

    # When it continues
    with pytest.raises(LeaseLostError):
        desk.try_once("publish", post, frozen)

    # Then its announcement gets no byte
    assert sorted(found["uploaded_bytes"] for found in sandbox.posts()) == [0, clip.stat().st_size]
    assert Post.get_by_id(post.id).state == PostState.PUBLISHED
