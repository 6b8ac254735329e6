"""Made files by kind and content key, written beside and renamed into place."""

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
"""Below this much free disk a render is not begun: a part's video and sound need about half."""


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

    def held(self, stored: str) -> Path | None:
        """The file that the record names, if it is there; nothing outside of the folder, ever."""
        path = (self.folder / stored).resolve()
        return path if path.is_relative_to(self.folder) and path.is_file() else None

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """A folder for half-made things, on the same disk, gone afterwards."""
        parent = self.folder / "tmp"
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(dir=parent))
        lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)  # let go by the system when we die
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(lock)
            shutil.rmtree(folder, ignore_errors=True)

    def forget_left_workshops(self, *, older_than: float = 60.0) -> None:
        """Remove what killed processes left half-made.

        Args:
            older_than: seconds; a younger one may not be locked yet by who makes it.
        """
        oldest = time.time() - older_than
        for folder in (self.folder / "tmp").glob("*"):
            with suppress(FileNotFoundError, BlockingIOError):  # tidied by another, or in use
                if folder.stat().st_mtime < oldest:
                    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        shutil.rmtree(folder, ignore_errors=True)
                    finally:
                        os.close(lock)

    def write(self, path: Path, text: str) -> None:
        """Write a small text file so that it is there whole or not at all."""
        with self.workshop() as folder:
            made = folder / path.name
            made.write_text(text, encoding="utf-8")
            made.replace(path)

    def free_bytes(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free
