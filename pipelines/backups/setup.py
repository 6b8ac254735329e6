"""What backups are made with and from."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.ports import DatabasePrograms
from pipelines.backups.archive import Archive
from pipelines.backups.files import Folders
from pipelines.backups.retention import Keep


@dataclass(frozen=True, slots=True, repr=False)
class BackupSetup:
    """What backups are made with.

    Attributes:
        archive: where they are.
        programs: dump and restore the database.
        url: the database's address.
        folders: where the files are.
        keep: how many are kept.
    """

    archive: Archive
    programs: DatabasePrograms
    url: str
    folders: Folders
    keep: Keep
