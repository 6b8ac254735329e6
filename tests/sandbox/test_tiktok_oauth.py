"""TikTok's login: what the page and the token endpoint refuse, and how tokens are renewed."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import pytest
import requests

from sandbox.testing import REDIRECT_URI, RunningSandbox
from tests.sandbox.posting import ask

VERIFIER = "v" * 64
CHALLENGE = hashlib.sha256(VERIFIER.encode()).hexdigest()


def token_call(sandbox: RunningSandbox, **form: str) -> tuple[int, dict[str, Any]]:
    client = {
        "client_key": sandbox.settings.tiktok_client_key,
        "client_secret": sandbox.settings.tiktok_client_secret,
    }
    url = f"{sandbox.tiktok_url}/v2/oauth/token/"
    response = requests.post(url, {**client, **form}, timeout=10)
    return response.status_code, response.json()


def exchange(sandbox: RunningSandbox, code: str, **changed: str) -> tuple[int, dict[str, Any]]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        **changed,
    }
    return token_call(sandbox, **form)


def refresh(sandbox: RunningSandbox, token: str) -> tuple[int, dict[str, Any]]:
    return token_call(sandbox, grant_type="refresh_token", refresh_token=token)


def code_for(sandbox: RunningSandbox, creator: str = "storymill_tales") -> str:
    url = sandbox.authorize_url("state-1", CHALLENGE)
    return sandbox.consent(url, creator)["code"]


def test_the_page_lists_the_creators_and_returns_state_and_code(
    sandbox: RunningSandbox,
) -> None:
    state = secrets.token_urlsafe(16)
    url = sandbox.authorize_url(state, CHALLENGE, scope="user.info.basic,video.publish")

    page = requests.get(url, timeout=10)
    answer = sandbox.consent(url, "midnight_pages")

    assert "@storymill_tales" in page.text
    assert "@midnight_pages" in page.text
    assert answer["state"] == state
    assert answer["scopes"] == "user.info.basic,video.publish"
    status, granted = exchange(sandbox, answer["code"])
    assert status == 200
    assert granted["open_id"] == "-000sandbox-midnight_pages"
    assert (granted["expires_in"], granted["refresh_expires_in"]) == (7_200, 180 * 86_400)
    assert granted["token_type"] == "Bearer"


def test_a_creator_can_deny_access(sandbox: RunningSandbox) -> None:
    url = sandbox.authorize_url("s", CHALLENGE)

    answer = sandbox.consent(url, "storymill_tales", allow=False)

    assert answer["error"] == "access_denied"
    assert "code" not in answer


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"client_key": "somebody-else"}, "client_key"),
        ({"redirect_uri": "https://elsewhere.example/callback"}, "redirect_uri"),
        ({"scope": "video.everything"}, "scope"),
        ({"state": ""}, "state"),
        ({"code_challenge_method": "plain"}, "code_challenge_method"),
        ({"code_challenge": "base64url_-instead-of-hex"}, "code_challenge"),
    ],
)
def test_the_page_refuses_a_wrong_request(
    sandbox: RunningSandbox, changed: dict[str, str], named: str
) -> None:
    state = changed.pop("state", "s")

    url = sandbox.authorize_url(state, CHALLENGE, **changed)
    page = requests.get(url, timeout=10)

    assert page.status_code == 400
    assert f"{named}:" in page.text


@pytest.mark.parametrize(
    ("changed", "error", "expected"),
    [
        ({"code_verifier": "w" * 64}, "invalid_grant", 400),
        ({"redirect_uri": REDIRECT_URI + "/"}, "invalid_request", 400),
        ({"code": "never-given"}, "invalid_grant", 400),
        ({"client_secret": "wrong"}, "invalid_client", 401),
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
    ],
)
def test_the_token_endpoint_refuses(
    sandbox: RunningSandbox, changed: dict[str, str], error: str, expected: int
) -> None:
    given = {"code": code_for(sandbox), **changed}

    status, answer = exchange(sandbox, given.pop("code"), **given)

    assert (status, answer["error"]) == (expected, error)
    assert answer["error_description"]
    assert answer["log_id"]


def test_a_code_works_once(sandbox: RunningSandbox) -> None:
    code = code_for(sandbox)

    assert exchange(sandbox, code)[0] == 200
    assert exchange(sandbox, code)[1]["error"] == "invalid_grant"


def test_a_refresh_returns_new_tokens_and_invalidates_the_old_refresh_token(
    sandbox: RunningSandbox,
) -> None:
    first = sandbox.grant()

    status, second = refresh(sandbox, first["refresh_token"])

    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert refresh(sandbox, first["refresh_token"])[1]["error"] == "invalid_grant"
    assert refresh(sandbox, second["refresh_token"])[0] == 200


def test_tokens_expire(sandbox: RunningSandbox) -> None:
    granted = sandbox.grant()
    creator_info = "post/publish/creator_info/query"

    sandbox.advance(granted["expires_in"] - 5)
    assert ask(sandbox, granted["access_token"], creator_info)[0] == 200
    sandbox.advance(10)
    assert ask(sandbox, granted["access_token"], creator_info)[:2] == (401, "access_token_invalid")
    sandbox.advance(granted["refresh_expires_in"])
    assert refresh(sandbox, granted["refresh_token"])[1]["error"] == "invalid_grant"


def test_revoking_affects_only_that_creator(sandbox: RunningSandbox) -> None:
    one, other = sandbox.grant("storymill_tales"), sandbox.grant("midnight_pages")
    form = {
        "client_key": sandbox.settings.tiktok_client_key,
        "client_secret": sandbox.settings.tiktok_client_secret,
        "token": one["access_token"],
    }

    requests.post(f"{sandbox.tiktok_url}/v2/oauth/revoke/", form, timeout=10).raise_for_status()

    creator_info = "post/publish/creator_info/query"
    assert ask(sandbox, one["access_token"], creator_info)[0] == 401
    assert refresh(sandbox, one["refresh_token"])[0] == 400
    assert ask(sandbox, other["access_token"], creator_info)[0] == 200
