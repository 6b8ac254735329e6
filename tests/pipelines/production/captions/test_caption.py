"""The captions of a narrated part contain every word, or the stage fails."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from pysubs2 import SSAFile

from adapters.speech.espeak import EspeakSynthesizer
from core.errors import Permanent
from core.files.storage import MediaStore
from models import Caption, Channel, Job, Narration, Part, Source, Story
from pipelines.production.captions import subtitle_writer
from pipelines.production.captions.caption import ANSWER_SECONDS, caption
from pipelines.production.captions.cards import TITLE_SECONDS
from pipelines.production.narration.narrate import narrate
from pipelines.production.narration.narration_cache import timings
from tests.pipelines.production.making import STUDIO, a_part, claimed

pytestmark = pytest.mark.usefixtures("record")


def narrated(media: MediaStore, **fields: Any) -> Part:
    part = a_part(**fields)
    narrate(
        part.id, claimed("narrate", part.id), lambda _production: EspeakSynthesizer(), media, STUDIO
    )
    return part


@pytest.mark.slow
def test_every_spoken_word_is_shown_beside_title_and_part(media: MediaStore) -> None:
    # Given the second of three parts, narrated
    part = narrated(media, number=2, of=3)

    # When it is captioned
    caption(part.id, claimed("caption", part.id), media, STUDIO)

    # Then every word is in the picture's captions and in the subtitle files
    made = Caption.get()
    picture = media.at(made.ass_path).read_text()
    assert subtitle_writer.words_in(picture) == part.spoken.split()
    assert made.captioned_words == len(part.spoken.split())
    for sheet in (made.srt_path, made.vtt_path):
        assert "The lamp went out." in media.at(sheet).read_text()
    assert media.at(made.vtt_path).read_text().startswith("WEBVTT")

    # And the title card names its place and its part
    assert "r/sandboxstories" in picture
    assert "Part 2 of 3" in picture

    # And its render follows
    job = Job.of("render", part.id)
    assert job is not None
    assert job.request_id == "request"


def test_the_title_stays_until_it_is_read_out(media: MediaStore) -> None:
    # Given a second part, which begins with its title
    part = narrated(
        media, number=2, of=3, hook="Part two. I answer the phone at a house that nobody lives in."
    )

    caption(part.id, claimed("caption", part.id), media, STUDIO)

    # Then the card disappears when the words after the title begin, not at a fixed time
    words = timings(Narration.get())
    (behind,) = [after for one, after in pairwise(words) if one.word == "in."]
    ends = {
        event.end
        for event in SSAFile.load(str(media.at(Caption.get().ass_path)))
        if event.style == "Card" and event.layer == 1
    }
    assert ends == {round(behind.start * 100) * 10}
    assert TITLE_SECONDS < behind.start <= ANSWER_SECONDS


def test_no_card_is_placed_at_a_word_that_was_not_narrated(media: MediaStore) -> None:
    # Given a part with an answer, whose hook was changed after the narration
    part = narrated(media, answers=[[0, 1]])
    Part.update(hook="Another hook, of more words than before.").execute()

    with pytest.raises(Permanent, match="does not match the part's words"):
        caption(part.id, claimed("caption", part.id), media, STUDIO)


def test_a_story_without_a_subreddit_shows_its_sources_name(media: MediaStore) -> None:
    part = narrated(media)
    Story.update(external_id="paste:1", place="").execute()
    caption(part.id, claimed("caption", part.id), media, STUDIO)
    picture = media.at(Caption.get().ass_path).read_text()
    assert "source 1" in picture
    assert "r/" not in picture


def test_captioning_again_gives_the_same_files_and_another_style_others(media: MediaStore) -> None:
    part = narrated(media)
    paths = []
    for style in ("karaoke", "karaoke", "pop"):
        caption(
            part.id,
            claimed("caption", part.id),
            media,
            replace(STUDIO, caption_style={"style": style}),
        )
        paths.append(Caption.get().ass_path)
    assert paths[0] == paths[1] != paths[2]
    assert Caption.get().style == "pop"


def test_a_word_that_would_not_be_shown_is_named_and_stops_the_part(media: MediaStore) -> None:
    # Given a narration in which two words share one timing
    part = narrated(media)
    narration = Narration.get()
    (first, start, _), (second, _, end), *rest = narration.words
    Narration.update(words=[[f"{first} {second}", start, end], *rest]).execute()

    # When it is captioned
    with pytest.raises(Permanent, match="would not be captioned: Listen to") as failure:
        caption(part.id, claimed("caption", part.id), media, STUDIO)

    # Then nothing goes on to be rendered
    assert failure.value.code == "coverage"
    assert Caption.select().count() == 0
    assert Job.of("render", part.id) is None


def test_stories_use_the_caption_style_of_their_channel(media: MediaStore) -> None:
    # Given a story of a channel with capitals in its own colour
    part = narrated(media)
    channel = Channel.create(name="Loud", caption_style={"upper_case": True, "colour": "FF8800"})
    Source.update(channel=channel).execute()

    # When it is captioned twice, the second time after the channel has changed
    caption(part.id, claimed("caption", part.id), media, STUDIO)
    first = Caption.get()
    Channel.update(caption_style={"position": "top"}).execute()
    caption(part.id, claimed("caption", part.id), media, STUDIO)

    # Then each shows every word in the style at that time, over the same narration
    picture = media.at(first.ass_path).read_text()
    assert subtitle_writer.words_in(picture) == part.spoken.upper().split()
    assert "&H0088FF" in picture
    assert Caption.get().key != first.key
    assert Narration.select().count() == 1


def test_an_invalid_caption_style_stops_the_part_with_a_sentence(media: MediaStore) -> None:
    part = narrated(media)
    broken = replace(STUDIO, caption_style={"size": 900})
    with pytest.raises(Permanent, match="48 to 120 pixels, not 900") as failure:
        caption(part.id, claimed("caption", part.id), media, broken)
    assert failure.value.code == "look"
