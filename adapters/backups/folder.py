"""Backups in a folder, such as another disk or a mounted share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from core.errors import Retryable
from core.files import disk

CHUNK = 1 << 20
UNFINISHED = "unfinished"
"""The folder for what is being written; it is moved into place when it is complete."""


class FolderPlace:
    """A folder of its own; nobody but its owner may read what is written.

    Parameters:
      folder: must exist, so that a share which is not mounted is noticed.
    """

    def __init__(self, *, folder: Path) -> None:
        self.folder = folder

    @property
    def label(self) -> str:
        return str(self.folder)

    def check(self) -> None:
        if not self.folder.is_dir():
            raise Retryable(
                f"The folder for backups (BACKUP_DIR), {self.folder}, does not exist: create it, "
                "or mount its disk.",
                code="backup_folder",
            )

    def sizes(self, prefix: str) -> dict[str, int]:
        found: dict[str, int] = {}
        start = self.folder / prefix
        for folder, _, files in os.walk(start if start.is_dir() else start.parent):
            for file in files:
                path = Path(folder, file)
                name = path.relative_to(self.folder).as_posix()
                if name.startswith(prefix):
                    found[name] = path.stat().st_size
        return found

    def read(self, name: str) -> Iterator[bytes]:
        with (self.folder / name).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def write(self, name: str, chunks: Iterable[bytes]) -> int:
        self.check()
        try:
            return self._write(self.folder / name, chunks)
        except OSError as error:
            full = error.errno in disk.FULL
            what = "is full: free some space" if full else f"can't be written ({error.strerror})"
            raise Retryable(
                f"The disk with the backups (BACKUP_DIR), {self.folder}, {what}. Older backups "
                "are as they were.",
                code="backup_disk_full" if full else "backup_not_written",
            ) from error

    def _write(self, path: Path, chunks: Iterable[bytes]) -> int:
        unfinished = self.folder / UNFINISHED
        unfinished.mkdir(mode=0o700, exist_ok=True)
        descriptor, name = mkstemp(dir=unfinished)  # 0600
        size = 0
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in chunks:
                    size += file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync(path.parent)
        return size

    def remove(self, name: str) -> None:
        path = self.folder / name
        path.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or already gone
            path.parent.rmdir()

    def forget_unfinished(self) -> None:
        shutil.rmtree(self.folder / UNFINISHED, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Write the folder's own entries to the disk, so that a power cut loses no name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
