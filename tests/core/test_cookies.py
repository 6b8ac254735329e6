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
IN_2100 = 4_102_444_800
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
    ("written", "kept"),
    [
        (IN_2100, True),
        (IN_2100 * 1_000, True),
        ("2100-01-01T00:00:00Z", True),
        ("Session", True),
        (-1, True),
        ("1/7/2024, 10:21:30 PM", False),
        ("2024-03-07T22:21:30.000Z", False),
        (1_709_850_090_000, False),
    ],
)
@pytest.mark.parametrize(
    "name", ["expirationDate", "expires", "expiry", "Expires / Max-Age", "expires_utc"]
)
def test_an_expired_sign_in_is_refused_in_whatever_form_its_date_is(
    written: object, kept: bool, name: str
) -> None:
    text = json.dumps([{**SIGNED_IN, "expirationDate": None, name: written}])

    if kept:
        (cookie,) = load(parse_cookies(text, SITE))
        assert cookie.get("expires") == (IN_2100 if "00" in str(written) else None)
    else:
        with pytest.raises(InputError, match="an expired sign-in"):
            parse_cookies(text, SITE)


def test_a_date_that_can_not_be_read_is_asked_about_by_the_cookies_name() -> None:
    other = {**SIGNED_IN, "name": "msToken", "expirationDate": "canary in a year"}
    elsewhere = {**other, "domain": ".elsewhere.example"}
    assert load(parse_cookies(json.dumps([SIGNED_IN, elsewhere]), SITE))

    with pytest.raises(InputError, match="expiry date of the cookie “msToken” can't be") as asked:
        parse_cookies(json.dumps([SIGNED_IN, other]), SITE)

    assert "canary" not in str(asked.value)


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
