"""Processes are killed and Redis is wiped during work: nothing is lost, nothing is done twice."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from typing import Any

import pytest

from sandbox.testing import running_sandbox
from services.home import Home
from services.redis import Redis
from tests.acceptance.conftest import Demo, StartDemo

pytestmark = pytest.mark.alone

PICKED_UP_SECONDS = 30


def assert_each_video_was_posted_once(demo: Demo, result: dict[str, Any]) -> None:
    assert result["videos"]
    posted = Counter((post["account"], post["story"], post["part"]) for post in result["posts"])
    assert set(posted.values()) == {1}
    assert len(posted) == 2 * len(result["videos"])
    assert all(post["status"] == "published" for post in result["posts"])
    assert all(post["platform_id"] for post in result["posts"])

    # The sandbox platform has received exactly these, whatever our database says
    with running_sandbox(data_dir=demo.root / "var" / "sandbox") as sandbox:
        received = [post for post in sandbox.posts() if post["status"] == "PUBLISH_COMPLETE"]
    assert len(received) == len(result["posts"])
    assert len({(post["creator"], post["sha256"]) for post in received}) == len(received)


def test_a_killed_worker_and_an_emptied_redis_lose_nothing_and_post_nothing_twice(
    start_demo: StartDemo,
) -> None:
    # Given a demo that is rendering
    demo = start_demo()
    job = demo.until(demo.rendering, "a render in progress")
    [(fence,)] = demo.query(f"SELECT fence FROM job WHERE id = {job}")

    # When the gpu worker is killed, then the render starts again within seconds
    demo.kill("gpu")
    again = f"SELECT id FROM job WHERE id = {job} AND fence > {fence} AND state = 'running'"
    demo.until(lambda: demo.query(again), "the second try", PICKED_UP_SECONDS)

    # And when Redis is emptied during that try, stops for ten seconds, and comes back
    restart_redis_empty(demo, away=10)

    # Then everything ends well, with every post there once
    result = demo.wait(300)
    assert_each_video_was_posted_once(demo, result)


def restart_redis_empty(demo: Demo, *, away: float) -> None:
    server = Redis(Home.of(demo.root))
    server.stop()
    for file in server.data.iterdir():
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    time.sleep(away)
    server.ensure_running()
