"""Times and days are shown in the time zone of who looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from admin import formatting, home_figures
from admin.app import create_app
from models import AuditEntry, PostState, now
from tests.admin import records

if TYPE_CHECKING:
    from flask import Flask

    from core.settings import Settings
    from tests.admin.conftest import Browser

FAR = datetime(2025, 6, 1, 22, 30, tzinfo=UTC)


def shown(browser: Browser) -> str:
    """What the audit log shows as the time of its newest entry."""
    AuditEntry.create(actor="ada", action="post.pin", subject="post 1", created_at=FAR)
    return browser.get("/audit/").text


def test_a_time_is_shown_in_the_chosen_zone_else_the_browsers_else_the_installations(
    viewer: Browser,
) -> None:
    assert "1 Jun 2025 22:30" in shown(viewer)

    viewer.client.set_cookie("zone", "Asia/Tokyo")
    assert "2 Jun 2025 07:30" in shown(viewer)
    assert "Times in Asia/Tokyo" in shown(viewer)

    viewer.post("/me/timezone", timezone="europe/berlin")
    assert "2 Jun 2025 00:30" in shown(viewer)
    assert AuditEntry.select().where(AuditEntry.action == "user.set_timezone").count() == 1

    viewer.post("/me/timezone", timezone="")
    viewer.client.set_cookie("zone", "Mars/Olympus")
    assert "1 Jun 2025 22:30" in shown(viewer)


def test_an_unknown_zone_is_refused_with_similar_names(viewer: Browser) -> None:
    refused = viewer.post("/me/timezone", timezone="Tokyo")

    assert "did you mean Asia/Tokyo" in viewer.after(refused)


@pytest.fixture
def tokyo(settings: Settings, record: None) -> Any:
    app: Flask = create_app(settings.model_copy(update={"timezone": "Asia/Tokyo"}))
    with app.test_request_context():
        yield


@pytest.mark.usefixtures("tokyo")
def test_a_near_time_is_told_both_ways() -> None:
    soon = now() + timedelta(hours=9, minutes=5)

    told = formatting.when(soon).striptags()

    assert told == f"{soon.astimezone(ZoneInfo('Asia/Tokyo')):%a %-d %b %H:%M} (in 9 h)"
    assert formatting.when(FAR).striptags() == "2 Jun 2025 07:30"


@pytest.mark.usefixtures("tokyo")
def test_the_posts_of_today_are_those_of_the_viewers_day(settings: Settings) -> None:
    # Given a post of this Tokyo day, and one of the day before, which may be the same day in UTC
    midnight = now().astimezone(ZoneInfo("Asia/Tokyo")).replace(hour=0, minute=0, second=0)
    account = records.account()
    for at in (midnight + timedelta(seconds=1), midnight - timedelta(seconds=2)):
        video = records.video(settings.media_dir, records.part(records.story(f"At {at}")))
        records.post(video, account, PostState.PUBLISHED, published_at=at)

    (day,) = home_figures.today()

    assert day.published == 1
    assert home_figures.hours()[-1].starts.tzinfo == ZoneInfo("Asia/Tokyo")
