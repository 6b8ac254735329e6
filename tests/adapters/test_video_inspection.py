"""A file is inspected in a separate, limited process that leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg
import psutil
import pytest

from adapters.video_inspection.probe import IsolatedProbe
from core.errors import Retryable


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of 1080x1920 with a tone."""
    path = tmp_path_factory.mktemp("probe") / "video.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error"]
    command += ["-f", "lavfi", "-i", "testsrc2=size=1080x1920:rate=30:duration=2"]
    command += ["-f", "lavfi", "-i", "sine=440:duration=2", "-c:v", "libx264"]
    command += ["-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)]
    subprocess.run(command, check=True)
    return path


def test_it_reports_what_is_in_the_file(video: Path) -> None:
    found = IsolatedProbe().inspect(video)

    assert (found.container, found.fault) == ("mp4", "")
    assert (found.codec, found.sound_codec) == ("h264", "aac")
    assert (found.width, found.height, found.pictures) == (1080, 1920, 60)
    assert found.pictures_per_second == pytest.approx(30)
    assert found.seconds == pytest.approx(2, abs=0.1)
    assert found.claimed_seconds == pytest.approx(2, abs=0.1)


def test_a_process_that_hangs_is_ended(video: Path) -> None:
    before = psutil.Process().children()
    began = time.monotonic()

    with meeting_a_child(signal.SIGSTOP), pytest.raises(Retryable) as raised:
        IsolatedProbe(patience=1).inspect(video)

    assert raised.value.code == "video_probe_slow"
    assert time.monotonic() - began < 20, "its own time-out is 30 s"
    assert psutil.Process().children() == before


def test_a_file_that_crashes_its_reader_is_faulty(video: Path) -> None:
    with meeting_a_child(signal.SIGSEGV):
        assert IsolatedProbe().inspect(video).fault == "crashing"


def test_a_file_that_uses_up_the_processor_time_is_faulty(video: Path) -> None:
    with meeting_a_child(signal.SIGXCPU):
        assert IsolatedProbe().inspect(video).fault == "greedy"


def test_a_process_killed_from_outside_says_nothing_about_the_file(video: Path) -> None:
    with meeting_a_child(signal.SIGKILL), pytest.raises(Retryable) as raised:
        IsolatedProbe().inspect(video)

    assert raised.value.code == "video_probe_failed"


def test_a_missing_file_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match="No such file"):
        IsolatedProbe().inspect(tmp_path / "gone.mp4")


def test_a_pipe_without_a_writer_blocks_nobody(tmp_path: Path) -> None:
    pipe = tmp_path / "video.mp4"
    os.mkfifo(pipe)
    opener = threading.Timer(30, lambda: os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)))
    opener.start()  # so that a waiting probe fails this test instead of hanging it
    began = time.monotonic()

    found = IsolatedProbe().inspect(pipe)

    opener.cancel()
    assert found.container == ""
    assert time.monotonic() - began < 20


def test_the_workers_process_loads_no_media_library() -> None:
    code = (
        "import sys, adapters.video_inspection.probe\n"
        "print('av' in sys.modules, 'numpy' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.split() == ["False", "False"]


@pytest.mark.slow
def test_it_is_quick(video: Path) -> None:
    probe = IsolatedProbe()
    times = []
    for _ in range(5):
        began = sum(os.times()[:4])
        probe.inspect(video)
        times.append(sum(os.times()[:4]) - began)

    assert min(times) < 0.5  # seconds of work including its process: 0.1 on an idle machine


@contextmanager
def meeting_a_child(sign: signal.Signals) -> Iterator[None]:
    """Send ``sign`` to the first child process that starts in the block."""
    here = psutil.Process()
    before = {child.pid for child in here.children()}
    sent = threading.Event()

    def wait() -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not sent.is_set():
            for child in here.children():
                if child.pid not in before and child.cmdline()[1:2] == ["-I"]:
                    child.send_signal(sign)
                    sent.set()

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert sent.is_set()
