"""Run one ffmpeg process: progress, cancelling, time-outs, and what its exit status means."""

from __future__ import annotations

import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

import imageio_ffmpeg
import structlog

from core.errors import Permanent, Retryable
from core.files import disk

log = structlog.get_logger(__name__)

_CORES_EACH = 4
_TAIL_BYTES = 16_384
_POLL = 0.25  # seconds; how soon a time-out or an interrupt is noticed
_MESSAGE_CHARACTERS = 200  # of the last line, to keep the message short
_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_LOG_PREFIX = re.compile(r"^(\[[^\]]* @ 0x[0-9a-f]+\] )+")

# ffmpeg's exit status is the low byte of its negative error: 228 on a full disk with ffmpeg 9.
_DISK_FULL = {256 - number for number in disk.FULL}

# On Linux the encoder dies with its worker, even if the worker is killed with SIGKILL and no
# handler runs. prctl(1) is PR_SET_PDEATHSIG; it survives execv.
_DIES_WITH_PARENT = (
    "import ctypes, os, signal, sys\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"
    "if os.getppid() != int(sys.argv[1]): os._exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])"
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a run may take, in seconds."""

    base: float = 60.0
    per_second: float = 10.0
    """Per second of material; a slow machine needs about one."""
    stall: float = 60.0
    """Without any progress."""


def runs_at_once(cores: int | None = None) -> int:
    """How many encodes at once are worth running on ``cores`` (None: this machine's).

    On two cores one encoder leaves little idle; two at once saved no processor time and took twice
    the memory. For larger machines the rule is an estimate: an encoder has up to six threads,
    enough for about four cores. Measure with ``scripts/bench render --at-once``.
    """
    cores = cores or os.cpu_count() or 1
    return max(1, cores // _CORES_EACH)


def executable() -> str:
    """Path of ffmpeg: from the wheel, or from the variable ``IMAGEIO_FFMPEG_EXE``.

    Raises:
        Permanent: code ``encoder_missing``.
    """
    try:
        named = str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise Permanent(
            "No ffmpeg was found: install the wheel imageio-ffmpeg, "
            "or set IMAGEIO_FFMPEG_EXE to the path of one.",
            code="encoder_missing",
        ) from error
    found = shutil.which(named)
    if found is None:
        raise Permanent(
            f"There is no executable ffmpeg at {named}: install it there, or set "
            "IMAGEIO_FFMPEG_EXE to the path of one and restart the workers.",
            code="encoder_missing",
        )
    return found


def run(
    arguments: Sequence[str],
    *,
    seconds: float,
    patience: Patience,
    on_time: Callable[[float], None] | None = None,
    trial: bool = False,
) -> str:
    """Run ffmpeg and return the end of its output.

    Args:
        arguments: without the program's name.
        seconds: length of the material; sets the time-out.
        patience: when to give up.
        on_time: called about twice a second with the output's current second. If it raises, the
            process is killed and the exception is passed on.
        trial: failure is an expected result and is not logged.

    Raises:
        Retryable: codes ``encoder_hung``, ``encoder_died`` (by a signal), ``disk_full``,
            ``encoder_failed`` (any other status); its note has the end of the output.
        Permanent: code ``encoder_missing``.
    """
    command = [executable(), "-hide_banner", "-nostdin", "-nostats", "-progress", "pipe:1"]
    if sys.platform == "linux":
        tie = [sys.executable, "-I", "-S", "-c", _DIES_WITH_PARENT, str(os.getpid())]
        command = tie + command
    with subprocess.Popen(  # noqa: S603 (no shell; the arguments are ours)
        [*command, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        watch = _Watch(seconds, patience, on_time)
        try:
            tail = watch.follow(process)
        except BaseException:
            _kill(process)
            raise
    if process.returncode != 0:
        if not trial:
            log.warning("ffmpeg.failed", status=process.returncode, tail=tail[-2000:])
        raise _failure(process.returncode, tail)
    return tail


class _Watch:
    """Reads a process's output until it ends."""

    def __init__(
        self, seconds: float, patience: Patience, on_time: Callable[[float], None] | None
    ) -> None:
        self._stall = patience.stall
        self._on_time = on_time
        self._reached = 0.0
        self._moved_at = time.monotonic()
        self._limit = patience.base + patience.per_second * seconds
        self._deadline = self._moved_at + self._limit
        self._tail = b""
        self._line = b""

    def follow(self, process: subprocess.Popen[bytes]) -> str:
        with selectors.DefaultSelector() as ready:
            for pipe, take in ((process.stdout, self._progress), (process.stderr, self._keep)):
                ready.register(_open(pipe), selectors.EVENT_READ, take)
            while ready.get_map():
                for key, _ in ready.select(_POLL):
                    chunk = os.read(key.fd, 65_536)
                    if chunk:
                        key.data(chunk)
                    else:
                        ready.unregister(key.fileobj)
                self._check_time()
        while process.poll() is None:
            time.sleep(0.01)
            self._check_time()
        return self._tail.decode(errors="replace")

    def _keep(self, chunk: bytes) -> None:
        self._tail = (self._tail + chunk)[-_TAIL_BYTES:]

    def _progress(self, chunk: bytes) -> None:
        *lines, self._line = (self._line + chunk).split(b"\n")
        for line in lines:
            name, _, value = line.partition(b"=")
            if name == b"out_time_us" and value.strip().isdigit():
                reached = int(value) / 1_000_000
                if reached > self._reached:
                    self._reached, self._moved_at = reached, time.monotonic()
            elif name == b"progress" and self._on_time:
                self._on_time(self._reached)

    def _check_time(self) -> None:
        now = time.monotonic()
        if now > self._deadline:
            reason = f"took longer than {self._limit:.0f} s"
        elif now - self._moved_at > self._stall:
            reason = f"made no progress for {self._stall:.0f} s"
        else:
            return
        raise Retryable(
            f"The video encoder {reason} and was stopped: if this repeats, check what else keeps "
            "the machine or its disks busy.",
            code="encoder_hung",
        )


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:  # Popen was asked for both pipes
        raise AssertionError
    return pipe


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process with its children, and wait until it has ended."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _failure(status: int, tail: str) -> Retryable:
    if status in _DISK_FULL:
        return disk.full()
    words = [line for line in tail.splitlines() if line.strip()]
    if -status in _FROM_OUTSIDE:
        failure = Retryable(
            "The video encoder was killed from outside (out of memory, or by a person): if this "
            "repeats, give the machine more memory or fewer workers.",
            code="encoder_died",
        )
    else:
        how = f"crashed ({signal.strsignal(-status)})" if status < 0 else "failed"
        last = _LOG_PREFIX.sub("", words[-1])[:_MESSAGE_CHARACTERS] if words else ""
        because = f" (“{last}”)" if last else ""
        failure = Retryable(
            f"The video encoder {how}{because}: if this repeats, check ffmpeg and this video's "
            "files for damage; the failure's trace has ffmpeg's last output.",
            code="encoder_died" if status < 0 else "encoder_failed",
        )
    if words:
        failure.add_note("ffmpeg's last output:\n" + "\n".join(words))
    return failure
