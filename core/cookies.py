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
    """Read cookies that a browser extension exported; returns the stored form.

    Args:
        text: a JSON list of cookies, ``{"cookies": [...]}``, or the Netscape format (cookies.txt).
        site: their host, with or without ``www.``; cookies of other hosts are dropped.

    Raises:
        InputError: the text is not a list of cookies, or has no sign-in for the site. The message
            never quotes the text.
    """
    if len(text) > LONGEST_TEXT:
        raise InputError("This is too long for one site's cookies: export only that site's.")
    ours = [cookie for cookie in _read(text) if of_site(cookie, site)]
    now = time.time()
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
    kept = [_cookie(cookie) for cookie in cookies]
    return json.dumps([cookie for cookie in kept if cookie], separators=(",", ":"))


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
            "These are not exported cookies: paste the JSON or cookies.txt that a browser's cookie "
            "extension exports, unchanged."
        )
    return [cookie for row in rows if isinstance(row, dict) and (cookie := _cookie(row))]


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
    """Copy the known fields; each exporter has its own name for the expiry."""
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
