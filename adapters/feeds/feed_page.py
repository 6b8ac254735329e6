"""Checks on a response before it is parsed as a feed."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

KINDS = frozenset({"application/rss+xml", "application/atom+xml"})
HEAD = 200_000
"""Bytes of a page that are searched for feed links."""

_REFERENCES = re.compile(rb"(?:&#(?:[xX][0-9a-fA-F]{1,8}|[0-9]{1,8});)+")
_REFERENCE = re.compile(r"&#(?P<hex>[xX]?)(?P<figure>[0-9a-fA-F]+);")
_LAST_CHARACTER = 0x10FFFF


def whole_characters(content: bytes) -> bytes:
    """The content without invalid character references, on which feedparser fails.

    Some servers write an emoji as two UTF-16 surrogates; these are joined.
    """
    return _REFERENCES.sub(_whole, content)


def _whole(run: re.Match[bytes]) -> bytes:
    found = _REFERENCE.finditer(run[0].decode("ascii"))
    points = [int(each["figure"], 16 if each["hex"] else 10) for each in found]
    halves = "".join(chr(point) for point in points if 0 < point <= _LAST_CHARACTER)
    text = halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return "".join(f"&#{ord(character)};" for character in text).encode("ascii")


class _Links(HTMLParser):
    found = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if (
            tag == "link"
            and not self.found
            and "alternate" in given.get("rel", "").lower().split()
            and given.get("type", "").lower() in KINDS
        ):
            self.found = given.get("href", "")


def feed_address(page: bytes, base: str) -> str:
    """The first feed linked in a page's head, as feed readers find it; empty for none.

    Args:
        page: the response content.
        base: its address, which its links are relative to.
    """
    links = _Links()
    links.feed(page[:HEAD].decode("utf-8", "replace"))
    if not links.found:
        return ""
    try:
        address = urljoin(base, links.found)
    except ValueError:
        return ""
    return address if address.startswith(("https://", "http://")) else ""
