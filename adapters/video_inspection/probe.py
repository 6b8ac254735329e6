"""Looks into video files in a short-lived process of its own, so that none can hold a worker up."""

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
_OPENED = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not hold the opening up
_CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT}


class IsolatedProbe:
    """Inspects by ``adapters/video_inspection/child.py``, about 0.2 s a video.

    The process gets the open file and nothing else; it bounds its own memory and processor time,
    and ends by itself when the worker is killed.

    Args:
        patience: seconds until it is given up.
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
                f"Looking into {path.name} took longer than {self._patience:.0f} s; it is tried "
                "again. Should it stay so, look at the disk, or render the video again.",
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
        f"{path.name} could not be looked into ({why}); it is tried again.",
        code="video_probe_failed",
    )
