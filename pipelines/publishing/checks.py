"""What must hold before a byte is sent."""

from __future__ import annotations

from pathlib import Path

from adapters.ports import CreatorInfo
from core.errors import Permanent

MOST_BYTES = 500_000_000
SIGNATURE_BYTES = 64

SUFFIXES = {
    ".mp4": "iso",
    ".mov": "iso",
    ".avi": "avi",
    ".mkv": "matroska",
    ".webm": "matroska",
}
"""The container that a file's name promises."""


def check_file(path: Path, size: int, *, most_bytes: int = MOST_BYTES) -> None:
    """The file is there, is what its name says, and is the ``size`` bytes that were rendered.

    Raises:
        Permanent: it is not; the sentence says what to do.
    """
    if not path.is_file():
        raise Permanent(f"The video {path} is gone: render it again.", code="video_missing")
    promised = SUFFIXES.get(path.suffix.lower())
    if promised is None:
        names = ", ".join(SUFFIXES)
        raise Permanent(f"The video {path.name} must be one of {names}.", code="video_suffix")
    found = path.stat().st_size
    if not 0 < found <= most_bytes:
        raise Permanent(
            f"The video {path.name} has {found:,} bytes; 1 to {most_bytes:,} can be posted.",
            code="video_size",
        )
    if found != size:
        raise Permanent(
            f"The video {path.name} has {found:,} bytes, but {size:,} were rendered: render it "
            "again.",
            code="video_changed",
        )
    with path.open("rb") as file:
        container = _container(file.read(SIGNATURE_BYTES))
    if container != promised:
        raise Permanent(
            f"The video {path.name} is not what its name says: render or convert it again.",
            code="video_container",
        )


def check_length(seconds: float, creator: CreatorInfo) -> None:
    """Raises Permanent when the creator may not post a video this long."""
    if seconds > creator.max_seconds:
        raise Permanent(
            f"The video is {seconds:.0f} s long, and {creator.username} may post at most "
            f"{creator.max_seconds} s: make the parts shorter.",
            code="video_too_long",
        )


def _container(head: bytes) -> str:
    """The container by its first bytes; empty when unknown."""
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}:
        return "iso"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    return ""
