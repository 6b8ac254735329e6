"""Produced files by kind and content key; each is written elsewhere, then renamed into place.

The record names a file by its path below the media folder, so the folder can be moved.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

LEAST_FREE_BYTES = 200_000_000
"""With less free disk no render starts: a part's video and sound need about half of this."""


def content_key(*inputs: Any) -> str:
    """SHA-256 of the inputs: the same inputs name the same file."""
    canonical = json.dumps(inputs, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


class MediaStore:
    """The media folder: ``<kind>/<first two of key>/<key><suffix>``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def path(self, kind: str, key: str, suffix: str) -> Path:
        path = self.folder / kind / key[:2] / f"{key}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def name(self, path: Path) -> str:
        """How the record names a file: its path below the folder. ValueError if it is outside."""
        return path.relative_to(self.folder).as_posix()

    def at(self, name: str) -> Path:
        """The path of the file that the record names so; it may be missing."""
        return self.folder / name

    def held(self, name: str) -> Path | None:
        """The file that the record names so, if it exists; never one outside the folder."""
        path = self.at(name).resolve()
        return path if path.is_relative_to(self.folder) and path.is_file() else None

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """A folder for unfinished files, on the same disk; removed afterwards."""
        parent = self.folder / "tmp"
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(dir=parent))
        lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)  # the system releases it if we die
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(lock)
            shutil.rmtree(folder, ignore_errors=True)

    def forget_left_workshops(self, *, older_than: float = 60.0) -> None:
        """Remove the unfinished files of killed processes.

        Args:
            older_than: seconds; the owner of a younger folder may not have locked it yet.
        """
        oldest = time.time() - older_than
        for folder in (self.folder / "tmp").glob("*"):
            with suppress(FileNotFoundError, BlockingIOError):  # already removed, or in use
                if folder.stat().st_mtime < oldest:
                    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        shutil.rmtree(folder, ignore_errors=True)
                    finally:
                        os.close(lock)

    def write(self, path: Path, text: str) -> None:
        """Write a small text file completely or not at all."""
        with self.workshop() as folder:
            made = folder / path.name
            made.write_text(text, encoding="utf-8")
            made.replace(path)

    def free_bytes(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free
