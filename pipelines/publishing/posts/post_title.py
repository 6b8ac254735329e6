"""The text of a post: title, part and hashtags inside the platform's limit."""

from __future__ import annotations

from collections.abc import Iterable

MOST_UNITS = 2_200
"""UTF-16 units of a title, as TikTok counts them (most emoji are two)."""


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def post_title(
    title: str, number: int, of: int, hashtags: Iterable[str], *, most: int = MOST_UNITS
) -> str:
    """``title``, the part where there are several, then the hashtags that fit as a whole.

    The title gives way to the part's number, and hashtags give way to both.
    """
    part = f" (part {number} of {of})" if of > 1 else ""
    text = _cut(" ".join(title.split()), most - units(part)) + part
    for hashtag in _clean(hashtags):
        longer = f"{text} #{hashtag}"
        if units(longer) <= most:
            text = longer
    return text.strip()


def _clean(hashtags: Iterable[str]) -> list[str]:
    """Words without ``#`` and blanks, each once whatever its case."""
    words = ("".join(hashtag.split()).lstrip("#") for hashtag in hashtags)
    return list({word.casefold(): word for word in words if word}.values())


def _cut(text: str, most: int) -> str:
    """``text``, shortened at a word's end where it has one, with an ellipsis."""
    if units(text) <= most:
        return text
    kept = text.encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", errors="ignore")
    head, _, _ = kept.rpartition(" ")
    return f"{(head or kept).rstrip()}…"
