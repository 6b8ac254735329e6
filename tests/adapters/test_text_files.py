"""Stories from a table or a folder of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.ports import StoryQuery
from adapters.text_files import CsvSource, FolderSource
from core.errors import Permanent


def query(path: Path, limit: int = 25) -> StoryQuery:
    return StoryQuery(place=str(path), limit=limit)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_each_row_of_a_table_is_a_story(tmp_path: Path, separator: str) -> None:
    # Given a table as spreadsheets save it: with a mark at its start, and a row that is empty
    table = tmp_path / "stories.csv"
    rows = ["Title;Text;Author", 'The lamp;"It went out.\nTwice.";Mara', ";;", "Untitled?;;"]
    text = "\n".join(row.replace(";", separator) for row in rows)
    table.write_text("\ufeff" + text, encoding="utf-8")

    # When it is read
    lamp, untold = CsvSource().stories(query(table))

    # Then cells are the story's own, and a row without a text comes too, to be told of
    assert (lamp.title, lamp.body, lamp.author) == ("The lamp", "It went out.\nTwice.", "Mara")
    assert (untold.title, untold.body) == ("Untitled?", "")
    # And a second reading knows them by their words
    assert next(CsvSource().stories(query(table, 1))).external_id == lamp.external_id


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "lacks a column"),
        (b"name,what\na,b", "title and text"),
        (b'title,text\n"open,quote', "no CSV table"),
        (b"title,text\n\xff\xfe,b", "no UTF-8 text at byte 11"),
    ],
)
def test_what_is_no_table_says_what_is_needed(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    table = tmp_path / "stories.csv"
    table.write_bytes(content)

    with pytest.raises(Permanent, match=sentence):
        list(CsvSource().stories(query(table)))


def test_each_text_of_a_folder_is_a_story(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# The lamp\n\nIt went out.")
    (tmp_path / "a-night-at_sea.txt").write_text("We had no compass that night.")
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")

    night, lamp = FolderSource().stories(query(tmp_path))

    assert (lamp.title, lamp.body) == ("The lamp", "It went out.")
    assert (night.title, night.body) == ("a night at sea", "We had no compass that night.")


def test_missing_places_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="There is no folder"):
        list(FolderSource().stories(query(tmp_path / "nowhere")))
    with pytest.raises(Permanent, match=r"holds no \.txt or \.md"):
        list(FolderSource().stories(query(tmp_path)))
    with pytest.raises(Permanent, match="There is no file"):
        list(CsvSource().stories(query(tmp_path / "nothing.csv")))
