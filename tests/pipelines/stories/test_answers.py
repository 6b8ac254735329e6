"""A question and its answers become a story: which answers are narrated, and in whose words."""

from __future__ import annotations

import pytest

from adapters.ports import Answer
from adapters.reddit.api import RedditSource
from core.errors import InputError, Wait
from models import Job, Story, StoryState
from pipelines.stories import review
from pipelines.stories.intake.fetch import fetch
from pipelines.stories.intake.manual_intake import paste
from pipelines.stories.prepare import prepare
from pipelines.stories.text import story_text
from sandbox.testing import running_sandbox
from tests.pipelines.production.making import a_source, a_story, claimed
from tests.pipelines.stories.asking import ANSWERS, QUESTION, SAILOR, asked, prepared, taken
from tests.pipelines.stories.intake.test_fetch import Listing

pytestmark = pytest.mark.usefixtures("record")


# ── fetched ──────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_that_may_only_say_that_it_was_deleted_is_left_out_and_shown() -> None:
    unclear = Answer("wren", "My answer was wiped from the board by the janitor.", 9999)
    story = prepared(unclear, *ANSWERS)

    assert "janitor" not in story.narratable_text
    reasons = [answer["left_out"] for answer in story.answers]
    assert reasons == [
        "It may only say that something was deleted: read it before you add it.",
        "",
        "",
    ]


def test_a_question_without_text_is_added_if_its_answers_are_narrated() -> None:
    taken(asked(*ANSWERS))

    story = Story.get()
    assert story.state == StoryState.FETCHED
    assert [answer["author"] for answer in story.answers] == ["ferry_timetable", "two_left_gloves"]
    assert story.answers[0]["text"] == SAILOR


def test_no_more_answers_are_stored_than_the_source_allows() -> None:
    taken(asked(*ANSWERS), answers=1)
    assert len(Story.get().answers) == 1


def test_characters_that_the_database_can_not_store_are_left_out() -> None:
    taken(asked(Answer("a\x00b\ud800", "No.\x00 Never\udfff.")))
    assert Story.get().answers == [{"author": "ab", "text": "No. Never.", "score": 0}]


def test_a_source_without_answers_skips_questions() -> None:
    taken(asked(*ANSWERS), answers=0)

    story = Story.get()
    assert (story.state, story.answers) == (StoryState.SKIPPED, [])
    assert "a title but no text" in story.reason


def test_a_question_that_nobody_answered_is_skipped_with_a_reason() -> None:
    taken(asked())
    assert "no text and no answers" in Story.get().reason


def test_answers_are_fetched_only_if_they_are_needed() -> None:
    # Given a story that is known already, one that is skipped in any case, and a new one
    a_story(external_id="reddit:t3_known")
    listing = Listing(
        [asked(external_id=f"reddit:t3_{name}") for name in ("known", "new")]
        + [asked(external_id="reddit:t3_pinned", stickied=True)]
    )
    source = a_source(answers=3)

    fetch(source.id, claimed("fetch", source.id), listing)

    assert listing.asked_answers == [["reddit:t3_new"]]


@pytest.mark.slow
def test_a_source_that_allows_few_requests_is_read_in_several_tries() -> None:
    # Given five questions, and a rate limit of three requests in ten minutes
    with running_sandbox(reddit_window_requests=3) as sandbox:
        for number in range(5):
            answer = {"author": "b", "body": "Because it was late.", "score": 1}
            sandbox.add_story(
                id=f"ask{number}", subreddit="asked", title="Why?", author="a", answers=[answer]
            )
        reddit = RedditSource(
            client_id=sandbox.settings.reddit_client_id,
            client_secret=sandbox.settings.reddit_client_secret,
            user_agent="storymill-tests/1 (tests)",
            reddit_url=sandbox.reddit_url,
            oauth_url=sandbox.reddit_url,
        )
        source = a_source(place="asked", answers=2, listing="new")

        # When it is fetched, each time as soon as Reddit allows it
        claim, waits = claimed("fetch", source.id), 0
        while not claim.finished:
            try:
                fetch(source.id, claim, lambda _: reddit)
            except Wait as wait:
                waits += 1
                assert [len(story.answers) for story in Story.select()] == [1] * 2 * waits
                sandbox.advance((wait.after or 0) + 1)

        # Then every question was asked for its answers once
        assert waits == 2
        assert len(sandbox.log(call="comments")) == 5
    assert [len(story.answers) for story in Story.select()] == [1] * 5
    assert Job.select().where(Job.stage == "prepare").count() == 5


# ── prepared ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_answers_are_made_narratable_and_marked() -> None:
    story = prepared(*ANSWERS)

    assert story.state == StoryState.WAITING
    assert story.narratable_text == (
        "» Answer 1\n\n"
        "I told them that I could sail.\nI had been on a boat once.\n\n"
        "I am the captain of the harbour ferry now.\n\n"
        "» Answer 2\n\n"
        'I said, "I was just leaving, too."\n'
        "We've been married for nineteen years, in my opinion."
    )
    assert story.words == 39
    assert story.answers[0]["text"] == SAILOR  # as it was written


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer("a", "https://example.com/look"), "It has no text that can be narrated."),
        (Answer("a", "Kill yourself, you worthless idiot."), "Safety: "),
        (Answer("a", "Long ago it happened. " * 30), "more fit"),
        (
            Answer("a", "Cada noche el farolero encendía las luces del puerto y contaba barcos."),
            "Its language is es, not en.",
        ),
    ],
)
def test_an_answer_that_can_not_be_narrated_is_left_out_with_a_reason(
    answer: Answer, reason: str
) -> None:
    story = prepared(answer, *ANSWERS, source={"max_words": 100})

    # The others are narrated, and the story is not affected
    assert story.state == StoryState.WAITING
    assert [reason in row["left_out"] if row["left_out"] else "" for row in story.answers] == [
        True,
        "",
        "",
    ]
    assert "» Answer 1\n" not in story.narratable_text
    assert story.narratable_text.startswith("» Answer 2\n")


def test_a_person_edits_answers_and_leaves_one_out() -> None:
    story = prepared(*ANSWERS)

    review.edit(story.id, "ada", QUESTION, "Here is one.\n» answer 2\nI said it. IMO.\r\n")

    edited = Story.get()
    assert edited.narratable_text == "Here is one.\n\n» Answer 2\n\nI said it.\nIMO."
    assert edited.words == 7

    # And the page says who was left out
    assert [row["left_out"] for row in edited.answers] == ["Left out by ada.", ""]


@pytest.mark.parametrize("number", ["3", "0", "9999999", "٣"])
def test_a_mark_without_a_stored_answer_is_refused(number: str) -> None:
    story = prepared(*ANSWERS)
    text = f"» Answer 1\nI said it.\n» Answer {number}\nI was not there."

    with pytest.raises(InputError, match=r"There is no answer \d+: this story has 2\."):
        review.edit(story.id, "ada", QUESTION, text)


@pytest.mark.parametrize("mark", ["»Answer 2", "»\xa0ANSWER\t2 ", " » answer2 "])
def test_a_mark_is_known_however_it_is_typed(mark: str) -> None:
    story = prepared(*ANSWERS)

    review.edit(story.id, "ada", QUESTION, f"{mark}\rSecond.\r\r» Answer 1\r\rFirst.\r{mark}")

    told_now = Story.get().narratable_text
    assert told_now == "» Answer 2\n\nSecond.\n\n» Answer 1\n\nFirst."  # in the editor's order


def test_an_answer_that_a_person_adds_again_is_narrated() -> None:
    story = prepared(Answer("a", "Cada noche el farolero contaba barcos en el puerto."), *ANSWERS)
    assert story.answers[0]["left_out"]

    review.edit(story.id, "ada", QUESTION, f"» Answer 1\nHe counted.\n\n{story.narratable_text}")

    assert [row["left_out"] for row in Story.get().answers] == ["", "", ""]


@pytest.mark.parametrize("title", ["Why?", "AITA?", "Best pizza topping?"])
def test_a_question_too_short_to_detect_has_the_language_of_its_answers(title: str) -> None:
    story = prepared(*ANSWERS, title=title, source={"language": "en"})

    assert (story.state, story.language) == (StoryState.WAITING, "en")
    assert [row["left_out"] for row in story.answers] == ["", ""]


@pytest.mark.parametrize("text", ["»Answer 1 ).", "»Answer 2 …", "> »answer 1 ]?"])
def test_text_that_looks_like_a_mark_in_a_post_is_not_a_mark(text: str) -> None:
    story = prepared(*ANSWERS, body=f"It began.\n\n{text}\n\nIt ended there, I think.")

    paragraphs = story_text.read(story.narratable_text)
    assert [paragraph.answer for paragraph in paragraphs] == [0, 0, 0, 1, 1, 2]
    review.edit(story.id, "ada", QUESTION, story.narratable_text)
    assert story_text.read(Story.get().narratable_text) == paragraphs


def test_a_mark_in_a_pasted_text_marks_nothing() -> None:
    story = paste("A title", "It began.\n\n» Answer 1\n\nIt ended there, and nobody saw it.", "ada")
    prepare(story.id, claimed("prepare", story.id))

    assert {paragraph.answer for paragraph in story_text.read(Story.get().narratable_text)} == {0}
