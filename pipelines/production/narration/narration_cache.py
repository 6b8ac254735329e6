"""Narrations cached on disk, and whether they are intact."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import Counter

from adapters.ports import Speech, WordTiming
from core.files.storage import MediaStore
from models import Narration

log = structlog.get_logger(__name__)

DAMAGED = Counter(
    "storymill_narrations_damaged_total",
    "Cached narrations found damaged and made again",
)


def is_whole(narration: Narration, media: MediaStore) -> bool:
    """Whether the cached sound is intact; takes a few milliseconds per part."""
    return known(media, narration.key) is not None


def timings(narration: Narration) -> tuple[WordTiming, ...]:
    return tuple(_timing(row) for row in narration.words)


def known(media: MediaStore, key: str) -> Speech | None:
    """The sound with this key, if intact: its JSON file is written last and has its digest."""
    sheet = media.path("narration", key, ".json")
    sound = media.path("narration", key, ".wav")
    if not (sheet.is_file() and sound.is_file()):
        return None
    try:
        made = json.loads(sheet.read_text())
        speech = Speech(
            path=sound,
            seconds=made["seconds"],
            words=tuple(map(_timing, made["words"])),
            timed_by=made["timed_by"],
        )
        whole = made["sha256"] == digest(sound)
    except (ValueError, KeyError, TypeError):  # a damaged JSON file
        whole = False
    if whole:
        return speech
    DAMAGED.inc()
    log.warning("narration.damaged", sound=sound.name)
    sheet.unlink(missing_ok=True)  # so it is counted only once
    return None


def digest(sound: Path) -> str:
    """SHA-256 of the file; takes a few milliseconds for the sound of a part."""
    with sound.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _timing(row: Sequence[Any]) -> WordTiming:
    word, start, end, *more = row
    inside = tuple((at, second) for moments in more for at, second in moments)
    return WordTiming(word, start, end, inside)
