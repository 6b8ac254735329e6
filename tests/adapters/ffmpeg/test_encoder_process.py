"""One run of ffmpeg: how it ends, and what is said of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import traceback
from pathlib import Path

import pytest

from adapters.ffmpeg import encoder_process
from adapters.ffmpeg.encoder_process import Patience
from core.errors import Permanent, Retryable
from tests.adapters.ffmpeg.rendering import PATIENT, encoder_children
from tests.waiting import until

pytestmark = pytest.mark.slow


def test_a_failed_encoders_output_is_shown_to_the_operator() -> None:
    with pytest.raises(Retryable) as caught:
        encoder_process.run(
            ["-i", "/nowhere/clip.mp4", "-f", "null", "-"], seconds=1, patience=PATIENT
        )

    # the message has its last line, the trace on the failure's page the lines before
    assert caught.value.code == "encoder_failed"
    assert "“Error opening input files: No such file or directory”" in str(caught.value)
    assert "/nowhere/clip.mp4" in "".join(traceback.format_exception(caught.value))


@pytest.fixture
def another_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path where the encoder is searched; nothing is there yet."""
    path = tmp_path / "ffmpeg"
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(path))
    return path


def test_an_encoder_that_crashes_is_not_reported_as_killed(another_ffmpeg: Path) -> None:
    another_ffmpeg.write_text("#!/bin/sh\nkill -SEGV $$\n")
    another_ffmpeg.chmod(0o755)

    with pytest.raises(Retryable, match=r"crashed \(Segmentation fault\)") as caught:
        encoder_process.run([], seconds=1, patience=PATIENT)

    assert caught.value.code == "encoder_died"


@pytest.mark.parametrize("there", [True, False], ids=["not executable", "missing"])
def test_an_ffmpeg_that_cannot_run_is_reported(another_ffmpeg: Path, *, there: bool) -> None:
    if there:
        another_ffmpeg.write_text("#!/bin/sh\n")

    with pytest.raises(Permanent, match="IMAGEIO_FFMPEG_EXE") as caught:
        encoder_process.run([], seconds=1, patience=PATIENT)

    assert caught.value.code == "encoder_missing"


@pytest.mark.parametrize(
    "patience",
    [Patience(base=1, per_second=0, stall=60), Patience(base=60, per_second=0, stall=1)],
    ids=["too long", "no progress"],
)
def test_an_encoder_that_hangs_is_stopped(patience: Patience, tmp_path: Path) -> None:
    silent = tmp_path / "silent.mp4"
    os.mkfifo(silent)
    began = time.monotonic()

    with pytest.raises(Retryable) as caught:  # it waits for a frame that never comes
        encoder_process.run(["-i", str(silent), "-f", "null", "-"], seconds=1, patience=patience)

    assert caught.value.code == "encoder_hung"
    assert time.monotonic() - began < 30
    assert encoder_children() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_has_its_own_error() -> None:
    picture = ["-f", "lavfi", "-i", "testsrc2", "-t", "1", "-f", "mpegts"]

    with pytest.raises(Retryable) as full:
        encoder_process.run([*picture, "-y", "/dev/full"], seconds=1, patience=PATIENT)
    with pytest.raises(Retryable) as other:
        encoder_process.run([*picture, "/nowhere/video.ts"], seconds=1, patience=PATIENT)

    assert (full.value.code, other.value.code) == ("disk_full", "encoder_failed")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_an_encoder_ends_when_its_worker_is_killed() -> None:
    endless = """
from adapters.ffmpeg import encoder_process
encoder_process.run(["-f", "lavfi", "-i", "color,realtime", "-f", "null", "-"], seconds=60,
                   patience=encoder_process.Patience(), on_time=lambda _: print("on", flush=True))
"""
    with subprocess.Popen([sys.executable, "-c", endless], stdout=subprocess.PIPE) as worker:
        assert worker.stdout
        worker.stdout.readline()
        (encoder,) = subprocess.run(
            ["pgrep", "-P", str(worker.pid)], capture_output=True, check=True
        ).stdout.split()
        worker.kill()

    until(lambda: not is_running(int(encoder)), "the end of its encoder")


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(("cores", "runs"), [(1, 1), (2, 1), (4, 1), (8, 2), (16, 4)])
def test_encodes_at_once_follow_the_cores(cores: int, runs: int) -> None:
    assert encoder_process.runs_at_once(cores) == runs
