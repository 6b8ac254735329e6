"""Prepared films on disk: made once, shared by all workers, the longest unused given up first."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from adapters import ffmpeg_process

log = structlog.get_logger(__name__)

_HALF = ".half.mp4"
_LOCK = ".lock"
_POLL = 0.1  # seconds
_SPARE_BYTES = 1_000_000_000  # left free on the disk, for the videos themselves


class KeptFilms:
    """A folder of films by name.

    A film has a lock file beside it. Whoever makes or removes the film holds that lock alone;
    whoever reads it shares it. The system lets a lock go with the process that held it, so a
    worker that was killed leaves nothing locked, and its half-made film is overwritten.

    Args:
        folder: may be shared by several workers.
        most_bytes: what all films together may take, less on a disk that is nearly full; films in
            use stay all the same.
    """

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    @contextmanager
    def take(
        self, name: str, make: Callable[[Path], None], wait: Callable[[], None]
    ) -> Iterator[Path]:
        """Give the film ``name``; ``make`` writes it to the given path if there is none yet.

        It is there, whole and unchanged, until the block ends.

        Args:
            name: of letters, digits and hyphens.
            make: removes nothing; what it leaves half-made is removed here.
            wait: called again and again while another worker makes it; may raise.

        Raises:
            Retryable: code ``disk_full``.
        """
        film = self._folder / f"{name}.mp4"
        with _disk_errors():
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = self._ready(film, make, wait)
        try:
            self.tidy()
            with suppress(OSError):  # only says that it was used
                os.utime(film)
            yield film
        finally:
            os.close(lock)

    def _ready(self, film: Path, make: Callable[[Path], None], wait: Callable[[], None]) -> int:
        """Share the lock of a film that is there, made now if need be."""
        path = film.with_suffix(_LOCK)
        while True:  # until no other worker removed the film or its lock in between
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                _patiently(lock, fcntl.LOCK_SH, wait)
                if film.is_file() and _is(lock, path):
                    return lock
                _patiently(lock, fcntl.LOCK_EX, wait)
                if _is(lock, path) and not film.is_file():
                    self._make(film, make)
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)

    def _make(self, film: Path, make: Callable[[Path], None]) -> None:
        half = film.with_name(film.stem + _HALF)
        began = time.monotonic()
        try:
            make(half)
            half.replace(film)
        finally:
            half.unlink(missing_ok=True)
        took, size = round(time.monotonic() - began, 1), film.stat().st_size
        log.info("background.prepared", film=film.name, seconds=took, bytes=size)

    def tidy(self) -> None:
        """Remove the films that were longest unused, until the rest fits; none that is in use."""
        films = []
        for path in self._folder.glob("*.mp4"):
            with suppress(FileNotFoundError):  # another worker may tidy too
                status = path.stat()
                films.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in films)
        free = shutil.disk_usage(self._folder).free
        allowed = min(self._most_bytes, total + free - _SPARE_BYTES)
        for _, size, path in sorted(films):
            if total <= allowed:
                return
            if self._remove(path):
                total -= size

    def _remove(self, film: Path) -> bool:
        lock_path = self._folder / (film.name.removesuffix(_HALF).removesuffix(".mp4") + _LOCK)
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is(lock, lock_path):
                return False
            film.unlink(missing_ok=True)
            lock_path.unlink()
        except BlockingIOError:
            return False
        finally:
            os.close(lock)
        log.info("background.removed", film=film.name)
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


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ffmpeg_process.disk_full() from error
        raise
