"""Rate limits: owners see and change them while the workers run."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from core.limiter import PREFIX, Limiter, beside
from models import AuditEntry, LimitSetting
from pipelines.rate_limits import INIT, LIMITS, SCRIPT, Limits
from tests.admin import records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.admin.conftest import Browser


@pytest.fixture
def limiter(redis_url: str) -> Iterator[Limiter]:
    with Redis.from_url(beside(redis_url)) as redis:
        yield Limiter.at(redis_url)
        for key in redis.scan_iter(f"{PREFIX}:*"):
            redis.delete(key)


def test_every_limit_is_shown_with_its_value_and_origin(viewer: Browser) -> None:
    page = viewer.get("/limits/").text

    for name in LIMITS:
        assert f"<code>{name}</code>" in page
    assert "TikTok: 6 a minute per user token" in page
    assert "<strong>30</strong> in 60 s" in page
    assert ">Save<" not in page, "a viewer changes nothing"


def test_current_use_is_that_of_the_busiest_account(viewer: Browser, limiter: Limiter) -> None:
    records.account("quiet_corner")
    busy = records.account("ladder_tales")
    for asker in range(7):
        limiter.acquire([replace(INIT, key=str(busy.id))], who=f"asker-{asker}")
    limiter.hold(SCRIPT, 30)

    page = viewer.get("/limits/").text

    assert "6 of 6, highest: ladder_tales" in page
    assert "1 job waiting" in page
    assert "Paused for 30 s more" in page


@pytest.mark.slow
def test_workers_use_a_changed_limit_within_five_seconds(owner: Browser, record: None) -> None:
    # Given a worker's limits, just read
    limits = Limits()
    assert limits.of("script", 1) == [SCRIPT]

    # When an owner changes one
    figures = {"count": "7", "seconds": "0.5"}
    done = owner.post("/limits/script_request/set", on="/limits/", **figures)
    changed_at = time.monotonic()

    # Then the page shows it, and the worker uses it
    page = owner.get(done.location).text
    assert "script_request is now 7 in 0.5 s" in page
    asked_at = time.monotonic()
    while limits.of("script", 1) == [SCRIPT]:
        assert asked_at - changed_at < 5
        time.sleep(0.1)
        asked_at = time.monotonic()
    assert [(limit.count, limit.seconds) for limit in limits.of("script", 1)] == [(7, 0.5)]
    entry = AuditEntry.get(AuditEntry.action == "limit.set")
    assert (entry.actor, entry.subject, entry.reason) == (
        "olga",
        "limit script_request",
        "7 in 0.5 s",
    )


def test_a_limit_is_reset_to_its_default(owner: Browser) -> None:
    owner.post("/limits/tiktok_init/set", count="0", seconds="60")
    assert "stopped" in owner.get("/limits/").text

    owner.post("/limits/tiktok_init/reset")

    assert LimitSetting.select().count() == 0
    assert AuditEntry.get(AuditEntry.action == "limit.reset").reason == "6 in 60 s"
    refused = owner.post("/limits/tiktok_init/reset", on="/limits/")
    assert "already has its default" in owner.after(refused)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count", "seconds", "sentence"),
    [
        ("tiktok_init", "many", "60", "Enter how many: a whole number"),
        ("tiktok_init", "-1", "60", "Enter how many: a whole number"),
        ("tiktok_init", "1.5", "60", "Enter how many: a whole number"),
        ("tiktok_init", "6", "0", "Enter the seconds"),
        ("tiktok_init", "6", "nan", "Enter the seconds"),
        ("tiktok_init", "6", "", "Enter the seconds"),
        ("no_such", "6", "60", "There is no limit no_such"),
    ],
)
def test_invalid_numbers_get_an_error(
    owner: Browser, name: str, count: str, seconds: str, sentence: str
) -> None:
    refused = owner.post(f"/limits/{name}/set", count=count, seconds=seconds)

    assert sentence in owner.after(refused)
    assert LimitSetting.select().count() == 0


def test_editors_can_only_look(editor: Browser) -> None:
    assert editor.get("/limits/").status_code == 200
    assert editor.post("/limits/tiktok_init/set", count="1", seconds="1").status_code == 403
    assert editor.post("/limits/tiktok_init/reset").status_code == 403


def test_the_page_works_while_redis_is_unavailable(owner: Browser) -> None:
    away = Limiter.at("redis://127.0.0.1:9/0")
    owner.client.application.extensions["limiter"] = away

    page = owner.get("/limits/").text

    assert "Redis does not answer" in page
    assert "unknown" in page
    assert owner.post("/limits/tiktok_init/set", count="3", seconds="60").status_code == 303
