"""Exported cookies are read, whatever wrote them, and what is said of them holds none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import InputError
from models import now
from pipelines.publishing.cookies import parse

LATER = int(now().timestamp()) + 86_400
EARLIER = LATER - 2 * 86_400


def cookie(name: str = "sessionid", **fields: Any) -> dict[str, Any]:
    return {"name": name, "value": "canary-cookie", "domain": ".tiktok.com", "path": "/"} | fields


def test_a_browser_extensions_export_becomes_webdrivers_form() -> None:
    exported = [
        cookie(
            expirationDate=LATER + 0.73,
            secure=True,
            httpOnly=True,
            sameSite="no_restriction",
            storeId="0",
        ),
        cookie("tt_csrf_token", domain="www.tiktok.com", session=True, sameSite="unspecified"),
        cookie("other", domain=".example.com"),
        cookie("nearly", domain="nottiktok.com"),
        cookie("old", expirationDate=EARLIER),
    ]

    kept = json.loads(parse(json.dumps(exported), "www.tiktok.com"))

    assert kept == [
        {
            "name": "sessionid",
            "value": "canary-cookie",
            "domain": ".tiktok.com",
            "path": "/",
            "secure": True,
            "httpOnly": True,
            "expiry": LATER,
            "sameSite": "None",
        },
        {
            "name": "tt_csrf_token",
            "value": "canary-cookie",
            "domain": "www.tiktok.com",
            "path": "/",
            "secure": False,
            "httpOnly": False,
        },
    ]
    assert json.loads(parse(json.dumps({"cookies": kept}))) == kept


@pytest.mark.parametrize("gap", ["\t", "    "])
def test_netscapes_file_is_read_with_tabs_or_what_became_of_them(gap: str) -> None:
    rows = [
        ["#HttpOnly_.tiktok.com", "TRUE", "/", "TRUE", str(LATER), "sessionid", "canary-cookie"],
        ["www.tiktok.com", "FALSE", "/upload", "FALSE", "0", "lang", "en"],
        [".example.com", "TRUE", "/", "FALSE", "0", "other", "x"],
    ]
    text = "# Netscape HTTP Cookie File\r\n\r\n" + "\r\n".join(gap.join(row) for row in rows)

    session, lang = json.loads(parse(text))

    assert (session["httpOnly"], session["secure"], session["expiry"]) == (True, True, LATER)
    assert (lang["path"], lang["httpOnly"], "expiry" in lang) == ("/upload", False, False)


def test_a_site_of_another_name_keeps_its_own_cookies_alone() -> None:
    text = json.dumps([cookie(domain="127.0.0.1"), cookie(domain=".tiktok.com")])

    assert [row["domain"] for row in json.loads(parse(text, "127.0.0.1"))] == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("  ", "No cookies were pasted"),
        ('[{"name": "sessionid", "value": "canary-cook', "cut off or broken"),
        ('{"canary-cookie": 1}', "cut off or broken"),
        ("[" * 100_000, "cut off or broken"),
        ("canary-cookie; sessionid=canary-cookie", "no cookie of tiktok.com"),
        (json.dumps([7, None, {"domain": 5}]), "no cookie of tiktok.com"),
        (json.dumps([cookie(domain=".example.com")]), "no cookie of tiktok.com"),
        (json.dumps([cookie("lang")]), "Nobody is signed in"),
        (json.dumps([cookie(expirationDate=EARLIER), cookie("lang")]), "ended on"),
        (json.dumps([cookie(value="canary-cookie\n")]), "no cookie of tiktok.com"),
        ("x" * 500_001, "too much"),
    ],
)
def test_what_is_of_no_use_is_refused_without_repeating_it(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        parse(text)

    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
