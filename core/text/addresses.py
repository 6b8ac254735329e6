"""Web addresses as they may be shown. Any address may hold a secret.

A private feed has its token in the query (``?feed=…&user=…``), before the host
(``https://name:password@host``), or as a step of the path. ``shown`` masks all of these; it keeps
scheme, host, the names in the query, and the few values that are known to be harmless.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import unquote, unquote_plus

MASK = "[secret]"

_PARTS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)?(?:(?P<user>[^/?#]*)@)?(?P<host>[^/?#]*)"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.IGNORECASE | re.DOTALL,
)
"""Matches every text, so that an address that nothing can parse is masked too."""
_IN_TEXT = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>“”]+(?<![.,;:!?)])", re.IGNORECASE)
_TOKEN = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|(?<![a-z0-9])(?=(?:[a-z]*\d){2})(?=\d*[a-z])[a-z0-9]{20,}"
    r"|(?<![\w-])(?-i:(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d))[\w-]{20,}",
    re.IGNORECASE,
)
"""A step of a path that looks drawn by lot: a UUID, or a long run of letters and digits."""
_HARMLESS = {
    "t": re.compile("hour|day|week|month|year|all"),
    "sort": re.compile("hot|new|top|rising|best|relevance|comments"),
    "limit": re.compile(r"\d{1,3}"),
    "page": re.compile(r"\d{1,3}"),
    "paged": re.compile(r"\d{1,3}"),
    "feed": re.compile("rss|rss2|atom|rdf"),
    "format": re.compile("rss|atom|xml|feed"),
    "alt": re.compile("rss|atom"),
}
"""Values in a query that can't be a secret, by their name; all other values are masked."""
_NAMES_A_PERSON = frozenset({"user", "username"})
_LEAST_SECRET = 12
"""Characters from which a hidden part is also looked for in texts; shorter ones may be words."""


def shown(address: str) -> str:
    """The address with every part masked that may be a secret; the same again if masked twice."""
    return _written(address, lambda _part: MASK)


def is_masked(address: str) -> bool:
    """Whether ``address`` was masked, so that nothing can be fetched from it."""
    return MASK in address


def hides(address: str) -> bool:
    """Whether ``shown`` hides a part of the address."""
    return shown(address) != address


def name_of(address: str) -> str:
    """Host and path, as a name; without anything that may be a secret."""
    match = _split(address)
    return f"{match['host']}{_TOKEN.sub(MASK, match['path'])}".removesuffix("/")


def host_of(address: str) -> str:
    """The host in lower case, without port; empty if there is none."""
    return re.sub(r":\d*$", "", _split(address)["host"]).strip(".").lower()


def is_reddit(address: str) -> bool:
    """Whether an address, masked or not, is one of Reddit's."""
    return f".{host_of(address)}".endswith((".reddit.com", ".redd.it"))


def public_part(address: str) -> str:
    """Scheme, host and path: what links on its page are relative to."""
    match = _split(address)
    return f"{match['scheme'] or ''}{match['host']}{match['path']}"


def shown_in(text: str) -> str:
    """A text in which every address is masked."""
    return _IN_TEXT.sub(lambda found: shown(found[0]), text)


def remover(*addresses: str) -> Callable[[str], str]:
    """A function that masks the hidden parts of ``addresses`` wherever a text repeats them."""
    secrets: list[str] = []

    def noted(part: str) -> str:
        secrets.append(part)
        return MASK

    for address in addresses:
        _written(address, noted)
        if user := _split(address)["user"]:  # as the request's header has it
            secrets.append(b64encode(unquote(user).encode()).decode())
    spelled = {spell(each) for each in secrets for spell in (str, unquote, unquote_plus)}
    long = sorted((each for each in spelled if len(each) >= _LEAST_SECRET), key=len, reverse=True)
    if not long:
        return lambda text: text
    pattern = re.compile("|".join(map(re.escape, long)))
    return lambda text: pattern.sub(MASK, text)


def _split(address: str) -> re.Match[str]:
    match = _PARTS.fullmatch(address)
    if match is None:
        raise AssertionError(_PARTS.pattern)
    return match


def _written(address: str, mask: Callable[[str], str]) -> str:
    """The address with ``mask`` of each part that may be a secret."""
    match = _split(address)
    written = match["scheme"] or ""
    if match["user"] is not None:
        written += "".join(_masked(part, mask) for part in re.split("(:)", match["user"])) + "@"
    written += match["host"] + _TOKEN.sub(lambda found: mask(found[0]), match["path"])
    if match["query"] is not None:
        parts = re.split("([&;])", match["query"])
        written += "?" + "".join(_pair(part, mask) for part in parts)
    if match["fragment"]:
        written += "#" + _masked(match["fragment"], mask)
    return written


def _pair(part: str, mask: Callable[[str], str]) -> str:
    """One ``name=value`` of a query."""
    name, equals, value = part.partition("=")
    if not equals:
        return _masked(part, mask)
    name = _TOKEN.sub(lambda found: mask(found[0]), name)
    harmless = _HARMLESS.get(name.lower())
    if harmless and harmless.fullmatch(value):
        return part
    if name.lower() in _NAMES_A_PERSON:
        return f"{name}={_masked(value, lambda _: MASK)}"
    return f"{name}={_masked(value, mask)}"


def _masked(part: str, mask: Callable[[str], str]) -> str:
    return mask(part) if part not in {"", ":", "&", ";", MASK} else part
