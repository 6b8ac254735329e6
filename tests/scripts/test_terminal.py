"""How commands show tables."""

from __future__ import annotations

import pytest
from rich.table import Table

from scripts.terminal import print_table


def test_a_piped_table_keeps_each_row_on_one_line_and_cuts_no_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Given a title longer than a terminal is wide
    title = "The night shift at the lighthouse " * 6
    table = Table("id", "title")
    table.add_row("7", title.strip())

    # When it is not printed to a terminal
    print_table(table)

    # Then it is whole, in one line with its id
    (row,) = (line for line in capsys.readouterr().out.splitlines() if "7" in line)
    assert title.strip() in row
