"""Stories from a folder of text files."""

# ruff: noqa: RUF001  (quotation marks of other encodings are the subject)

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.files.text_folder import FolderSource
from adapters.ports import FetchedStory, StoryQuery, UnreadableRow
from core.errors import Permanent
from core.files.intake_folder import IntakeFolder


def stories(folder: Path, limit: int = 25) -> list[FetchedStory]:
    source = FolderSource(IntakeFolder(folder.parent))
    return list(source.stories(StoryQuery(place=folder.name, limit=limit)))


def test_each_text_of_a_folder_is_a_story(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# The lamp\n\nIt went out.")
    (tmp_path / "a-night-at_sea.txt").write_text("We had no compass that night.")
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")

    night, lamp = stories(tmp_path)

    assert (lamp.title, lamp.body) == ("The lamp", "It went out.")
    assert (night.title, night.body) == ("a night at sea", "We had no compass that night.")


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("The lamp\r\n\r\nIt went out.\r\nTwice.", "The lamp", "It went out.\nTwice."),
        ("The lamp\nIt went out.", "The lamp", "It went out."),
        ("The lamp\n========\nIt went out.", "The lamp", "It went out."),
        ("## The lamp ##\nit went out.", "The lamp", "it went out."),
        (
            "We sailed for days\nand saw no land.",
            "the file",
            "We sailed for days\nand saw no land.",
        ),
        ('---\ntags: [x]\ntitle: "The lamp"\n---\n\nIt went out.', "The lamp", "It went out."),
        ("---\ntitle: The lamp\n---\n# The lamp\nIt went out.", "The lamp", "It went out."),
        ("---\ndraft: no\n---\n# The lamp\nIt went out.", "The lamp", "It went out."),
        (" \n", "the file", ""),
    ],
)
def test_the_title_is_where_people_write_it(
    tmp_path: Path, text: str, title: str, body: str
) -> None:
    (tmp_path / "the-file.md").write_bytes(text.encode())
    (story,) = stories(tmp_path)
    assert (story.title, story.body) == (title, body)


def test_folders_within_are_looked_through(tmp_path: Path) -> None:
    # Given folders in the folder, hidden things, and links, one of which leads back to itself
    for name in ("one/two", ".git"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "one" / "two" / "deep.txt").write_text("Deep.")
    (tmp_path / ".git" / "hidden.txt").write_text("Hidden.")
    (tmp_path / "._ghost.txt").write_bytes(b"\0\5\x16\7")
    (tmp_path / "one" / "round").symlink_to(tmp_path)
    (tmp_path / "linked.txt").symlink_to(tmp_path / "one" / "two" / "deep.txt")

    found = stories(tmp_path)

    assert [story.title for story in found] == ["linked", "deep"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="This system has no named pipes")
def test_a_file_that_is_not_text_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\x7fELF\0\0\1")
    (tmp_path / "b.txt").write_bytes(bytes(range(128, 256)))
    (tmp_path / "c.txt").write_bytes(b"x" * (1024 * 1024 + 1))
    (tmp_path / "d.txt").symlink_to(tmp_path / "nothing.txt")
    os.mkfifo(tmp_path / "e.txt")
    (tmp_path / "f.txt").mkdir()
    (tmp_path / os.fsdecode(b"g-\xff.txt")).write_text("Said.")
    (tmp_path / "h.txt").write_text("Also said.")

    *bad, odd, good = stories(tmp_path)

    reported = [(row.title, row.why) for row in bad if isinstance(row, UnreadableRow)]
    assert [title for title, _ in reported] == ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"]
    for sentence, (_, why) in zip(
        ("zero byte", "not UTF-8", "larger than 1 MB", "There is no file", "not a regular file"),
        reported,
        strict=True,
    ):
        assert sentence in why
    assert (odd.title, odd.body) == ("g \N{REPLACEMENT CHARACTER}", "Said.")
    assert good.body == "Also said."
    # And a corrected file is another row
    (tmp_path / "a.txt").write_text("Now a text.")
    assert stories(tmp_path)[0].external_id != bad[0].external_id


def test_missing_places_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="There is no folder"):
        stories(tmp_path / "nowhere")
    with pytest.raises(Permanent, match=r"has no \.txt or \.md"):
        stories(tmp_path)


def test_only_texts_below_the_intake_folder_are_read(tmp_path: Path) -> None:
    # Given a folder of texts with links to outside, and names that are not plain
    outside, folder = tmp_path / "outside", tmp_path / "intake" / "texts"
    outside.mkdir()
    folder.mkdir(parents=True)
    (outside / "secret.txt").write_text("canary-8812")
    (folder / "a.txt").symlink_to(outside / "secret.txt")
    (folder / "b").symlink_to(outside)
    (folder / "c\nd.txt").write_text("canary-8813")
    (folder / "e.txt").write_text("The bell\n\nIt rang.")

    link, odd, bell = stories(folder)

    # Then these are named as rows that can't be read, without their text
    assert isinstance(link, UnreadableRow)
    assert isinstance(odd, UnreadableRow)
    assert "is outside the intake folder" in link.why
    assert "line break" in odd.why
    assert odd.title == "c\N{REPLACEMENT CHARACTER}d.txt"
    assert "canary" not in f"{link} {odd}"
    assert bell.title == "The bell"
    # And other places are refused as a whole
    for place in ("/proc", "..", str(outside)):
        with pytest.raises(Permanent, match="is outside the intake folder"):
            list(FolderSource(IntakeFolder(tmp_path / "intake")).stories(StoryQuery(place=place)))


@pytest.mark.parametrize("encoding", ["mac_roman", "cp1252", "utf-16"])
def test_texts_are_read_in_the_encodings_of_editors(tmp_path: Path, encoding: str) -> None:
    text = "The gate\r\rShe said “it’s mine” — and left the café."
    (tmp_path / "gate.txt").write_bytes(text.encode(encoding))
    (story,) = stories(tmp_path)
    assert (story.title, story.body) == ("The gate", "She said “it’s mine” — and left the café.")
