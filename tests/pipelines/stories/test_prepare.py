"""A fetched story is prepared for review: cleaned, judged, compared with all others."""

from __future__ import annotations

import random

import pytest

from core.db import database
from models import Job, JobState, NsfwPolicy, Source, Story, StoryState
from pipelines.stories.duplicates import CANDIDATES, nearest
from pipelines.stories.prepare import prepare
from pipelines.stories.text import similarity
from tests.pipelines.production.making import TALE, a_source, a_story, claimed

pytestmark = pytest.mark.usefixtures("record")

FARO = (
    "Cada noche el farolero encendía las luces del puerto y contaba los barcos que volvían a casa. "
    "Una noche faltaba el barco de su hermano."
)
REPOST = "\n\n".join(TALE).replace("ten", "nine").upper() + "\n\nEdit: yes, we still have it."
CHANCE = random.Random(7)  # noqa: S311  # the same strangers in each run


def prepared(title: str = "The piano", body: str = "\n\n".join(TALE), **fields: object) -> Story:
    """A new story after the prepare stage."""
    story = a_story(
        StoryState.FETCHED,
        title=title,
        body=body,
        narratable_title="",
        narratable_text="",
        language="",
        words=0,
        **fields,
    )
    prepare(story.id, claimed("prepare", story.id))
    return Story.get_by_id(story.id)


def test_a_story_waits_for_a_person_with_narratable_text() -> None:
    # When a post as people write them is prepared
    body = "AITA? I (31F) *love* [pianos](https://example.com).\n\nTIFU by tuning one, imo."
    story = prepared(title="AITA for tuning it?", body=body)

    # Then it waits, in spoken words, and the original is untouched
    assert (story.state, story.reason, story.language) == (StoryState.WAITING, "", "en")
    assert story.body == body
    assert story.narratable_text.count("\n\n") == 1
    assert story.words == len(story.narratable_text.split()) > 10
    for sign in ("*", "[", "http", "AITA", "31F", "imo"):
        assert sign not in f"{story.narratable_title} {story.narratable_text}"
    assert (story.safety_score, story.safety_judge) == (0.0, "rules")
    job = Job.of("prepare", story.id)
    assert job is not None
    assert job.state == JobState.DONE


def test_a_text_that_may_be_a_notice_of_its_deletion_is_flagged() -> None:
    # Given a story that begins, or ends, with words that tools write when they delete a text
    told = "\n\n".join(TALE)
    for body in (
        f"This post was removed by its moderators once, so I tell it again. {told}",
        f"{told}\n\n*This post was mass deleted and anonymized with [Redact](https://r.example)*",
    ):
        story = prepared(body=body)

        # Then a person reads it first
        assert story.state == StoryState.FLAGGED
        assert story.reason == "Its text may only say that it was deleted: read it first."


def test_a_story_that_can_not_be_narrated_is_skipped_with_the_reason() -> None:
    a_source(min_words=20, max_words=100)
    for body, reason in (
        (FARO, "Its language is es, not en."),
        ("It rained and I stayed in.", "It has 6 words, fewer than 20."),
        ("It was a long day. " * 30, "It has 150 words, more than 100."),
        ("https://example.com/picture.jpg", "It has no text that can be narrated."),
    ):
        story = prepared(title="", body=body)
        assert (story.state, story.reason) == (StoryState.SKIPPED, reason)


def test_a_source_without_a_language_accepts_any() -> None:
    a_source(language="")
    story = prepared(body=FARO)
    assert (story.state, story.language) == (StoryState.WAITING, "es")


def test_an_unsafe_story_waits_flagged_and_says_for_what() -> None:
    story = prepared(body="He wrote that I should kill myself. K1ll yourself, he wrote to me.")
    assert story.state == StoryState.FLAGGED
    assert story.reason.startswith("Safety: ")
    assert story.safety_score >= 0.8


def test_a_story_marked_nsfw_is_flagged_if_its_source_says_so() -> None:
    a_source(nsfw=NsfwPolicy.FLAG)
    story = prepared(nsfw=True)
    assert (story.state, story.reason) == (StoryState.FLAGGED, "It is marked not safe for work.")


def test_a_repost_names_the_story_that_it_repeats() -> None:
    original = prepared()
    repost = prepared(body=REPOST)
    stranger = prepared(body="The ferry was late, so I sold my ticket to a man with two dogs.")

    assert repost.similar_to == original
    assert repost.similarity > similarity.THRESHOLD
    assert repost.state == StoryState.WAITING, "a person decides about it"
    assert (stranger.similar_to, stranger.similarity) == (None, 0.0)


def test_a_skipped_story_is_not_an_original() -> None:
    skipped = prepared()
    Story.update(state=StoryState.SKIPPED).where(Story.id == skipped.id).execute()
    assert prepared(body=REPOST).similar_to is None


def test_the_original_is_found_among_unrelated_stories() -> None:
    # Given an original, and more unrelated stories with some of its phrases than are read
    original = prepared()
    sketch = similarity.sketch(original.narratable_text)
    fill_in(
        [
            [*CHANCE.sample(sketch, shared), *numbers(similarity.SIZE - shared)]
            for shared in (7, 9)
            for _ in range(CANDIDATES * 2)
        ]
    )

    # When its repost comes
    repost = prepared(body=REPOST)

    # Then the original is found among them
    assert repost.similar_to == original


@pytest.mark.slow
def test_the_original_is_found_by_index() -> None:
    # Given more stories than one would read for each search
    original = prepared()
    fill_in([numbers(similarity.SIZE) for _ in range(2_000)])
    database.execute_sql("VACUUM ANALYZE story")

    # When a repost's original is looked for
    sketch = similarity.sketch(REPOST)
    found, _ = nearest(Story(id=0), sketch)

    # Then the sketch index was used
    assert found == original
    database.execute_sql("SELECT pg_stat_force_next_flush()")
    cursor = database.execute_sql(
        "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'story_sketch'"
    )
    assert cursor.fetchone()[0] > 0


def numbers(count: int) -> list[int]:
    return [CHANCE.randrange(-(2**63), 2**63) for _ in range(count)]


def fill_in(sketches: list[list[int]]) -> None:
    """Insert a waiting, unrelated story for each sketch."""
    source = Source.get()
    Story.insert_many(
        {
            "source": source,
            "external_id": f"stranger:{number}",
            "title": "A stranger",
            "body": "",
            "state": StoryState.WAITING,
            "sketch": sketch,
        }
        for number, sketch in enumerate(sketches)
    ).execute()
