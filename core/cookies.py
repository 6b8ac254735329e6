"""Sign-in cookies of a browser: read from a person's export, stored as one JSON text.

The text is a list of objects with ``name``, ``value``, ``domain``, ``path``, ``secure``,
``httpOnly`` and, where known, ``sameSite`` and ``expires`` (seconds since 1970): the form of the
DevTools protocol's ``CookieParam``, which a browser accepts unchanged. The text is a secret.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from core.cookie_expiry import UnreadableExpiryError, seconds_until
from core.errors import InputError
from core.log import storable

SIGN_IN_COOKIE = "sessionid"
"""The cookie that TikTok signs a creator in with, as its public clients report."""

LONGEST_TEXT = 500_000
MOST_COOKIES = 500
SAME_SITE = {"lax": "Lax", "strict": "Strict", "none": "None", "no_restriction": "None"}
NETSCAPE_COLUMNS = 7
HTTP_ONLY = "#HttpOnly_"
EXPIRY_NAMES = frozenset(
    {
        "expirationdate",
        "expires",
        "expiry",
        "expiration",
        "expiresat",
        "expiresutc",
        "expiresmaxage",
    }
)
"""Small letters only: the last one is "Expires / Max-Age" in the browsers' developer tools."""
LONGEST_NAME = 60

Cookie = dict[str, Any]


def parse_cookies(text: str, site: str) -> str:
    """Read cookies that a browser extension exported; returns the stored form.

    Args:
        text: a JSON list of cookies, ``{"cookies": [...]}``, or the Netscape format (cookies.txt).
        site: their host, with or without ``www.``; cookies of other hosts are dropped.

    Raises:
        InputError: the text is not a list of cookies, has no sign-in for the site, or a cookie
            whose expiry date can't be read. The message never quotes a value.
    """
    if len(text) > LONGEST_TEXT:
        raise InputError("This is too long for one site's cookies: export only that site's.")
    now = time.time()
    ours = [_dated(cookie, raw, now) for raw, cookie in _read(text) if of_site(cookie, site)]
    alive = [c for c in ours if c.get("expires", now + 1) > now][:MOST_COOKIES]
    if not any(c["name"] == SIGN_IN_COOKIE and c["value"] for c in alive):
        over = any(c["name"] == SIGN_IN_COOKIE for c in ours)
        raise InputError(
            f"These cookies hold {'an expired' if over else 'no'} sign-in for {site}: sign in "
            "there in a browser, then export its cookies again."
        )
    return dump(alive)


def load(session: str) -> list[Cookie]:
    cookies: list[Cookie] = json.loads(session)
    return cookies


def dump(cookies: Iterable[Mapping[str, Any]]) -> str:
    """Return the stored form of cookies from the DevTools protocol."""
    kept = []
    for each in cookies:
        cookie, expires = _cookie(each), each.get("expires")
        if cookie is None:
            continue
        if isinstance(expires, int | float) and expires > 0:  # -1: a session cookie
            cookie["expires"] = expires
        kept.append(cookie)
    return json.dumps(kept, separators=(",", ":"))


def of_site(cookie: Mapping[str, Any], site: str) -> bool:
    """Whether a cookie belongs to the site or one of its subdomains."""
    site = site.lower().removeprefix("www.")
    domain = str(cookie["domain"]).lower().lstrip(".")
    return domain == site or domain.endswith(f".{site}")


def good_until(session: str) -> datetime | None:
    """When the sign-in expires, if its cookie says so."""
    for cookie in load(session):
        if cookie["name"] == SIGN_IN_COOKIE and "expires" in cookie:
            return datetime.fromtimestamp(cookie["expires"], UTC)
    return None


def _read(text: str) -> list[tuple[Mapping[str, Any], Cookie]]:
    """Each exported row, and its cookie without the expiry."""
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
            "These are not exported cookies: paste the JSON or cookies.txt that a browser's cookie "
            "extension exports, unchanged."
        )
    return [(row, cookie) for row in rows if isinstance(row, dict) and (cookie := _cookie(row))]


def _dated(cookie: Cookie, row: Mapping[str, Any], now: float) -> Cookie:
    """The cookie with its expiry; each exporter has its own name for it."""
    dates = (value for name, value in row.items() if _letters(name) in EXPIRY_NAMES)
    given = next((value for value in dates if value), None)
    try:
        expires = seconds_until(given, now)
    except UnreadableExpiryError:
        name = storable(str(cookie["name"]))[:LONGEST_NAME]
        raise InputError(
            f"The expiry date of the cookie “{name}” can't be read: export the cookies with "
            "another extension, or write the date as 2026-12-31T23:59:59Z."
        ) from None
    return cookie if expires is None else {**cookie, "expires": expires}


def _letters(name: object) -> str:
    return "".join(filter(str.isalpha, str(name).lower()))


def _netscape(text: str) -> Iterator[Cookie]:
    """Read seven columns: domain, include subdomains, path, secure, expires, name, value."""
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
    """Copy the known fields, except for the expiry."""
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
    return cookie
