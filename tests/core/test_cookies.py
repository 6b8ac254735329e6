"""What people export from their browsers, and what is stored of it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from core.cookies import good_until, load, parse_cookies
from core.errors import InputError

SITE = "www.tiktok.com"
LATER = int(time.time()) + 86_400
SIGNED_IN = {
    "name": "sessionid",
    "value": "canary",
    "domain": ".tiktok.com",
    "path": "/",
    "secure": True,
    "httpOnly": True,
    "sameSite": "no_restriction",
    "expirationDate": LATER + 0.5,
    "storeId": "0",
}


def test_an_extensions_json_is_stored_in_the_browsers_form() -> None:
    text = json.dumps([SIGNED_IN, {**SIGNED_IN, "domain": ".elsewhere.example"}])

    session = parse_cookies(text, SITE)

    assert load(session) == [
        {
            "name": "sessionid",
            "value": "canary",
            "domain": ".tiktok.com",
            "path": "/",
            "secure": True,
            "httpOnly": True,
            "sameSite": "None",
            "expires": LATER + 0.5,
        }
    ]
    assert good_until(session) == datetime.fromtimestamp(LATER + 0.5, UTC)
    assert parse_cookies(session, SITE) == session


def test_cookies_txt_is_read_with_its_http_only_cookies() -> None:
    lines = [
        "# Netscape HTTP Cookie File",
        "",
        f"#HttpOnly_.tiktok.com\tTRUE\t/\tTRUE\t{LATER}\tsessionid\tcanary",
        "www.tiktok.com\tFALSE\t/\tFALSE\t0\tmsToken\tabc\r",
        f".nottiktok.com\tTRUE\t/\tTRUE\t{LATER}\tsessionid\tother",
    ]

    kept = load(parse_cookies("\n".join(lines), SITE))

    assert [(c["name"], c["httpOnly"], c.get("expires")) for c in kept] == [
        ("sessionid", True, LATER),
        ("msToken", False, None),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not exported cookies"),
        ("canary", "not exported cookies"),
        ('[{"canary": ', "not exported cookies"),
        ('{"cookies": "canary"}', "not exported cookies"),
        ("[1, null]", "no sign-in"),
        (json.dumps([{**SIGNED_IN, "name": "other"}]), "no sign-in"),
        (json.dumps([{**SIGNED_IN, "domain": "tiktok.com.example"}]), "no sign-in"),
        (json.dumps([{**SIGNED_IN, "value": ""}]), "sign-in"),
        (json.dumps([{**SIGNED_IN, "expirationDate": 1_000}]), "an expired sign-in"),
        ("x" * 500_001, "too long"),
    ],
)
def test_input_without_a_sign_in_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        parse_cookies(text, SITE)

    assert "canary" not in str(refused.value)
    assert refused.value.__context__ is None or "canary" not in str(refused.value.__context__)
