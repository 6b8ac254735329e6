"""What every request to the API has in common: pages, keys, refusals, limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from admin.api import caller as api_caller
from admin.api.problems import TYPE
from core.limiter import Limit, LimiterUnavailableError
from models import ApiAnswer, AuditEntry, Story, StoryState, now
from tests.admin import records
from tests.admin.api.conftest import Program

if TYPE_CHECKING:
    from flask import Flask

REFUSED: tuple[tuple[str, str, dict[str, Any], int], ...] = (
    ("GET", "/stories?limit=0", {}, 422),
    ("GET", "/stories?colour=red", {}, 422),
    ("GET", "/stories?cursor=b0", {}, 422),
    ("GET", "/stories?search=%00", {}, 400),
    ("GET", "/stories/7", {}, 404),
    ("GET", "/stories/99999999999", {}, 404),
    ("GET", "/nothing", {}, 404),
    ("DELETE", "/stories", {}, 405),
    ("POST", "/stories", {"data": "{", "content_type": "application/json"}, 400),
    ("POST", "/stories", {"data": "title=x", "content_type": "text/plain"}, 415),
    ("POST", "/stories", {"json": {"title": "x"}}, 422),
    ("POST", "/stories", {"json": {"title": "x\0", "text": "y"}}, 422),
    ("POST", "/stories", {"json": {"title": 5, "text": "y"}}, 422),
    ("POST", "/stories", {"json": {"title": "x", "text": "y", "more": 1}}, 422),
    ("POST", "/stories", {"json": "x" * 2_000_001}, 413),
    ("POST", "/stories/7/stop", {"headers": {"Idempotency-Key": "a b"}}, 400),
)


def test_a_list_is_read_page_by_page_while_it_grows(operator: Program) -> None:
    # Given five stories, read two at a time
    ids = [records.story(f"Story {number}").id for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = operator.get("/stories", limit=2, cursor=cursor).get_json()
        seen += [story["id"] for story in page["items"]]
        cursor = page["next"]
        records.story(f"New {cursor}")  # When others arrive meanwhile

    # Then each is seen once
    assert seen == ids[::-1]


def test_a_story_is_approved_and_the_approval_undone(operator: Program) -> None:
    story = records.story("The green ladder")

    decided = operator.post(f"/stories/{story.id}/approve").get_json()

    assert decided["story"]["state"] == "approved"
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).get()
    assert (entry.action, entry.actor) == ("story.approve", "olga")
    again = operator.post(f"/stories/{story.id}/approve")
    assert again.status_code == 409
    assert "You approved this story" in again.get_json()["detail"]


def test_the_same_key_twice_at_once_has_one_effect(operator: Program, app: Flask) -> None:
    # Given the same new story, sent eight times at once with one key
    body = {"title": "The green ladder", "text": "It came back painted green."}
    twins = [Program(app, operator.token) for _ in range(8)]

    def send(program: Program) -> Any:
        return program.post("/stories", body, key="a-new-story")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, twins))

    # Then there is one story, and everybody has the same answer
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 7
    assert Story.select().count() == 1

    # And another request with this key is refused; after a day it may be used again
    assert operator.post("/stories", {**body, "title": "B"}, key="a-new-story").status_code == 409
    ApiAnswer.update(created_at=now() - timedelta(hours=25)).execute()
    again = operator.post("/stories", {**body, "title": "B"}, key="a-new-story")
    assert (again.status_code, Story.select().count()) == (201, 2)


def test_a_refused_request_keeps_no_key(operator: Program) -> None:
    story = records.story("The green ladder", StoryState.FLAGGED)

    assert operator.post(f"/stories/{story.id}/approve", key="k").status_code == 422
    thought = operator.post(f"/stories/{story.id}/approve", {"reason": "It is kind."}, key="k")
    assert thought.status_code == 200


def test_a_refusal_is_a_problem_in_plain_english(operator: Program) -> None:
    for method, path, options, status in REFUSED:
        answer = operator.ask(method, path, **options)

        assert (answer.status_code, answer.mimetype) == (status, TYPE), (method, path, options)
        problem = answer.get_json()
        assert problem["status"] == status
        assert problem["detail"].endswith(".")
        assert status != 405 or "Allow" in answer.headers


def test_a_limit_is_said_and_kept(operator: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_caller, "REQUESTS", Limit("api_requests_here", 3, 60.0))

    answers = [operator.get("/stories") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    left = [answer.headers["RateLimit-Remaining"] for answer in answers]
    assert left == ["2", "1", "0", "0"]
    assert 0 < int(answers[3].headers["Retry-After"]) <= 61
    assert answers[3].get_json()["detail"].startswith("Too many requests")


def test_requests_go_on_while_redis_is_away(
    operator: Program, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise LimiterUnavailableError("Redis does not answer.")

    operator.get("/stories")
    monkeypatch.setattr(app.extensions["limiter"], "acquire", away)

    before = api_caller.UNCOUNTED._value.get()  # noqa: SLF001  # the library has no other way
    assert operator.get("/stories").status_code == 200
    assert api_caller.UNCOUNTED._value.get() == before + 1  # noqa: SLF001  # the same
