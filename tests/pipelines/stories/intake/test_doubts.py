"""What can't be read about a row is left to a person, with what was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.files.csv_table import CsvSource
from adapters.ports import NOTE
from core.files.intake_folder import IntakeFolder
from models import Intake, NsfwPolicy, Source, SourceKind, Story, StoryState
from pipelines.stories.intake.fetch import fetch
from pipelines.stories.prepare import prepare
from tests.pipelines.production.making import TALE, a_post, a_source, claimed
from tests.pipelines.stories.intake.test_fetch import Listing

pytestmark = pytest.mark.usefixtures("record")

TEXT = TALE[0]


def read(table: Source, folder: Path) -> list[Story]:
    """Fetch the table and prepare its stories; gives them by title."""
    source = CsvSource(IntakeFolder(folder))
    fetch(table.id, claimed("fetch", table.id), lambda _kind: source)
    for story in Story.select().where(Story.state == StoryState.FETCHED):
        prepare(story.id, claimed("prepare", story.id))
    return list(Story.select().order_by(Story.title))


def a_table(folder: Path, *rows: str, **fields: object) -> Source:
    (folder / "tales.csv").write_text("title;text;nsfw;score;mood\n" + "\n".join(rows))
    return a_source(kind=SourceKind.CSV, place="tales.csv", **fields)


def test_an_nsfw_mark_that_is_neither_yes_nor_no_flags_the_story(tmp_path: Path) -> None:
    # Given a table with a clear mark of each kind in Spanish, and one that nobody can read
    table = a_table(
        tmp_path,
        f"A;{TEXT} One.;VERDADERO;500;sad",
        f"B;{TEXT} Two two.;FALSO;500;sad",
        f"C;{TEXT} Three three three.;quizás;500;sad",
    )

    marked, clean, unclear = read(table, tmp_path)

    # Then the first is skipped, the second waits, and a person decides on the third
    assert (marked.state, marked.reason) == (StoryState.SKIPPED, "It is marked not safe for work.")
    assert (clean.state, clean.reason) == (StoryState.WAITING, "")
    assert unclear.state == StoryState.FLAGGED
    assert unclear.reason == "Its NSFW mark is “quizás”, which is neither yes nor no."
    # And the row's outcome says so, too
    assert Intake.get(Intake.title == "C").reason == unclear.reason
    # And the column that is not read is named on the source
    assert "“mood”" in Source.get().memory[NOTE]


def test_a_mark_that_can_not_be_read_flags_whatever_the_source_does_with_marks(
    tmp_path: Path,
) -> None:
    table = a_table(tmp_path, f"A;{TEXT};maybe;5;", nsfw=NsfwPolicy.FLAG)
    (story,) = read(table, tmp_path)
    assert story.state == StoryState.FLAGGED


def test_a_score_that_can_not_be_read_neither_passes_nor_drops_a_story(tmp_path: Path) -> None:
    # Given a source with a minimum score
    table = a_table(
        tmp_path,
        f"A;{TEXT} One.;no;12,345;",
        f"B;{TEXT} Two two.;no;12;",
        f"C;{TEXT} Three three three.;no;~300;",
        f"D;{TEXT} Four four four four.;no;;",
        min_score=100,
    )

    high, low, odd, empty = read(table, tmp_path)

    # Then clear scores decide, and a person decides on the others
    assert (high.state, high.score) == (StoryState.WAITING, 12345)
    assert (low.state, low.reason) == (StoryState.SKIPPED, "Its score 12 is below 100.")
    assert (odd.state, odd.score) == (StoryState.FLAGGED, None)
    assert odd.reason == (
        "Its score “~300” can't be read, so the minimum score of 100 was not checked."
    )
    assert empty.state == StoryState.FLAGGED
    assert empty.reason == "It has no score, so the minimum score of 100 was not checked."


def test_without_a_minimum_an_unknown_score_is_no_doubt(tmp_path: Path) -> None:
    (story,) = read(a_table(tmp_path, f"A;{TEXT};no;~300;"), tmp_path)
    assert (story.state, story.score) == (StoryState.WAITING, None)


@pytest.mark.parametrize("min_words", [5, 500])
def test_an_excerpt_is_flagged_even_if_it_is_too_short(min_words: int) -> None:
    source = a_source(kind=SourceKind.CSV, min_words=min_words)
    posts = [a_post("feed:1", body=f"{TEXT} […]\n\nContinue reading The piano")]

    fetch(source.id, claimed("fetch", source.id), Listing(posts))
    story = Story.get()
    prepare(story.id, claimed("prepare", story.id))

    story = Story.get()
    assert (story.state, story.excerpt) == (StoryState.FLAGGED, True)
    assert story.reason.startswith("It is only an excerpt: fetch the whole text")
    assert "Continue" not in story.narratable_text


def test_only_a_blogs_short_text_that_trails_off_is_an_excerpt() -> None:
    source = a_source(kind=SourceKind.FEED)
    posts = [a_post(name, body=f"{TEXT} And then…") for name in ("feed:1", "reddit:t3_1")]
    fetch(source.id, claimed("fetch", source.id), lambda _kind: Listing(posts))
    assert [story.excerpt for story in Story.select().order_by(Story.id)] == [True, False]
