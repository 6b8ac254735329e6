"""What a person reads when the main job can't run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.testing import running_sandbox
from tests.acceptance.conftest import StartDemo, copied_tree, plain_environment

pytestmark = pytest.mark.slow


def run_demo(tree: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["scripts.demonstration", "--once", "--subreddit", "sandboxnights", "--approve", "1"]
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tree,
        env={**plain_environment(tree), **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A tree for demos that end before they change anything."""
    with copied_tree(tmp_path_factory.mktemp("demo")) as root:
        yield root


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
def test_a_demo_that_can_not_start_says_why_in_a_sentence(
    untouched: Path, environment: dict[str, str], sentence: str
) -> None:
    ended = run_demo(untouched, **environment)
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert sentence in said
    assert "Traceback" not in said
    assert "canary" not in said


def test_wrong_reddit_credentials_are_named(tree: Path) -> None:
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


def test_an_encoder_that_dies_is_named(tree: Path, start_demo: StartDemo) -> None:
    broken = tree / "ffmpeg"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)

    # When the pauses between the tries are skipped
    demo = start_demo(IMAGEIO_FFMPEG_EXE=str(broken))
    demo.until(lambda: "processes: ready" in demo.text(), "the start")
    while demo.process.poll() is None:
        demo.execute("UPDATE job SET due_at = now() WHERE state = 'waiting' AND due_at > now()")
        time.sleep(0.2)

    said = demo.text()
    assert demo.process.returncode != 0
    assert "Failed after 3 attempts" in said
    assert "Traceback" not in said
    assert "encoder" in said or "ffmpeg" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount the small disk")
def test_a_full_disk_is_named_and_leaves_no_unfinished_files(tree: Path) -> None:
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
    assert "is full: free some space on it" in said
    assert "Traceback" not in said
    assert left == []
