"""The main job on a bare machine, and again; and what a person reads when it can't run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import groupby
from pathlib import Path

import pytest

from tests.acceptance.conftest import StartDemo, plain_environment

pytestmark = pytest.mark.acceptance


def test_stories_become_published_videos_and_no_story_is_made_twice(start_demo: StartDemo) -> None:
    # When the demo runs on a machine that has nothing
    result = start_demo("sandboxstories", approve=3).wait(420)

    # Then at least three stories are published to two accounts
    published = [post for post in result["posts"] if post["status"] == "published"]
    assert len({post["story"] for post in published}) >= 3
    assert len({post["account"] for post in published}) == 2
    assert len(published) == len(result["posts"]) == 2 * len(result["videos"])
    assert all(post["platform_id"] for post in published)

    # And one of them in three parts, in order on each account
    assert any(video["of"] == 3 for video in result["videos"])
    for _, posts in groupby(
        sorted(published, key=lambda p: (p["account"], p["story"], p["published_at"])),
        key=lambda p: (p["account"], p["story"]),
    ):
        parts = [post["part"] for post in posts]
        assert parts == sorted(parts)

    # And every word is captioned, at the loudness that is promised
    for video in result["videos"]:
        assert video["captioned_words"] == video["words"]
        assert -15 <= video["loudness"] <= -13
        assert video["true_peak"] <= -1
        assert Path(video["path"]).stat().st_size == video["size_bytes"] <= 64_000_000

    # And left out were, each with its reason, what should not be made
    reasons = {s["id"]: s["reason"] for s in result["stories"] if s["state"] == "skipped"}
    assert {"removed", "pinned", "picture", "safe for work", "language"} <= {
        word
        for word in ("removed", "pinned", "picture", "safe for work", "language")
        if any(word in reason for reason in reasons.values())
    }
    assert all(reasons.values())

    # When it runs again
    began = time.monotonic()
    again = start_demo("sandboxstories", approve=3).wait(60)

    # Then it is done in seconds and has made nothing twice
    assert time.monotonic() - began < 20
    assert again["posts"] == result["posts"]
    assert [v["path"] for v in again["videos"]] == [v["path"] for v in result["videos"]]


def run_demo(tree: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.demonstration", "--once", "--subreddit", "sandboxnights"],
        cwd=tree,
        env={**plain_environment(tree), **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"CRYPTOGRAPHY_KEY": "short"}, "CRYPTOGRAPHY_KEY: has 5 characters"),
        ({"CRYPTOGRAPHY_KEY": "x" * 44}, "is not a Fernet key"),
        ({"BACKGROUND_DIR": "/no/such/folder"}, "the folder /no/such/folder does not exist"),
        (
            {"DATABASE_URL": "postgresql://me:canary@127.0.0.1:9/none"},
            "127.0.0.1:9",
        ),
    ],
)
def test_what_can_not_start_says_why_in_a_sentence(
    tree: Path, environment: dict[str, str], sentence: str
) -> None:
    ended = run_demo(tree, **environment)
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert sentence in said
    assert "Traceback" not in said
    assert "canary" not in said


def test_wrong_reddit_credentials_are_named(tree: Path) -> None:
    from scripts.sandbox.testing import running_sandbox

    with running_sandbox() as sandbox:
        ended = run_demo(
            tree,
            REDDIT_CLIENT_ID="wrong",
            REDDIT_CLIENT_SECRET="canary",
            REDDIT_URL=f"{sandbox.url}/reddit",
            REDDIT_OAUTH_URL=f"{sandbox.url}/reddit/",
        )
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "check REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET" in said
    assert "Traceback" not in said
    assert "canary" not in said


def test_an_encoder_that_dies_is_named(tree: Path) -> None:
    broken = tree / "ffmpeg"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    ended = run_demo(tree, IMAGEIO_FFMPEG_EXE=str(broken))
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "Traceback" not in said
    assert "encoder" in said or "ffmpeg" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount the small disk")
def test_a_full_disk_is_named_and_leaves_nothing_half_made(tree: Path) -> None:
    disk = tree / "small"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)], check=True)
    try:
        ended = run_demo(tree, MEDIA_DIR=str(disk))
        left = [path.name for path in disk.rglob("*") if path.suffix in {".mp4", ".part"}]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "is full: make room on it" in said
    assert "Traceback" not in said
    assert left == []
