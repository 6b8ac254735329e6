"""Token-shaped values never reach a log line."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from core import crypto, log
from core.text.addresses import MASK

CANARIES = (
    "Authorization: Bearer act.canary!4sandbox",
    "access_token=act.canary.123456789",
    '{"refresh_token": "rft.canary.123456789"}',
    "postgresql://storymill:canary@127.0.0.1/storymill",
    "redis://:canary@127.0.0.1:6379/0",
    "https://upload.example/video?upload_id=7&upload_token=canary",
    "client_secret=canary&grant_type=refresh_token",
    "GET /accounts/callback?state=7&code=canary HTTP/1.1",
    "GET /r/tifu/.rss?t=day&feed=canary HTTP/1.1",
    "PUT failed: {'Accept': '*/*', 'Cookie': 'sid=canary; sessionid=canary'}",
    r"failed({\'Cookie\': \'sid=canary; sessionid=canary\', \'Accept\': 7})",
    "failed: {'Authorization': 'Basic canary=='}",
    "answered http://night.example/p/canary0f8fad5bd9cb469fa165/feed",
    "Set-Cookie: sid=canary; Path=/",
    r'answered "{\"error\": 7, \"access_token\": \"canary\"}"',
)


@pytest.mark.parametrize("text", CANARIES)
def test_secrets_are_masked_in_any_text(text: str) -> None:
    assert "canary" not in log.scrub(text)
    assert MASK in log.scrub(text)


def test_secrets_for_sentry_are_masked_at_any_depth() -> None:
    event = {
        "exception": {"values": [{"value": CANARIES[0]}]},
        "request": {"headers": {"Cookie": "canary"}, "url": CANARIES[5]},
        "breadcrumbs": {"values": [{"data": {"http.query": "feed=canary&user=heron"}}]},
        "extra": {"upload_url": "canary", "story": 7},
    }
    assert "canary" not in json.dumps(log.scrubbed(event))
    assert log.scrubbed(event)["extra"]["story"] == 7


def test_ordinary_text_is_unchanged() -> None:
    text = "The bearer of this letter acted on a token of thanks: see story 7 at /stories/7."
    assert log.scrub(text) == text


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Restore the log configuration after the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.usefixtures("logging_as_before")
def test_a_log_line_is_json_without_secrets_in_events_keys_or_tracebacks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure("test")
    stored = crypto.Keyring.parse(crypto.new_key()).encrypt("canary")
    structlog.get_logger("t").warning("event", access_token="canary", nested={"cookie": "canary"})
    try:
        raise ValueError(CANARIES[0])
    except ValueError:
        logging.getLogger("t").exception("failed with %s", stored)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines[0]["event"] == "event"
    assert "ValueError" in lines[1]["exception"]
    assert "canary" not in json.dumps(lines)
    assert stored.split(".", 1)[1] not in json.dumps(lines)
