"""A browser's sign-in as cookies: read from what a person exports, kept as one JSON text.

The text is a list of objects with ``name``, ``value``, ``domain``, ``path``, ``secure``,
``httpOnly`` and, where known, ``sameSite`` and ``expires`` (seconds since 1970): the form of the
DevTools protocol's ``CookieParam``, so that a browser takes it as it is. It is a secret.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from core.errors import InputError

SIGN_IN_COOKIE = "sessionid"
"""The cookie that TikTok signs a creator in with, as its public clients report."""

LONGEST_TEXT = 500_000
MOST_COOKIES = 500
SAME_SITE = {"lax": "Lax", "strict": "Strict", "none": "None", "no_restriction": "None"}
NETSCAPE_COLUMNS = 7
HTTP_ONLY = "#HttpOnly_"

Cookie = dict[str, Any]


def parse_cookies(text: str, site: str) -> str:
    """Read cookies that a browser extension exported, and give them in the form that is kept.

    Args:
        text: a JSON list of cookies, ``{"cookies": [...]}``, or the Netscape format (cookies.txt).
        site: the host that they are for, with or without ``www.``; all others are dropped.

    Raises:
        InputError: the text is no list of cookies, or holds no sign-in for the site. The sentence
            holds nothing of the text.
    """
    if len(text) > LONGEST_TEXT:
        raise InputError("This is too long to be one site's cookies: export those of one site.")
    ours = [cookie for cookie in _read(text) if of_site(cookie, site)]
    now = time.time()
    alive = [c for c in ours if c.get("expires", now + 1) > now][:MOST_COOKIES]
    if not any(c["name"] == SIGN_IN_COOKIE and c["value"] for c in alive):
        over = any(c["name"] == SIGN_IN_COOKIE for c in ours)
        raise InputError(
            f"These cookies {'hold a sign-in that is over' if over else 'hold no sign-in'} for "
            f"{site}: sign in there in a browser, then export its cookies again."
        )
    return dump(alive)


def load(session: str) -> list[Cookie]:
    cookies: list[Cookie] = json.loads(session)
    return cookies


def dump(cookies: Iterable[Mapping[str, Any]]) -> str:
    """Give the kept form of cookies as the DevTools protocol gives them."""
    kept = [_cookie(cookie) for cookie in cookies]
    return json.dumps([cookie for cookie in kept if cookie], separators=(",", ":"))


def of_site(cookie: Mapping[str, Any], site: str) -> bool:
    """Say whether a cookie belongs to the site or to a host below it."""
    site = site.lower().removeprefix("www.")
    domain = str(cookie["domain"]).lower().lstrip(".")
    return domain == site or domain.endswith(f".{site}")


def good_until(session: str) -> datetime | None:
    """Give when the sign-in ends by itself, where its cookie says so."""
    for cookie in load(session):
        if cookie["name"] == SIGN_IN_COOKIE and "expires" in cookie:
            return datetime.fromtimestamp(cookie["expires"], UTC)
    return None


def _read(text: str) -> list[Cookie]:
    rows: Any
    if text.lstrip().startswith(("[", "{")):
        try:
            rows = json.loads(text)
        except ValueError:
            rows = None
        if isinstance(rows, dict):
            rows = rows.get("cookies")
    else:
        rows = list(_netscape(text))
    if not isinstance(rows, list) or not rows:
        raise InputError(
            "These are no exported cookies: paste the JSON or the cookies.txt that a browser "
            "extension for cookies exports, as it is."
        )
    return [cookie for row in rows if isinstance(row, dict) and (cookie := _cookie(row))]


def _netscape(text: str) -> Iterator[Cookie]:
    """Read the seven columns: domain, subdomains too, path, secure, expires, name, value."""
    for line in text.splitlines():
        row = line.removeprefix(HTTP_ONLY).rstrip("\r").split("\t")
        if row[0].startswith("#") or len(row) != NETSCAPE_COLUMNS:
            continue
        domain, _, path, secure, expires, name, value = row
        yield {
            "name": name,
            "value": value,
            "domain": domain,
            "path": path,
            "secure": secure.upper() == "TRUE",
            "httpOnly": line.startswith(HTTP_ONLY),
            "expires": expires,
        }


def _cookie(row: Mapping[str, Any]) -> Cookie | None:
    """Take over what is known; extensions and protocols name the expiry each in their way."""
    name, value, domain = row.get("name"), row.get("value"), row.get("domain")
    if not (isinstance(name, str) and isinstance(value, str) and isinstance(domain, str)):
        return None
    cookie: Cookie = {
        "name": name,
        "value": value,
        "domain": domain,
        "path": str(row.get("path") or "/"),
        "secure": row.get("secure") is True,
        "httpOnly": row.get("httpOnly") is True,
    }
    same_site = SAME_SITE.get(str(row.get("sameSite")).lower())
    if same_site and (same_site != "None" or cookie["secure"]):  # browsers refuse it otherwise
        cookie["sameSite"] = same_site
    expires = row.get("expirationDate") or row.get("expires") or row.get("expiry") or 0
    try:
        seconds = float(expires)
    except (TypeError, ValueError):
        return cookie
    if 0 < seconds < 2**40:  # a session cookie says 0, -1 or nothing
        cookie["expires"] = seconds
    return cookie
