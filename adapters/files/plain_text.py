"""Texts of people's own files, in the encodings that editors and spreadsheets write."""

from __future__ import annotations

import stat
from pathlib import Path
from unicodedata import category

from core.errors import Permanent

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
"""What a file in Unicode may begin with; Excel's "Unicode text" is UTF-16."""
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx and .xls files begin, whatever their name."""

WESTERN_SHARE = 0.12
"""Most letters beyond ASCII in a Western text; French has about 4 %, German 2 %."""
_NEVER = frozenset("ðþýÐÞÝ")
"""Letters of Icelandic; far more often they are Turkish that is read wrongly."""
_SIGNS = ("P", "S", "Z")
"""Categories of what else stands in a text: quotation marks, dashes, currencies, wide spaces."""


def read(path: Path, largest: int) -> str:
    r"""The text of a file, its lines ended by ``\n``.

    UTF-8, UTF-16 with its mark, and Windows-1252, which Excel writes as "CSV" in the West; the
    last only where nearly all is ASCII and the rest are its letters, so that a Russian or Turkish
    text is refused rather than read as gibberish.

    Raises:
        Permanent: it is missing, no file, too large or no text; the sentence says what to do.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # a pipe would be waited for without end
            raise unusable(f"{path} is no file with a text: take it away.")
        if about.st_size > largest:
            raise unusable(f"{path} is larger than {largest // 1024**2} MB: split it.")
        content = path.read_bytes()
    except FileNotFoundError:
        raise unusable(f"There is no file {path}: correct the place.") from None
    except OSError as error:
        raise unusable(f"{path} can't be read ({error.strerror}): correct it.") from None
    if content.startswith(WORKBOOKS):
        raise unusable(f"{path} is an Excel workbook: save it as “CSV UTF-8” in Excel.")
    return _decoded(path, content).replace("\r\n", "\n").replace("\r", "\n")


def unusable(sentence: str) -> Permanent:
    return Permanent(sentence, code="text_file")


def _decoded(path: Path, content: bytes) -> str:
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        western = _western(content) if encoding == "utf-8" else None
        if western is None:
            raise unusable(
                f"{path} is no UTF-8 text at byte {error.start}: save it as UTF-8."
            ) from None
        text = western
    if "\0" in text:
        raise unusable(f"{path} is no text: it holds a zero byte.")
    return text


def _western(content: bytes) -> str | None:
    """The text that this is in Windows-1252; None where it probably is none."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return None
    beyond = [sign for sign in text if not sign.isascii()]
    letters = [sign for sign in beyond if not category(sign).startswith(_SIGNS)]
    if any(not sign.isalpha() or sign in _NEVER for sign in letters):
        return None
    return text if len(letters) <= WESTERN_SHARE * sum(map(str.isalpha, text)) else None
