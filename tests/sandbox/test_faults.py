"""The fault switches: what a client sees, and what happened anyway."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from sandbox.testing import RunningSandbox
from tests.sandbox.conftest import MakeVideo
from tests.sandbox.posting import ask, ended, post_body, publish, put

INIT = "post/publish/video/init"
STATUS = "post/publish/status/fetch"
CREATOR_INFO = "post/publish/creator_info/query"


@pytest.fixture
def token(sandbox: RunningSandbox) -> str:
    return str(sandbox.grant("storymill_tales")["access_token"])


def raw(sandbox: RunningSandbox, token: str, path: str, **how: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{sandbox.tiktok_url}/v2/{path}/", headers=headers, timeout=10, **how)


def test_429_with_retry_after_applies_as_often_as_set(sandbox: RunningSandbox, token: str) -> None:
    sandbox.fault("tiktok", "creator_info", "429", times=2, retry_after=7)

    answers = [raw(sandbox, token, CREATOR_INFO) for _ in range(3)]

    assert [a.status_code for a in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert answers[0].json()["error"]["code"] == "rate_limit_exceeded"
    (switch,) = sandbox.faults()
    assert (switch["times"], switch["taken"]) == (0, 2)


def test_a_switch_for_one_account_does_not_affect_others(
    sandbox: RunningSandbox, token: str
) -> None:
    other = sandbox.grant("midnight_pages")["access_token"]
    sandbox.fault("tiktok", "*", "spam_risk", times=None, account="midnight_pages")

    assert ask(sandbox, token, CREATOR_INFO)[1] == "ok"
    assert ask(sandbox, other, CREATOR_INFO)[:2] == (403, "spam_risk_too_many_posts")
    sandbox.clear_faults()
    assert ask(sandbox, other, CREATOR_INFO)[1] == "ok"


def test_a_rate_affects_a_share_of_the_calls(sandbox: RunningSandbox, token: str) -> None:
    sandbox.change(creator_info_a_minute=1_000)
    sandbox.fault("tiktok", "creator_info", "503", times=None, rate=0.5)

    statuses = [raw(sandbox, token, CREATOR_INFO).status_code for _ in range(60)]

    assert set(statuses) == {200, 503}
    assert 10 <= statuses.count(503) <= 50


def test_reset_cuts_the_connection_without_an_answer(sandbox: RunningSandbox, token: str) -> None:
    sandbox.fault("tiktok", "init", "reset")

    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        raw(sandbox, token, INIT, json=post_body(9))

    assert sandbox.posts() == []
    assert sandbox.log(call="init")[0]["status"] is None


def test_a_call_with_a_lost_answer_still_takes_effect(sandbox: RunningSandbox, token: str) -> None:
    sandbox.fault("tiktok", "init", "lost_response")

    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        raw(sandbox, token, INIT, json=post_body(9, title="Did it arrive?"))

    assert [post["title"] for post in sandbox.posts()] == ["Did it arrive?"]


def test_half_an_answer_and_broken_json(sandbox: RunningSandbox, token: str) -> None:
    sandbox.fault("tiktok", "creator_info", "reset_mid_body")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        raw(sandbox, token, CREATOR_INFO)

    sandbox.fault("tiktok", "creator_info", "bad_json")
    answer = raw(sandbox, token, CREATOR_INFO)
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_slow_waits_first(sandbox: RunningSandbox, token: str) -> None:
    sandbox.fault("tiktok", "creator_info", "slow", seconds=0.6)

    started = time.monotonic()
    assert raw(sandbox, token, CREATOR_INFO).status_code == 200
    assert time.monotonic() - started > 0.6


def test_an_upload_cut_at_a_byte_continues_from_the_last_complete_chunk(
    sandbox: RunningSandbox, token: str, make_video: MakeVideo
) -> None:
    data = make_video().read_bytes()
    ticket = ask(sandbox, token, INIT, post_body(len(data)))[2]
    sandbox.fault("tiktok", "upload", "upload_reset_at_byte", byte=len(data) // 2)

    with pytest.raises(requests.ConnectionError):
        put(ticket["upload_url"], data, 0, len(data))

    uploaded = ask(sandbox, token, STATUS, {"publish_id": ticket["publish_id"]})[2]
    assert uploaded["uploaded_bytes"] == 0
    assert put(ticket["upload_url"], data, 0, len(data)).status_code == 201
    assert ended(sandbox, token, ticket["publish_id"])["status"] == "PUBLISH_COMPLETE"


def test_the_status_knows_an_upload_with_a_lost_answer(
    sandbox: RunningSandbox, token: str, make_video: MakeVideo
) -> None:
    data = make_video().read_bytes()
    ticket = ask(sandbox, token, INIT, post_body(len(data)))[2]
    sandbox.fault("tiktok", "upload", "lost_response")

    with pytest.raises(requests.ConnectionError):
        put(ticket["upload_url"], data, 0, len(data))

    assert put(ticket["upload_url"], data, 0, len(data)).status_code == 416
    assert ended(sandbox, token, ticket["publish_id"])["uploaded_bytes"] == len(data)


def test_an_expired_token_is_invalid_until_it_is_refreshed(sandbox: RunningSandbox) -> None:
    granted = sandbox.grant()
    sandbox.fault("tiktok", "creator_info", "expired_token")
    form = {
        "client_key": sandbox.settings.tiktok_client_key,
        "client_secret": sandbox.settings.tiktok_client_secret,
        "grant_type": "refresh_token",
        "refresh_token": granted["refresh_token"],
    }

    for _ in range(2):
        answer = ask(sandbox, granted["access_token"], CREATOR_INFO)
        assert answer[:2] == (401, "access_token_invalid")
    token = requests.post(f"{sandbox.tiktok_url}/v2/oauth/token/", form, timeout=10).json()
    assert ask(sandbox, token["access_token"], CREATOR_INFO)[1] == "ok"

    sandbox.fault("tiktok", "creator_info", "revoked")
    ask(sandbox, token["access_token"], CREATOR_INFO)
    form["refresh_token"] = token["refresh_token"]
    refused = requests.post(f"{sandbox.tiktok_url}/v2/oauth/token/", form, timeout=10)
    assert refused.json()["error"] == "invalid_grant"


def test_a_lost_answer_to_a_refresh_loses_the_refresh_token(sandbox: RunningSandbox) -> None:
    form = {
        "client_key": sandbox.settings.tiktok_client_key,
        "client_secret": sandbox.settings.tiktok_client_secret,
        "grant_type": "refresh_token",
        "refresh_token": sandbox.grant()["refresh_token"],
    }
    sandbox.fault("tiktok", "token", "lost_response")
    url = f"{sandbox.tiktok_url}/v2/oauth/token/"

    with pytest.raises(requests.ConnectionError):
        requests.post(url, form, timeout=10)

    assert requests.post(url, form, timeout=10).json()["error"] == "invalid_grant"


def test_processing_can_fail(sandbox: RunningSandbox, token: str, make_video: MakeVideo) -> None:
    sandbox.fault("tiktok", "processing", "video_pull_failed")

    first = ended(sandbox, token, publish(sandbox, token, make_video()))
    second = ended(sandbox, token, publish(sandbox, token, make_video()))

    assert first["fail_reason"] == "video_pull_failed"
    assert second["status"] == "PUBLISH_COMPLETE"


@pytest.mark.parametrize(
    "switch",
    [
        {"wire": "telegram", "call": "*", "fault": "429"},
        {"wire": "tiktok", "call": "chat", "fault": "429"},
        {"wire": "reddit", "call": "listing", "fault": "spam_risk"},
        {"wire": "tiktok", "call": "init", "fault": "429", "often": 3},
    ],
)
def test_an_invalid_switch_is_refused(sandbox: RunningSandbox, switch: dict[str, Any]) -> None:
    answer = requests.post(f"{sandbox.url}/sandbox/faults", json=switch, timeout=10)

    assert answer.status_code == 400
    assert sandbox.faults() == []


def test_no_secret_is_in_the_log_or_on_disk(sandbox: RunningSandbox, make_video: MakeVideo) -> None:
    granted = sandbox.grant()
    publish(sandbox, granted["access_token"], make_video())

    written = b"".join(f.read_bytes() for f in sandbox.data_dir.iterdir() if f.is_file())
    said = requests.get(f"{sandbox.url}/sandbox/log", timeout=10).content
    for name in ("access_token", "refresh_token"):
        assert granted[name].encode() not in written + said
    assert b"upload_token=" not in written + said
    assert {"init", "upload", "token"} <= {entry["call"] for entry in sandbox.log()}
