"""Cache of prepared clips and tunes: made once, shared by all workers, oldest use removed first."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from core import memory
from core.files import disk

log = structlog.get_logger(__name__)

_HALF = ".half"
_LOCK = ".lock"
_POLL = 0.1  # seconds
_SPARE_BYTES = 1_000_000_000  # left free on the disk, for the videos themselves


class MediaCache:
    """A folder of files of one kind, by name.

    Each file has a lock file. Making or removing the file takes an exclusive lock, reading it a
    shared one. The system releases a lock when its process ends. So a killed worker leaves
    nothing locked, and its incomplete file is overwritten.

    Args:
        folder: may be shared by several workers.
        suffix: of the files, such as ".mp4".
        most_bytes: limit for all files together, lower on a nearly full disk; files in use are
            never removed.
    """

    def __init__(self, folder: Path, *, suffix: str, most_bytes: int) -> None:
        self._folder = folder
        self._suffix = suffix
        self._most_bytes = most_bytes

    @contextmanager
    def take(
        self, name: str, make: Callable[[Path], None], wait: Callable[[], None]
    ) -> Iterator[Path]:
        """Return the file ``name``; ``make`` writes it to the given path if it does not exist.

        The file stays complete and unchanged until the block ends.

        Args:
            name: letters, digits and hyphens.
            make: need not clean up; incomplete files are removed here.
            wait: called repeatedly while another worker makes the file; may raise.

        Raises:
            Retryable: code ``disk_full``.
        """
        file = self._folder / f"{name}{self._suffix}"
        with disk.errors():
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = self._ready(file, make, wait)
        try:
            self.tidy()
            with suppress(OSError):  # only records the use
                os.utime(file)
            yield file
        finally:
            os.close(lock)

    def _ready(self, file: Path, make: Callable[[Path], None], wait: Callable[[], None]) -> int:
        """Take a shared lock on the file, making the file first if needed."""
        path = file.with_suffix(_LOCK)
        while True:  # until no other worker removed the file or its lock meanwhile
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                _patiently(lock, fcntl.LOCK_SH, wait)
                if file.is_file() and _is(lock, path):
                    return lock
                _patiently(lock, fcntl.LOCK_EX, wait)
                if _is(lock, path) and not file.is_file():
                    self._make(file, make)
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)

    def _make(self, file: Path, make: Callable[[Path], None]) -> None:
        half = file.with_name(file.stem + _HALF + self._suffix)
        began = time.monotonic()
        try:
            make(half)
            half.replace(file)
        finally:
            half.unlink(missing_ok=True)
            memory.give_back()
        took, size = round(time.monotonic() - began, 1), file.stat().st_size
        log.info("media_cache.made", file=file.name, seconds=took, bytes=size)

    def tidy(self) -> None:
        """Remove the least recently used files until the rest fits; never files in use."""
        files = []
        for path in self._folder.glob(f"*{self._suffix}"):
            with suppress(FileNotFoundError):  # another worker may be tidying too
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in files)
        free = shutil.disk_usage(self._folder).free
        allowed = min(self._most_bytes, total + free - _SPARE_BYTES)
        for _, size, path in sorted(files):
            if total <= allowed:
                return
            if self._remove(path):
                total -= size

    def _remove(self, file: Path) -> bool:
        lock_path = self._folder / (
            file.name.removesuffix(self._suffix).removesuffix(_HALF) + _LOCK
        )
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is(lock, lock_path):
                return False
            file.unlink(missing_ok=True)
            lock_path.unlink()
        except BlockingIOError:
            return False
        finally:
            os.close(lock)
        log.info("media_cache.removed", file=file.name)
        return True


def _patiently(lock: int, how: int, wait: Callable[[], None]) -> None:
    while True:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            wait()
            time.sleep(_POLL)
        else:
            return


def _is(lock: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False
