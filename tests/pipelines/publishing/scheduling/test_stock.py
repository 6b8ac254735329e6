from __future__ import annotations

import pytest

from pipelines.publishing.scheduling.stock import Stock, pace

NO_SLOTS = [0] * 7


@pytest.mark.parametrize(
    ("week", "cap", "gap", "wanted"),
    [
        (NO_SLOTS, 15, 0, 15.0),
        (NO_SLOTS, 15, 240, 6.0),
        ([2] * 7, 15, 0, 2.0),
        ([7, 0, 0, 0, 0, 0, 0], 15, 0, 1.0),
        ([7, 0, 0, 0, 0, 0, 0], 3, 0, 3 / 7),
        ([2] * 7, 0, 0, 0.0),
    ],
)
def test_slots_cap_and_gap_decide_how_many_posts_go_out_a_day(
    week: list[int], cap: int, gap: int, wanted: float
) -> None:
    assert pace(week, cap, gap) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("posts", "a_day", "words"),
    [
        (6, 2.0, "3 days of videos left"),
        (3, 2.0, "1 day of videos left"),
        (1, 2.0, "less than a day of videos left"),
        (0, 2.0, "no videos left"),
        (9, 0.0, "0 posts a day: nothing goes out"),
    ],
)
def test_the_stock_is_said_in_days(posts: int, a_day: float, words: str) -> None:
    assert Stock(posts, a_day).words == words
