"""A question and its answers become a video: each answer is narrated whole, with its own card."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from pysubs2 import SSAFile

from adapters.ports import Answer
from adapters.speech.espeak import EspeakSynthesizer
from core.files.storage import MediaStore
from models import Caption, Narration, Script
from pipelines.production.captions import subtitle_writer
from pipelines.production.captions.caption import ANSWER_SECONDS, caption
from pipelines.production.narration.narrate import narrate
from pipelines.production.narration.narration_cache import timings
from pipelines.production.script.rules_lines import ASKED
from pipelines.production.script.script import question_room, text_of, with_question
from pipelines.stories.text import story_text
from tests.pipelines.production.making import STUDIO, claimed
from tests.pipelines.production.script.test_script import Writer
from tests.pipelines.stories.asking import ANSWERS, prepared, scripted

pytestmark = pytest.mark.usefixtures("record")


# ── scripted ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("writer", [None, Writer()], ids=["rules", "model"])
def test_the_question_is_heard_before_its_answers(writer: Writer | None) -> None:
    scripted(prepared(*ANSWERS), writer)

    for hook in Script.get().hooks:
        heard = hook.lower().replace(",", "")
        assert "smallest lie that changed your life" in heard
        assert heard.count("smallest lie") == 1


def test_rules_end_a_question_by_asking_the_viewer() -> None:
    scripted(prepared(*ANSWERS))
    assert Script.get().call_to_action in ASKED.calls


def test_a_post_with_a_text_of_its_own_keeps_its_hooks() -> None:
    text = text_of(prepared(*ANSWERS, body="I am asking for a friend who can't sleep."), "plain")
    draft = Writer().write([text])[text.story_id]

    assert with_question(draft, text, room=80) is draft


LONG = f"What would you say to somebody who asks you {'again ' * 22}why?"


@pytest.mark.parametrize(
    ("seconds", "hooks"),
    [(90, (f"Nobody could tune it. {LONG}",)), (40, (LONG,)), (30, ("Nobody could tune it.",))],
)
def test_a_long_question_is_narrated_if_its_answers_have_room(
    seconds: int, hooks: tuple[str, ...]
) -> None:
    # Given a question of 32 words, and a part that takes about 80, 35 or 26 of them to open with
    text = text_of(prepared(*ANSWERS, title=LONG), "plain")
    draft = replace(Writer().write([text])[text.story_id], hooks=("Nobody could tune it.",))

    room = question_room(replace(STUDIO, target_seconds=(20, seconds)), words_per_minute=160)

    assert with_question(draft, text, room).hooks == hooks


def test_a_question_longer_than_a_part_leaves_room_for_its_answers() -> None:
    title = f"What would you say {'or do ' * 130}then?"
    (part,) = scripted(prepared(*ANSWERS, title=title))
    assert part.text.startswith("I told them")
    assert part.answers == [[0, 1], [23, 2]]


def test_every_part_knows_where_its_answers_begin() -> None:
    # Given more answers than fit into one part, each of some length
    texts = [f"Answer number {name} begins. " + "And it went on and on. " * 9 for name in "abcdef"]
    story = prepared(*(Answer("somebody", text) for text in texts), source={"answers": 9})

    parts = scripted(story)

    # Then no word is lost, parts end after an answer, and each mark is at its answer's first word
    assert len(parts) > 1
    assert " ".join(" ".join(part.text.split()) for part in parts) == " ".join(
        story_text.spoken(story_text.read(story.narratable_text)).split()
    )
    seen = []
    for part in parts:
        words = part.text.split()
        for word, number in part.answers:
            seen.append(number)
            assert words[word : word + 2] == ["Answer", "number"]
    assert seen == [1, 2, 3, 4, 5, 6]


def test_an_answer_that_goes_on_in_the_next_part_is_marked_there_too() -> None:
    story = prepared(Answer("somebody", "And it went on and on and on. " * 40))

    parts = scripted(story)

    assert len(parts) > 1
    assert [part.answers for part in parts] == [[[0, 1]]] * len(parts)


# ── shown ────────────────────────────────────────────────────────────────────────────────────────


def test_each_answer_is_narrated_with_its_own_card(media: MediaStore) -> None:
    # Given a question with two answers, narrated
    (part,) = scripted(prepared(*ANSWERS))
    narrate(part.id, claimed("narrate", part.id), lambda _: EspeakSynthesizer(), media, STUDIO)

    caption(part.id, claimed("caption", part.id), media, STUDIO)

    # Then every word is captioned, and each card is there from its answer's first word on
    picture = media.at(Caption.get().ass_path).read_text()
    assert subtitle_writer.words_in(picture) == part.spoken.split()
    words = timings(Narration.get())
    hook = len(part.hook.split())
    begin = [words[hook + word].start for word, _ in part.answers]
    shown = {name: cards_named(picture, name) for name in ("ferry", "two", "stories")}
    assert shown["ferry"][0][0] == pytest.approx(begin[0], abs=0.011)
    assert shown["two"][0][0] == pytest.approx(begin[1], abs=0.011)
    asked, again = shown["stories"]
    assert asked[0] == 0
    assert asked[1] == pytest.approx(begin[0], abs=0.011)  # until somebody answers
    assert again[0] == pytest.approx(words[-len(part.call_to_action.split())].start, abs=0.011)
    assert "9.4k" in picture


def test_a_card_ends_with_a_sentence_and_does_not_show_the_end(media: MediaStore) -> None:
    (part,) = scripted(prepared(*ANSWERS))
    narrate(part.id, claimed("narrate", part.id), lambda _: EspeakSynthesizer(), media, STUDIO)

    caption(part.id, claimed("caption", part.id), media, STUDIO)

    # Then the sailor's card shows the beginning, not the end
    picture = media.at(Caption.get().ass_path).read_text()
    ((begun, gone),) = cards_named(picture, "ferry")
    rows = [
        event.plaintext
        for event in SSAFile.from_string(picture, "ass")
        if event.style == "Card" and event.start == round(begun * 1000)
    ]
    assert "told them that I could sail" in " ".join(rows)
    assert "captain" not in " ".join(rows)

    # And it disappears at the end of a sentence, before the next one begins
    words = timings(Narration.get())
    assert gone - begun <= ANSWER_SECONDS
    (before,) = [
        one.word for one, after in pairwise(words) if after.start == pytest.approx(gone, abs=0.011)
    ]
    assert before.endswith(".")


def test_a_single_sentence_is_shown_whole(media: MediaStore) -> None:
    answers = (Answer("brief", "I told my gran that I loved her seed cake, and ate it.", 7),)
    (part,) = scripted(prepared(*answers))
    narrate(part.id, claimed("narrate", part.id), lambda _: EspeakSynthesizer(), media, STUDIO)

    caption(part.id, claimed("caption", part.id), media, STUDIO)

    assert "and ate it." in media.at(Caption.get().ass_path).read_text().replace(r"\N", " ")


def cards_named(picture: str, name: str) -> list[tuple[float, float]]:
    """When cards with ``name`` in their header are shown."""
    return [
        (event.start / 1000, event.end / 1000)
        for event in SSAFile.from_string(picture, "ass")
        if event.style == "Card" and "/" in event.plaintext and name in event.plaintext
    ]
