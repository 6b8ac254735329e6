"""The database's time for a render does not grow with the parts on record."""

from __future__ import annotations

import pytest

from benchmarks.growth import growth

pytestmark = [pytest.mark.usefixtures("record"), pytest.mark.slow]


def test_a_render_costs_the_same_with_many_parts_on_record() -> None:
    *_, ratio = growth.run(parts=5_000, renders=20)

    assert ratio.ok, f"{ratio.value:.2f} times as long"
