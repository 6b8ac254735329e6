"""Exports: whole at any size, read a part at a time, formulas escaped."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from admin.lists import exports
from admin.views import insights as insights_page
from admin.views import posts as posts_page
from models import PostState, now
from tests.admin import records

if TYPE_CHECKING:
    from core.settings import Settings
    from tests.admin.conftest import Browser

POSTS = 25


@pytest.mark.parametrize("path", ["/posts/export.csv", "/insights/videos.csv?days=30"])
def test_an_export_is_whole_however_many_parts_it_is_read_in(
    settings: Settings, viewer: Browser, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    # Given more posts than one part holds, several of them published at the same moment
    for page in (posts_page, insights_page):
        monkeypatch.setattr(page, "BATCH", 4)
    shown, moment = records.video(settings.media_dir), now()
    for number in range(POSTS):
        post = records.post(
            shown,
            records.account(f"=account {number}"),
            PostState.PUBLISHED,
            published_at=moment,
            platform_id=f"number-{number}",
        )
        records.counted(post, 1)

    # When all are exported
    answer = viewer.get(path)

    # Then each is there once, and none is a formula
    text = answer.text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    numbers = [row.get("platform_id") or row["platform id"] for row in rows]
    assert sorted(numbers) == sorted(f"number-{number}" for number in range(POSTS))
    assert all(row["account"].startswith("'=account") for row in rows)


def test_an_export_is_sent_while_it_is_read(record: None) -> None:
    # Given rows without an end
    read = 0

    def batches() -> object:
        nonlocal read
        while True:
            read += 1
            yield [(read, "a row")]

    # When the first lines are taken
    answer = exports.csv_file("all.csv", ("number", "text"), batches())  # type: ignore[arg-type]
    lines = answer.iter_encoded()
    first = [next(lines) for _ in range(3)]

    # Then only what was sent had been read
    assert first[2] == b"2,a row\r\n"
    assert read == 2
