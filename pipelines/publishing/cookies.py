"""The cookies of a creator's signed-in browser, as people export them, in one form.

Two exports are common: a JSON list (browser extensions; Playwright and Selenium much the same) and
the ``cookies.txt`` of Netscape's browser, seven columns by tabs. Nothing that is said here about a
text repeats any of it: whoever has these cookies is signed in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from core.errors import InputError
from models import now

SITE = "tiktok.com"
SESSION_COOKIES = frozenset({"sessionid", "sessionid_ss", "sid_tt"})
"""TikTok's cookies that say who is signed in; without one of them the others are of no use."""
MOST_CHARACTERS = 500_000
NETSCAPE_COLUMNS = 7
HTTP_ONLY = "#HttpOnly_"
SAME_SITE = {"no_restriction": "None", "none": "None", "lax": "Lax", "strict": "Strict"}
"""Browser extensions' words for it, and WebDriver's."""

EXPORT = (
    "export them in the browser that is signed in, with an extension that gives JSON or cookies.txt"
)


def parse(text: str, site: str = SITE) -> str:
    """The cookies of ``site`` that are still good, as a JSON list in WebDriver's form.

    Args:
        text: what a person pasted: a JSON list, an object with a list ``cookies``, or Netscape's
            ``cookies.txt``.
        site: a host name; cookies of it and of the hosts below it are kept, ``www.`` aside.

    Returns:
        ``[{"name", "value", "domain", "path", "secure", "httpOnly"}, …]``, where known with
        ``expiry`` (whole seconds since 1970) and ``sameSite``.

    Raises:
        InputError: it is no export, has no cookie of the site, or nobody is signed in with it.
    """
    site = site.removeprefix("www.").casefold()
    if not text.strip():
        raise InputError(f"No cookies were pasted: {EXPORT}.")
    if len(text) > MOST_CHARACTERS:
        raise InputError("That is too much for one site's cookies: export those of the site only.")
    found = [cookie for cookie in _read(text.strip()) if _is_of(cookie["domain"], site)]
    if not found:
        raise InputError(f"There is no cookie of {site} among these: {EXPORT}.")
    sessions = [cookie for cookie in found if cookie["name"] in SESSION_COOKIES]
    if not sessions:
        raise InputError(
            f"Nobody is signed in to {site} with these cookies: sign in there, then {EXPORT}."
        )
    moment = now().timestamp()
    good = [cookie for cookie in found if cookie.get("expiry", math.inf) > moment]
    if not any(cookie["name"] in SESSION_COOKIES for cookie in good):
        ended = datetime.fromtimestamp(max(cookie["expiry"] for cookie in sessions), UTC)
        raise InputError(
            f"This sign-in to {site} ended on {ended:%d %B %Y}: sign in there again, then {EXPORT}."
        )
    return json.dumps(good)


def _read(text: str) -> list[dict[str, Any]]:
    if text[0] in "[{":
        return list(_of_json(text))
    return list(_of_netscape(text))


def _of_json(text: str) -> Iterator[dict[str, Any]]:
    rows = _loaded(text)
    if isinstance(rows, dict):
        rows = rows.get("cookies")
    if not isinstance(rows, list):
        # Raised here: the decoder's own error holds the whole text.
        raise InputError(f"These cookies can't be read, the JSON is cut off or broken: {EXPORT}.")
    for row in rows:
        if not isinstance(row, dict):
            continue
        expires = next(
            (row[key] for key in ("expiry", "expirationDate", "expires") if key in row), 0
        )
        cookie = _cookie(
            domain=row.get("domain"),
            path=row.get("path"),
            secure=bool(row.get("secure")),
            http_only=bool(row.get("httpOnly")),
            expires=expires,
            name=row.get("name"),
            value=row.get("value"),
        )
        if cookie is None:
            continue
        if same_site := SAME_SITE.get(str(row.get("sameSite") or "").casefold()):
            cookie["sameSite"] = same_site
        yield cookie


def _loaded(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _of_netscape(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        http_only = line.startswith(HTTP_ONLY)
        line = line.removeprefix(HTTP_ONLY)  # noqa: PLW2901  # the mark is no part of the domain
        columns = line.split("\t") if "\t" in line else line.split(None, NETSCAPE_COLUMNS - 1)
        if len(columns) != NETSCAPE_COLUMNS or line.startswith("#"):
            continue
        domain, _below, path, secure, expires, name, value = columns
        cookie = _cookie(
            domain=domain,
            path=path,
            secure=secure.upper() == "TRUE",
            http_only=http_only,
            expires=expires,
            name=name,
            value=value,
        )
        if cookie is not None:
            yield cookie


def _cookie(
    *,
    domain: object,
    path: object,
    secure: bool,
    http_only: bool,
    expires: object,
    name: object,
    value: object,
) -> dict[str, Any] | None:
    """None for what no browser would keep."""
    texts = (domain, name, value)
    if not all(isinstance(text, str) and text.isprintable() for text in texts) or not name:
        return None
    cookie: dict[str, Any] = {
        "name": name,
        "value": value,
        "domain": str(domain).strip().casefold(),
        "path": path if isinstance(path, str) and path.startswith("/") else "/",
        "secure": secure,
        "httpOnly": http_only,
    }
    if (seconds := _seconds(expires)) > 0:  # 0 and -1 end with the browser
        cookie["expiry"] = seconds
    return cookie


def _seconds(expires: object) -> int:
    try:
        return int(float(str(expires)))
    except (ValueError, OverflowError):
        return 0


def _is_of(domain: str, site: str) -> bool:
    host = domain.lstrip(".")
    return host == site or host.endswith(f".{site}")
