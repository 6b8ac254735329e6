"""Turns the bytes of text files into text, in the encodings that editors and spreadsheets write."""

from __future__ import annotations

from adapters.files.encodings import western
from core.errors import Permanent

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
"""Byte order marks; Excel's "Unicode text" is UTF-16."""
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of .xlsx and .xls files, whatever their name."""


def text_of(name: str, content: bytes) -> str:
    r"""The text of a file, with ``\n`` line ends.

    Reads UTF-8, UTF-16 with a byte order mark, and Western encodings that can be told for sure
    (``encodings``). A text in any other is refused, not read as gibberish.

    Args:
        name: how the file is called in messages.
        content: its bytes.

    Raises:
        Permanent: it is not text, or its encoding is unclear; the message says what to do.
    """
    if content.startswith(WORKBOOKS):
        raise unusable(f"{name} is an Excel workbook: save it as “CSV UTF-8” in Excel.")
    return _decoded(name, content).replace("\r\n", "\n").replace("\r", "\n")


def unusable(sentence: str) -> Permanent:
    return Permanent(sentence, code="text_file")


def _decoded(name: str, content: bytes) -> str:
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        read = western(content) if encoding == "utf-8" and b"\0" not in content else None
        if read is None:
            raise unusable(
                f"{name} is not UTF-8 text (byte {error.start}), and no other encoding is certain: "
                "save it as UTF-8, in Excel as “CSV UTF-8”."
            ) from None
        text = read
    if "\0" in text:
        raise unusable(f"{name} is not a text file: it contains a zero byte.")
    return text
