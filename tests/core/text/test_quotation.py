# ruff: noqa: RUF001  (quotation marks of all kinds are meant)
from __future__ import annotations

import pytest

from core.text.quotation import balanced


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ('Are we clear of the rocks?"', "Are we clear of the rocks?"),
        ("Are we clear of the rocks?”", "Are we clear of the rocks?"),
        ("Are we clear of the rocks?'", "Are we clear of the rocks?"),
        ('"Wait, he said', "Wait, he said"),
        ('Wait," he said, "no."', 'Wait, he said, "no."'),
        ('"Wait, he said, "no."', 'Wait, he said, "no."'),
        ("„Nein, sagte er", "Nein, sagte er"),
        ("Nein“, sagte er", "Nein, sagte er"),
        ("Nein«, sagte er", "Nein, sagte er"),
        ("行こう」と言った", "行こうと言った"),
    ],
)
def test_an_unpaired_quotation_mark_is_removed(line: str, kept: str) -> None:
    assert balanced(line) == kept


@pytest.mark.parametrize(
    "line",
    [
        '"Wait," he said, "no."',
        "“No,” she said, ‘yes.’",
        "„Nein“, sagte er",
        "»Nein«, sagte er",
        "« Non », dit-il",
        "「行こう」と言った",
        "'Are we clear?'",
        "It was the Smiths' dog, wasn't it?",
        '"Why?"—"Because."',
        '"..." was all he wrote',
        'He asked ("why?") twice',
        '"¿Por qué?" dijo',
    ],
)
def test_complete_quotations_are_unchanged(line: str) -> None:
    assert balanced(line) == line
