"""Stories from a CSV table, as spreadsheets and archives save it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.files.csv_table import CsvSource
from adapters.ports import FetchedStory, StoryQuery, UnreadableRow
from core.errors import Permanent


def stories(path: Path, content: str | bytes | None = None, limit: int = 25) -> list[FetchedStory]:
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(CsvSource().stories(StoryQuery(place=str(path), limit=limit)))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "stories.csv"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_each_row_of_a_table_is_a_story(table: Path, separator: str) -> None:
    # Given a table as spreadsheets save it, with a byte order mark and an empty row
    rows = ["Title;Text;Author", 'The lamp;"It went out.\nTwice.";Mara', ";;", "Untitled?;;"]
    text = "\ufeff" + "\n".join(row.replace(";", separator) for row in rows)

    # When it is read
    lamp, untold = stories(table, text)

    # Then cells become stories, and a row without a text comes too, to be reported
    assert (lamp.title, lamp.body, lamp.author) == ("The lamp", "It went out.\nTwice.", "Mara")
    assert (untold.title, untold.body) == ("Untitled?", "")
    # And a second reading gives the same ids
    assert stories(table, limit=1)[0].external_id == lamp.external_id


# As Windows writes them: each region has its own encoding.
RUSSIAN = b"title,text\n\xcf\xf0\xe8\xe2\xe5\xf2,\xec\xe8\xf0 \xe8 \xe4\xee\xec\n"
TURKISH = b"title,text\n\xddyi,Da\xf0 ba\xfe\xfdn\xfd duman alm\xfd\xfe\n"
POLISH = b"title,text\nKot,Wzi\xea\xb3a m\xb9k\xea i \xb3y\xbfk\xea\n"
WORDS = "Als der Müller die Tür öffnete, schlief „er“ — wie immer — noch; das kostete 5 €."


@pytest.mark.parametrize(
    "content",
    [
        f'title;text\r\nDer Müller;"{WORDS}"\r\n'.encode("cp1252"),
        f'title\ttext\r\nDer Müller\t"{WORDS}"\r\n'.encode("utf-16"),
        f'sep=;\ntitle;text\nDer Müller;"{WORDS}"\n'.encode("utf-8-sig"),
        f'\n"title, as printed";title;text\n;Der Müller;"{WORDS}"\n'.encode(),
        f'title,text\rDer Müller,"{WORDS}"\r'.encode(),
    ],
    ids=["Excel in the West", "Excel as Unicode", "Excel with sep", "commas in a name", "old Mac"],
)
def test_tables_are_read_as_spreadsheets_write_them(table: Path, content: bytes) -> None:
    (story,) = stories(table, content)
    assert (story.title, story.body) == ("Der Müller", WORDS)


def test_columns_of_reddit_archives_are_read(table: Path) -> None:
    kept, gone, odd = stories(
        table,
        "id,title,selftext,score,over_18,subreddit,url\n"
        "1,The lamp,It went out.,1234,True,r/nightdesk,https://night.example/1\n"
        "2,The bell,[removed],7,False,nightdesk,javascript:alert(1)\n"
        "3,The boat,It sank.,1e999,no,nightdesk,\n",
    )
    assert (kept.score, kept.nsfw, kept.place) == (1234, True, "nightdesk")
    assert kept.url == "https://night.example/1"
    assert (gone.removed, gone.url, gone.nsfw) == (True, "", False)
    assert (odd.score, odd.removed) == (0, False)


def test_a_row_with_too_many_cells_is_reported_and_not_cut(table: Path) -> None:
    cut, whole = stories(table, "title,text\nThe lamp,It went out, twice.\nThe bell,It rang.,,\n")

    assert isinstance(cut, UnreadableRow)
    assert "3 cells but the first row has 2" in cut.why
    assert (whole.title, whole.body) == ("The bell", "It rang.")


def test_a_text_of_any_length_fits_a_cell(table: Path) -> None:
    long = "It rained. " * 50_000
    (story,) = stories(table, f'title,text\nRain,"{long}"\n')
    assert story.body == long.strip()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "has no column title and text: it needs"),
        (b"name,what\na,b", r"has no column title and text \(it has name, what\): it needs"),
        (b"title,what\na,b", "has no column text"),
        (b'title,text\na,b\n"open,quote\nc,d', "is not valid CSV from line 3 on"),
        (b'sep=,\ntitle,text\na,"He said "no"."\n', "is not valid CSV from line 3 on"),
        (b"title,text\n\xff\xfe,b", r"not UTF-8 text \(byte 11\)"),
        (RUSSIAN, r"not UTF-8 text \(byte 11\)"),
        (TURKISH, "not UTF-8 text"),
        (POLISH, "not UTF-8 text"),
        (b"PK\x03\x04\x14\x00", "is an Excel workbook: save it as “CSV UTF-8”"),
        (b"title,text\nThe\0lamp,It went out.", "contains a zero byte"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused_with_what_is_needed(
    table: Path, content: bytes, sentence: str
) -> None:
    with pytest.raises(Permanent, match=sentence):
        stories(table, content)


def test_a_missing_table_says_so(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="There is no file"):
        stories(tmp_path / "nothing.csv")
    with pytest.raises(Permanent, match="is not a regular file"):
        stories(tmp_path)
