"""Inspect video files in a short-lived separate process, so that no file can block a worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import structlog

from adapters.ports import ProbedVideo
from core.errors import Retryable

log = structlog.get_logger(__name__)

_ROOT = str(Path(__file__).resolve().parents[2])
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1])\n"
    "from adapters.video_inspection.child import main\n"
    "main()"
)
_OPENED = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not block the opening
_CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT}


class IsolatedProbe:
    """Inspects with ``adapters/video_inspection/child.py``, in about 0.2 s per video.

    The process gets only the open file. It limits its own memory and processor time, and ends by
    itself if the worker is killed.

    Args:
        patience: time-out in seconds.
    """

    def __init__(self, *, patience: float = 30.0) -> None:
        self._patience = patience

    def inspect(self, path: Path) -> ProbedVideo:
        """See ``VideoProbe.inspect``."""
        try:
            file = os.open(path, _OPENED)
        except OSError as error:
            raise _failed(path, error.strerror or "can't be opened") from error
        try:
            ended = subprocess.run(  # noqa: S603 - no shell; the arguments are ours
                [sys.executable, "-I", "-c", _PROGRAM, _ROOT],
                stdin=file,
                capture_output=True,
                timeout=self._patience,
                check=False,
                env={},
            )
        except subprocess.TimeoutExpired as error:
            raise Retryable(
                f"Checking {path.name} took longer than {self._patience:.0f} s; Storymill will try "
                "again. If this repeats, check the disk, or render the video again.",
                code="video_probe_slow",
            ) from error
        except OSError as error:
            raise _failed(path, error.strerror or "no process could be started") from error
        finally:
            os.close(file)
        if ended.returncode == -signal.SIGXCPU:
            return ProbedVideo(container="", fault="greedy")
        if -ended.returncode in _CRASHES:
            return ProbedVideo(container="", fault="crashing")
        if ended.returncode != 0:
            log.warning("video_probe.failed", status=ended.returncode, tail=ended.stderr[-2000:])
            raise _failed(path, f"the process ended with status {ended.returncode}")
        return ProbedVideo(**json.loads(ended.stdout))


def _failed(path: Path, why: str) -> Retryable:
    return Retryable(
        f"{path.name} could not be checked ({why}); Storymill will try again.",
        code="video_probe_failed",
    )
