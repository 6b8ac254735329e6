"""Files that a person uploads in the browser: kept in the intake folder, read as a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from core.db import transaction
from core.errors import InputError
from core.files.intake_folder import IntakeFolder
from models import AuditEntry, Source, SourceKind
from pipelines.stories.intake import sources
from pipelines.stories.intake.manual_intake import LONGEST_STORY

LARGEST_UPLOAD = 64 * 1024 * 1024
"""Bytes of all files of an upload: as large as a table may be (``adapters/files/csv_table.py``)."""
MOST_FILES = 500
STORIES_AT_ONCE = 100
BY_SUFFIX = {
    ".csv": SourceKind.CSV,
    ".tsv": SourceKind.CSV,
    ".json": SourceKind.SAVED_LISTING,
    ".jsonl": SourceKind.SAVED_LISTING,
    ".txt": SourceKind.FOLDER,
    ".md": SourceKind.FOLDER,
}
LABELS = {
    SourceKind.CSV: "Table",
    SourceKind.SAVED_LISTING: "Saved Reddit listing",
    SourceKind.FOLDER: "Texts, one story per file",
}
"""What an upload can be; texts become a folder."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One file: its name on the person's machine, and its content."""

    name: str
    content: BinaryIO


def add(files: Sequence[Uploaded], chosen: dict[str, Any], by: str, intake: IntakeFolder) -> Source:
    """Store the files, add a source that reads them, and queue its first fetch.

    All stories are taken whatever their length, because a person chose them.

    Args:
        files: one table, one listing, or texts.
        chosen: ``kind`` (empty: by the files' names), ``name`` (empty: the file's), ``language``,
            ``channel``.
        by: who uploads.
        intake: where the files are stored.

    Raises:
        InputError: the files don't fit together, are too large, or a setting is wrong.
    """
    kind = _kind(files, chosen["kind"])
    name = chosen["name"].strip() or _free_name(files)
    uploaded = [(_with_suffix(file.name, kind), file.content) for file in files]
    with intake.kept(uploaded, LARGEST_UPLOAD) as places, transaction():
        place = PurePosixPath(places[0])
        settings = {
            "name": name,
            "kind": kind,
            "place": str(place.parent if kind == SourceKind.FOLDER else place),
            "language": chosen["language"],
            "channel": chosen["channel"],
            "count": STORIES_AT_ONCE,
            "min_words": 1,
            "max_words": LONGEST_STORY,
        }
        source = sources.save(None, settings, by, intake)
        told = f"{len(files)} files" if len(files) > 1 else _label(files[0].name)
        AuditEntry.create(
            actor=by, action="source.upload", subject=f"source {source.id}", reason=told
        )
        sources.ask(source.id, by)
    return source


def _kind(files: Sequence[Uploaded], given: str) -> SourceKind:
    if not files:
        raise InputError("No file was chosen: choose one first.")
    if len(files) > MOST_FILES:
        raise InputError(f"These are {len(files)} files: upload at most {MOST_FILES} at once.")
    if given:
        kinds = {SourceKind(given)} if given in set(LABELS) else set()
    else:
        kinds = {_kind_of(file.name) for file in files}
    if len(kinds) != 1:
        raise InputError("Upload one table, one saved listing, or only texts at a time.")
    kind = kinds.pop()
    if kind != SourceKind.FOLDER and len(files) > 1:
        raise InputError("Upload one table or saved listing at a time: each becomes a source.")
    return kind


def _kind_of(name: str) -> SourceKind:
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if suffix not in BY_SUFFIX:
        raise InputError(
            f"“{_label(name)}” is not a table (.csv, .tsv), a saved listing (.json, .jsonl) or a "
            "text (.txt, .md): save it as one of these, or say what it is."
        )
    return BY_SUFFIX[suffix]


def _with_suffix(name: str, kind: SourceKind) -> str:
    """The name; a text gets a text's suffix, because a folder's other files are not read."""
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    is_text = BY_SUFFIX.get(suffix) == SourceKind.FOLDER
    return name if kind != SourceKind.FOLDER or is_text else f"{name}.txt"


def _free_name(files: Sequence[Uploaded]) -> str:
    """A name for the source that no other has."""
    name = _label(files[0].name) + (f" and {len(files) - 1} more" if files[1:] else "")
    start = Source.name.startswith(name)
    taken = {source.name for source in Source.select(Source.name).where(start)}
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free


def _label(name: str) -> str:
    """A file's name as it is shown: without folders and control characters, and not too long."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(sign if sign.isprintable() else " " for sign in bare)
    return " ".join(kept.split())[-80:] or "file"
