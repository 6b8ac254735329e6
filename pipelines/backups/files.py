"""The files that the record needs: which they are, and how each is stored once.

A file that has its size and time of the last backup is not read again: the last backup knows its
hash. Files of one content are stored once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from adapters.ports import Progress
from core.errors import Retryable
from core.files.encrypted_stream import encrypted_size
from models import Attempt, Caption, Narration, SourceKind, Table, Video
from pipelines.backups.archive import FILES, Archive, DamagedError, Facts
from pipelines.publishing.accounts import token_recovery

MANIFEST = "files"
MEDIA, INTAKE = "media/", "intake/"
"""What a file's name begins with: it is below MEDIA_DIR or INTAKE_DIR."""
CHUNK = 1 << 20

NAMED_BY: tuple[tuple[type[Table], str], ...] = (
    (Narration, "path"),
    (Caption, "ass_path"),
    (Caption, "srt_path"),
    (Caption, "vtt_path"),
    (Video, "path"),
    (Video, "cover_path"),
    (Attempt, "screenshot"),
)
"""Every column that names a file below the media folder."""
OF_FILES = (SourceKind.CSV, SourceKind.SAVED_LISTING, SourceKind.FOLDER)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the files of an installation are."""

    media: Path
    intake: Path

    def path(self, name: str) -> Path | None:
        """Where the file is or belongs; None if that is outside the folders."""
        for prefix, folder in ((MEDIA, self.media), (INTAKE, self.intake)):
            if name.startswith(prefix):
                path = (folder / name.removeprefix(prefix)).resolve()
                return path if path.is_relative_to(folder.resolve()) else None
        return None


class File(BaseModel, frozen=True):
    """A line of the manifest."""

    name: str
    size: int = 0
    mtime: int = 0
    """Nanoseconds since 1970."""
    sha256: str = ""
    """Empty: the disk lacked it when the backup was made."""
    stored_as: str = ""


@dataclass(slots=True)
class Sums:
    """What was stored."""

    files: int = 0
    file_bytes: int = 0
    new_bytes: int = 0
    missing: int = 0
    new: set[str] = field(default_factory=set)
    """Where the files are that no earlier backup had."""


def needed(cursor: Any, folders: Folders) -> list[str]:
    """Names of the files that the record needs, sorted; ``cursor`` sees the backup's snapshot."""
    found: set[str] = set()
    for table, column in NAMED_BY:
        cursor.execute(f"SELECT {column} FROM {table._meta.table_name} WHERE {column} <> ''")  # noqa: SLF001  # peewee's public name
        found |= {MEDIA + path for (path,) in cursor}
    tokens = folders.media / token_recovery.FOLDER
    found |= {f"{MEDIA}{token_recovery.FOLDER}/{path.name}" for path in _files_of(tokens)}
    cursor.execute(
        "SELECT DISTINCT place FROM source "
        "WHERE kind = ANY(%s) AND removed_at IS NULL AND place <> ''",
        (list(map(str, OF_FILES)),),
    )
    for (place,) in cursor:
        name = INTAKE + place
        path = folders.path(name)
        if path is not None and path.is_dir():
            inside = (each.relative_to(path).as_posix() for each in _files_of(path))
            found |= {f"{name}/{each}" for each in inside}
        else:
            found.add(name)
    return sorted(found)


def _files_of(folder: Path) -> Iterator[Path]:
    """The files below a folder; links are not followed."""
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def store(
    archive: Archive,
    names: list[str],
    folders: Folders,
    earlier: Iterable[File],
    sums: Sums,
    *,
    progress: Progress,
) -> Iterator[bytes]:
    """Store what the archive lacks of these files; gives the lines of the manifest.

    Args:
        archive: where to.
        names: of the files, sorted.
        folders: where they are.
        earlier: the last backup's files, sorted by name.
        sums: is filled.
        progress: told the share of the files that is done.

    Raises:
        Retryable: a file can't be read or changes while it is read, or the place is full.
    """
    held = archive.place.sizes(FILES)
    for number, (name, known) in enumerate(_beside(names, earlier)):
        progress(number / len(names))
        file = _stored(archive, name, folders, known, held=held, sums=sums)
        sums.files += 1
        sums.file_bytes += file.size
        sums.missing += not file.sha256
        yield file.model_dump_json().encode() + b"\n"


def _beside(names: list[str], earlier: Iterable[File]) -> Iterator[tuple[str, File | None]]:
    """Each name with the earlier file of that name; both are sorted."""
    left = iter(earlier)
    known = next(left, None)
    for name in names:
        while known is not None and known.name < name:
            known = next(left, None)
        yield name, known if known is not None and known.name == name else None


def _stored(
    archive: Archive,
    name: str,
    folders: Folders,
    known: File | None,
    *,
    held: dict[str, int],
    sums: Sums,
) -> File:
    path = folders.path(name)
    try:
        if path is None or not path.is_file():
            return File(name=name)
        stat = path.stat()
        if known and known.sha256 and (known.size, known.mtime) == (stat.st_size, stat.st_mtime_ns):
            sha256 = known.sha256
        else:
            sha256 = _hash(_read(path))
        stored_as = archive.file_name(sha256)
        size_there = encrypted_size(stat.st_size) if archive.keys.newest else stat.st_size
        if held.get(stored_as) != size_there:
            archive.write_file(stored_as, _unchanged(path, sha256))
            held[stored_as] = size_there
            sums.new.add(stored_as)
            sums.new_bytes += size_there
    except FileNotFoundError:
        return File(name=name)
    except OSError as error:
        raise _unreadable(name, error) from error
    return File(
        name=name, size=stat.st_size, mtime=stat.st_mtime_ns, sha256=sha256, stored_as=stored_as
    )


def _unchanged(path: Path, sha256: str) -> Iterator[bytes]:
    """The file's content, if that still has the hash."""
    hashed = hashlib.sha256()
    try:
        for chunk in _read(path):
            hashed.update(chunk)
            yield chunk
    except OSError as error:  # not to be taken for a fault of the place
        raise _unreadable(path, error) from error
    if hashed.hexdigest() != sha256:
        raise Retryable(f"{path} changed while it was stored.", code="file_changed")


def _unreadable(path: Path | str, error: OSError) -> Retryable:
    return Retryable(f"{path} can't be read ({error.strerror}).", code="file_unreadable")


def listed(archive: Archive, facts: Facts) -> Iterator[File]:
    """The files of a backup, sorted by name.

    Raises:
        DamagedError: the list is missing or damaged; maybe only after its last line.
        KeyMissingError: it needs another key.
    """
    chunks = archive.read(facts.name, MANIFEST, facts.manifest, facts.encrypted_with)
    try:
        for line in _lines(chunks):
            yield File.model_validate(json.loads(line))
    except (ValueError, ValidationError):
        raise DamagedError(
            f"The list of files of the backup {facts.name} is damaged: use another backup."
        ) from None


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chain(chunks, [b""]):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def content(archive: Archive, facts: Facts, file: File) -> Iterator[bytes]:
    """The content of a file of a backup, checked.

    Raises:
        DamagedError: it is missing or not what was stored; maybe only after its last chunk.
    """
    hashed = hashlib.sha256()
    for chunk in archive.read_file(file.stored_as, facts.encrypted_with, file.name):
        hashed.update(chunk)
        yield chunk
    if hashed.hexdigest() != file.sha256:
        raise DamagedError(f"The stored copy of {file.name} is damaged: use another backup.")


def same(path: Path, file: File) -> bool:
    """Whether the file at ``path`` has this content."""
    return path.is_file() and path.stat().st_size == file.size and _hash(_read(path)) == file.sha256


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _hash(chunks: Iterable[bytes]) -> str:
    hashed = hashlib.sha256()
    for chunk in chunks:
        hashed.update(chunk)
    return hashed.hexdigest()
