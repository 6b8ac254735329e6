"""A signed-in creator, a clip, and a browser that must leave nothing behind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest

from adapters.tiktok.browser.uploader import TikTokBrowser
from core.cookies import parse_cookies
from sandbox.testing import RunningSandbox
from tests.adapters.tiktok.browser.browsing import ME, QUICK, left_by


@pytest.fixture
def session(sandbox: RunningSandbox) -> str:
    return parse_cookies(sandbox.browser_session(ME), "127.0.0.1")


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    return tmp_path / "screenshots"


@pytest.fixture
def browser(sandbox: RunningSandbox, screenshots: Path) -> Iterator[TikTokBrowser]:
    yield TikTokBrowser(screenshots=screenshots, studio_url=sandbox.studio_url, patience=QUICK)
    assert left_by(os.getpid()) == ([], [])


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "a file's name.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    command += ["-i", "testsrc2=s=540x960:r=30:d=2", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
    return path
