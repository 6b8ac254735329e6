"""The text of a post: title, part and hashtags within the platform's limit."""

from __future__ import annotations

from collections.abc import Iterable

MOST_UNITS = 2_200
"""UTF-16 units of a title, as TikTok counts them (most emoji are two)."""


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def post_title(
    title: str, number: int, of: int, hashtags: Iterable[str], *, most: int = MOST_UNITS
) -> str:
    """``title``, the part's number if there are several, then the hashtags that fit.

    A title that is too long is shortened for the part's number; a hashtag that doesn't fit is left
    out.
    """
    part = f" (part {number} of {of})" if of > 1 else ""
    text = _cut(" ".join(title.split()), most - units(part)) + part
    for hashtag in _clean(hashtags):
        longer = f"{text} #{hashtag}"
        if units(longer) <= most:
            text = longer
    return text.strip()


def _clean(hashtags: Iterable[str]) -> list[str]:
    """Words without ``#`` and spaces, each once regardless of case."""
    words = ("".join(hashtag.split()).lstrip("#") for hashtag in hashtags)
    return list({word.casefold(): word for word in words if word}.values())


def _cut(text: str, most: int) -> str:
    """``text``, shortened at the end of a word if possible, with an ellipsis."""
    if units(text) <= most:
        return text
    short = text.encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", errors="ignore")
    head, _, _ = short.rpartition(" ")
    return f"{(head or short).rstrip()}…"
