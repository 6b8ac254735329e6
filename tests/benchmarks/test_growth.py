"""The database's work for a render does not grow with the parts on record."""

from __future__ import annotations

import pytest

from benchmarks.growth import growth

pytestmark = [pytest.mark.usefixtures("record"), pytest.mark.slow]


def test_a_render_reads_as_many_rows_with_many_parts_on_record() -> None:
    rows = {row.what: row for row in growth.run(parts=2_000, few=10, renders=10)}

    assert rows["times as many rows"].ok, rows
