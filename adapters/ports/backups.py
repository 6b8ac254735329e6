"""Where backups are kept, and the programs that write and read a whole database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol


class BackupPlace(Protocol):
    """Named contents, each written once. Names are relative paths with ``/``."""

    @property
    def label(self) -> str:
        """How a person calls it, such as a folder's path."""

    def check(self) -> None:
        """Raises Retryable if the place is not there."""

    def sizes(self, prefix: str) -> dict[str, int]:
        """Name and bytes of each content whose name begins with ``prefix``."""

    def read(self, name: str) -> Iterator[bytes]:
        """The content in chunks of at most 1 MiB. Raises FileNotFoundError if there is none."""

    def write(self, name: str, chunks: Iterable[bytes]) -> int:
        """Store a content completely or not at all; returns its bytes.

        Raises:
            Retryable: the place is full or can't be written.
        """

    def remove(self, name: str) -> None:
        """Remove a content; nothing happens if there is none."""

    def forget_unfinished(self) -> None:
        """Remove what killed processes left half-written. Nobody else may be writing."""


class DatabasePrograms(Protocol):
    """Writes and reads whole databases; addresses contain passwords and are never logged."""

    def dump(self, url: str, snapshot: str) -> Iterator[bytes]:
        """The database as it is in an exported snapshot.

        Raises:
            Retryable: it ended with an error, maybe after some chunks.
        """

    def restore(self, url: str, chunks: Iterable[bytes]) -> None:
        """Restore a dump into an empty database, completely or not at all.

        Raises:
            Retryable: the dump can't be restored.
        """
