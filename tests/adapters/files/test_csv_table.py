"""Stories from a CSV table, as spreadsheets and archives save it."""

# ruff: noqa: RUF001  (quotation marks of other encodings are the subject)

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.files.csv_table import CsvSource
from adapters.ports import NOTE, FetchedStory, StoryQuery, UnreadableRow
from core.errors import Permanent
from core.files.intake_folder import IntakeFolder


def stories(path: Path, content: str | bytes | None = None, limit: int = 25) -> list[FetchedStory]:
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    source = CsvSource(IntakeFolder(path.parent))
    return list(source.stories(StoryQuery(place=path.name, limit=limit)))


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
    assert (odd.score, odd.score_as_written, odd.removed) == (None, "1e999", False)


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
        (b"name,what\na,b", "has no column title and text: it needs"),
        (b"title,what\na,b", r"has no column text \(it has title, what\): it needs"),
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


NOTE_TEXT = (
    "My neighbour wrote “it’s not my goat” on our gate. I don’t own a goat — she does. We’ve lived "
    "here for ten years, and it ate the café’s menu."
)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["mac_roman", "cp1252", "utf-8", "utf-16"])
def test_encodings_and_line_ends_of_spreadsheets_are_told_apart(
    table: Path, encoding: str, end: str
) -> None:
    content = f'title;text{end}The gate;"{NOTE_TEXT}"{end}'.encode(encoding)
    (story,) = stories(table, content)
    assert (story.title, story.body) == ("The gate", NOTE_TEXT)


# Texts that could be read in two ways: none of them may become gibberish.
UNCLEAR = {
    "Finnish from an old Mac": ("Isoäiti jätti pianon ja kymmenvuotias soitti", "mac_roman"),
    "German from DOS": ("Als der Müller die Tür öffnete, fiel Schnee auf die Straße", "cp850"),
    "Czech": ("Babička mi nechala klavír, který nikdo neuměl naladit", "cp1250"),
    "Hungarian": ("Egy tízéves fiú leült, s az őszi eső verte az ablakot, ömlött", "cp1250"),
    "Romanian": ("Bunica mi-a lăsat un pian pe care nimeni nu îl putea acorda", "cp1250"),
    "Greek": ("Ένα αγόρι δέκα χρονών κάθισε και έπαιξε", "cp1253"),
    "Japanese": ("祖母は誰も調律できないピアノを私に残した", "cp932"),
    "Korean": ("할머니는 아무도 조율할 수 없는 피아노를 남겼다", "cp949"),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_a_text_whose_encoding_is_unclear_is_refused_with_what_to_do(
    table: Path, name: str
) -> None:
    text, encoding = UNCLEAR[name]
    with pytest.raises(Permanent, match="no other encoding is certain: save it as UTF-8"):
        stories(table, f"title;text\nA tale;{text}\n".encode(encoding))


def test_an_nsfw_mark_is_read_in_many_languages_and_never_guessed(table: Path) -> None:
    # Given marks as spreadsheets of many languages write them, and some that nobody can read
    yes = "TRUE VERDADERO VERO VERDADEIRO WAHR VRAI WAAR PRAWDA ИСТИНА DOĞRU Sí x ✓ 1 1.0 18+"
    no = "FALSE FALSO FALSCH FAUX ONWAAR ЛОЖЬ YANLIŞ nein não 0 no"
    unclear = ["maybe", "?", "2", "n/a", "null", "spoiler"]
    marks = [*yes.split(), *no.split(), "", *unclear]
    rows = "".join(f"Tale {mark};It rained.;{mark}\n" for mark in marks)

    found = stories(table, f"title;text;nsfw\n{rows}", limit=99)

    # Then yes and no are what they say, and the others are doubts that show the mark
    read = dict(zip(marks, found, strict=True))
    assert all(read[mark].nsfw and not read[mark].doubt for mark in yes.split())
    assert not any(read[mark].nsfw or read[mark].doubt for mark in [*no.split(), ""])
    for mark in unclear:
        assert read[mark].doubt == f"Its NSFW mark is “{mark}”, which is neither yes nor no."


def test_of_two_nsfw_columns_one_is_enough(table: Path) -> None:
    first, second, third = stories(
        table,
        "title,text,NSFW?,over_18\na,b,no,True\nc,d,no,False\ne,f,yes,maybe\n",
    )
    assert [first.nsfw, second.nsfw, third.nsfw] == [True, False, True]
    assert {first.doubt, second.doubt, third.doubt} == {""}


SCORES = {
    "300": 300,
    "-5": -5,
    "1204.0": 1204,
    "1.204": 1204,
    "12,345": 12345,
    "1.234.567": 1234567,
    "1,234.00": 1234,
    "1 204": 1204,
    "1\N{NO-BREAK SPACE}204": 1204,
    "1\N{NARROW NO-BREAK SPACE}204": 1204,
    "1'204": 1204,
    "12.3k": 12300,
    "12,3k": 12300,
    "2.5K": 2500,
    "1.2M": 1200000,
    "９９": 99,
    "9" * 20: 2**31 - 1,
    # Not clearly a whole number
    "1.000": None,
    "1.204k": None,
    "12.34": None,
    "1,23,456": None,
    "~300": None,
    "300 points": None,
    "1.20E+03": None,
    "nan": None,
    "": None,
}


def test_a_score_is_read_if_it_is_clear_and_is_unknown_otherwise(table: Path) -> None:
    rows = "".join(f"Tale\t{number}\t{score}\n" for number, score in enumerate(SCORES))
    found = stories(table, f"title\ttext\tscore\n{rows}", limit=99)
    assert dict(zip(SCORES, (story.score for story in found), strict=True)) == SCORES
    assert found[list(SCORES).index("~300")].score_as_written == "~300"


def note_of(table: Path, content: str) -> str:
    table.write_text(content)
    query = StoryQuery(place=table.name)
    list(CsvSource(IntakeFolder(table.parent)).stories(query))
    return query.memory.get(NOTE, "")


def test_columns_have_many_names_and_those_that_are_not_read_are_named(table: Path) -> None:
    # Given a table whose columns were named by hand
    content = (
        "Post Title;Self-Text;Thumbs;Adult only;Flair;Mood\nThe lamp;It went out.;7;no;Sad;low\n"
    )

    # Then known names are found, however they are written, and the others are told
    (story,) = stories(table, content)
    assert (story.title, story.body) == ("The lamp", "It went out.")
    assert note_of(table, content) == (
        "These columns are not read: “Thumbs”, “Flair”, “Mood”. It has no column score. Rename "
        "one if it should be read."
    )
    (story,) = stories(table, content.replace("Thumbs", "Up_Votes"))
    assert story.score == 7
    assert note_of(table, "title,text\nThe lamp,It went out.\n") == ""


def test_a_file_that_is_no_table_is_not_shown(table: Path) -> None:
    # Given a file that only looks like lines of something
    with pytest.raises(Permanent) as refused:
        stories(table, "root:x:0:0:canary-8812,home\nmail:x:8:8:canary-8813,var\n")

    # Then nothing of it stands in the message
    assert "canary" not in str(refused.value)
    assert "root" not in str(refused.value)
