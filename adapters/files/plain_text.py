"""Reads text files in the encodings that editors and spreadsheets write."""

from __future__ import annotations

import stat
from pathlib import Path
from unicodedata import category

from core.errors import Permanent

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
"""Byte order marks; Excel's "Unicode text" is UTF-16."""
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of .xlsx and .xls files, whatever their name."""

WESTERN_SHARE = 0.12
"""Largest share of non-ASCII letters in a Western text; French has about 4 %, German 2 %."""
_NEVER = frozenset("ðþýÐÞÝ")
"""Icelandic letters; far more often they are Turkish text decoded wrongly."""
_SIGNS = ("P", "S", "Z")
"""Categories of other characters in a text: quotation marks, dashes, currencies, wide spaces."""


def read(path: Path, largest: int) -> str:
    r"""The text of a file, with ``\n`` line ends.

    Reads UTF-8, UTF-16 with a byte order mark, and Windows-1252, which Excel writes as "CSV" in
    the West. Windows-1252 is accepted only if nearly all of the text is ASCII and the rest are
    Western letters, so a Russian or Turkish text is refused, not read as gibberish.

    Raises:
        Permanent: it is missing, not a file, too large or not text; the message says what to do.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # reading a pipe could block forever
            raise unusable(f"{path} is not a regular file: remove it.")
        if about.st_size > largest:
            raise unusable(f"{path} is larger than {largest // 1024**2} MB: split it.")
        content = path.read_bytes()
    except FileNotFoundError:
        raise unusable(f"There is no file {path}: correct the source's place.") from None
    except OSError as error:
        raise unusable(
            f"{path} can't be read ({error.strerror}): check the path and its permissions."
        ) from None
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
                f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8."
            ) from None
        text = western
    if "\0" in text:
        raise unusable(f"{path} is not a text file: it contains a zero byte.")
    return text


def _western(content: bytes) -> str | None:
    """The content as Windows-1252 text; None if it probably is not."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return None
    beyond = [sign for sign in text if not sign.isascii()]
    letters = [sign for sign in beyond if not category(sign).startswith(_SIGNS)]
    if any(not sign.isalpha() or sign in _NEVER for sign in letters):
        return None
    return text if len(letters) <= WESTERN_SHARE * sum(map(str.isalpha, text)) else None
