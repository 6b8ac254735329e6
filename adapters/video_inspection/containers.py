"""Detect a file's type from its bytes, and check that its outer parts fit together.

Knows just enough of ISO base media (MP4, MOV; ISO/IEC 14496-12), EBML (Matroska, WebM; RFC 8794)
and RIFF (AVI) to detect a wrong type, a file that was cut off and impossible sizes. Reads headers
only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

HEAD_BYTES = 512

_MOST_BOXES = 200_000
_MOST_DEPTH = 8
_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"mvex", b"moof"})
_FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"})
_ONCE = frozenset({b"moov", b"mvhd", b"tkhd", b"mdhd", b"stbl", b"stsd", b"stts", b"stsz", b"stco"})

_BOX_HEAD = 8  # bytes: size and kind
_IN_KINDS = frozenset(range(32, 127)) | {0xA9}  # printable, or Apple's ©

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"ID3", "an MP3 sound"),
    (b"\xff\xfb", "an MP3 sound"),
    (b"\xff\xf1", "an AAC sound"),
    (b"fLaC", "a FLAC sound"),
    (b"OggS", "an Ogg file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\xfd7zXZ", "an XZ archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"#!", "a script"),
    (b"%PDF", "a PDF document"),
    (b"FLV\x01", "a Flash video"),
    (b"\x30\x26\xb2\x75", "a Windows Media file"),
    (b"\x00\x00\x01\xba", "an MPEG program stream"),
    (b"#EXTM3U", "a playlist"),
)


class DamageError(Exception):
    """The outer parts do not fit; ``fault`` is one of the values of ``ProbedVideo.fault``."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


class _Box(NamedTuple):
    kind: bytes
    start: int
    """Where its content starts."""
    end: int


def name_of(head: bytes) -> str:
    """``mp4`` (also MOV), ``matroska``, ``webm``, ``avi``; else a description, or ""."""
    if head[4:8] in _FIRST:
        return "mp4"
    if head[:4] == _EBML:
        return "webm" if b"\x42\x82\x84webm" in head else "matroska"
    if head[:4] == b"RIFF":
        return {b"AVI ": "avi", b"WAVE": "a WAV sound", b"WEBP": "a WebP picture"}.get(
            head[8:12], ""
        )
    if head[:1] == b"G" and head[188:189] == b"G":
        return "an MPEG transport stream"
    for sign, name in _OTHERS:
        if head.startswith(sign):
            return name
    return "text" if _is_text(head) else ""


def check(file: BinaryIO, name: str, size: int) -> float:
    """Check that the container ``name`` in ``file`` of ``size`` bytes is complete.

    Returns:
        The seconds that an MP4's header claims, which ffmpeg ignores; 0 for other containers.

    Raises:
        DamageError: it is incomplete or damaged.
    """
    if name == "mp4":
        return _Boxes(file).check(size)
    if name == "avi":
        _check_riff(file, size)
    else:
        _check_ebml(file, size)
    return 0.0


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(head) or len(head) < HEAD_BYTES:
            return False
        text = head[: error.start].decode("utf-8")  # the last character was cut in half
    return bool(text) and all(char.isprintable() or char in "\r\n\t\f\ufeff" for char in text)


class _Boxes:
    """The boxes of an MP4."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _MOST_BOXES
        self._seconds = 0.0

    def check(self, size: int) -> float:
        kinds: Counter[bytes] = Counter()
        for box in self._between(0, size, depth=0):
            kinds[box.kind] += 1
            if box.kind in _PARENTS:
                self._check_inside(box, depth=1)
        if kinds[b"moov"] > 1:
            raise DamageError("damaged")
        if not kinds[b"moov"]:
            raise DamageError("unfinished")
        if not kinds[b"mdat"] + kinds[b"moof"]:
            raise DamageError("cut_off")
        return self._seconds

    def _check_inside(self, parent: _Box, depth: int) -> None:
        if depth > _MOST_DEPTH:
            raise DamageError("damaged")
        seen: set[bytes] = set()
        for box in self._between(parent.start, parent.end, depth):
            if box.kind in seen & _ONCE:
                raise DamageError("damaged")
            seen.add(box.kind)
            if box.kind == b"mvhd":
                self._seconds = self._claimed_by(box)
            if box.kind in _PARENTS:
                self._check_inside(box, depth + 1)

    def _claimed_by(self, header: _Box) -> float:
        """``duration / timescale`` of an ``mvhd`` box; all ones mean unknown."""
        self._file.seek(header.start)
        content = self._file.read(min(32, header.end - header.start))
        at, width = (20, 8) if content[:1] == b"\1" else (12, 4)
        unit = int.from_bytes(content[at : at + 4], "big")
        length = int.from_bytes(content[at + 4 : at + 4 + width], "big")
        return length / unit if unit and length != (1 << 8 * width) - 1 else 0.0

    def _between(self, start: int, end: int, depth: int) -> Iterator[_Box]:
        """The boxes from ``start`` to ``end``; those at the top level may be cut off."""
        beyond = "damaged" if depth else "cut_off"
        at = start
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise DamageError("greedy")
            self._file.seek(at)
            head = self._file.read(min(16, end - at))
            if len(head) < _BOX_HEAD:
                raise DamageError(beyond)
            length, kind, header = int.from_bytes(head[:4], "big"), head[4:8], _BOX_HEAD
            if length == 1:
                length, header = int.from_bytes(head[8:16], "big"), 16
            elif length == 0 and not depth:
                length = end - at  # it extends to the end of the file
            if length < header or not set(kind) <= _IN_KINDS:
                raise DamageError("damaged")
            if at + length > end:
                raise DamageError(beyond)
            yield _Box(kind, at + header, at + length)
            at += length


def _check_riff(file: BinaryIO, size: int) -> None:
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(8)
        if head[:4] != b"RIFF" or len(head) < _BOX_HEAD:
            raise DamageError("damaged")
        length = int.from_bytes(head[4:], "little")
        at += 8 + length + length % 2
        if at > size + length % 2:
            raise DamageError("cut_off")


def _check_ebml(file: BinaryIO, size: int) -> None:
    at = 0
    found = False
    while at < size:
        file.seek(at)
        head = file.read(12)
        if head[:4] not in {_EBML, _SEGMENT, b""} and not found:
            raise DamageError("damaged")
        if head[:4] not in {_EBML, _SEGMENT}:
            return  # anything after the segment is padding or a tag
        found = found or head[:4] == _SEGMENT
        length, width = _ebml_size(head[4:])
        if length is None:
            return  # written live: it ends where the file ends
        at += 4 + width + length
        if at > size:
            raise DamageError("cut_off")
    if not found:
        raise DamageError("unfinished")


def _ebml_size(data: bytes) -> tuple[int | None, int]:
    """An EBML length (None: unknown) and how many bytes it took."""
    if not data or data[0] == 0:
        raise DamageError("damaged")
    width = 9 - data[0].bit_length()
    value = int.from_bytes(data[:width], "big") & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), width
