"""The captions of a narrated part hold each of its words, or there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.espeak import EspeakSynthesizer
from core.errors import Permanent
from core.storage import MediaStore
from models import Caption, Job, Narration, Part, Story
from pipelines.production import captions
from pipelines.production.caption import caption
from pipelines.production.narrate import narrate
from tests.pipelines.production.making import STUDIO, a_part, claimed

pytestmark = pytest.mark.usefixtures("record")


def narrated(media: MediaStore, **fields: Any) -> Part:
    part = a_part(**fields)
    narrate(
        part.id, claimed("narrate", part.id), lambda _studio: EspeakSynthesizer(), media, STUDIO
    )
    return part


def test_every_spoken_word_is_shown_beside_title_and_part(media: MediaStore) -> None:
    # Given the second of three parts, narrated
    part = narrated(media, number=2, of=3)

    # When it is captioned
    caption(part.id, claimed("caption", part.id), media, style="karaoke")

    # Then every word is in the picture's captions and in the sheets beside the video
    made = Caption.get()
    picture = Path(made.ass_path).read_text()
    assert captions.words_in(picture) == part.spoken.split()
    assert made.captioned_words == len(part.spoken.split())
    for sheet in (made.srt_path, made.vtt_path):
        assert "The lamp went out." in Path(sheet).read_text()
    assert Path(made.vtt_path).read_text().startswith("WEBVTT")

    # And the title card names its place and its part
    assert "r/sandboxstories" in picture
    assert "Part 2 of 3" in picture

    # And its render follows
    job = Job.of("render", part.id)
    assert job is not None
    assert job.request_id == "request"


def test_a_story_of_no_subreddit_shows_its_sources_name(media: MediaStore) -> None:
    part = narrated(media)
    Story.update(external_id="paste:1", place="").execute()
    caption(part.id, claimed("caption", part.id), media, style="block")
    picture = Path(Caption.get().ass_path).read_text()
    assert "source 1" in picture
    assert "r/" not in picture


def test_captioning_again_gives_the_same_files_and_another_style_others(media: MediaStore) -> None:
    part = narrated(media)
    paths = []
    for style in ("karaoke", "karaoke", "pop"):
        caption(part.id, claimed("caption", part.id), media, style=style)
        paths.append(Caption.get().ass_path)
    assert paths[0] == paths[1] != paths[2]
    assert Caption.get().style == "pop"


def test_a_word_that_would_not_be_shown_is_named_and_stops_the_part(media: MediaStore) -> None:
    # Given a narration of which two words have come together in one timing
    part = narrated(media)
    narration = Narration.get()
    (first, start, _), (second, _, end), *rest = narration.words
    Narration.update(words=[[f"{first} {second}", start, end], *rest]).execute()

    # When it is captioned
    with pytest.raises(Permanent, match="Not captioned: Listen to") as failure:
        caption(part.id, claimed("caption", part.id), media, style="karaoke")

    # Then nothing goes on to be rendered
    assert failure.value.code == "coverage"
    assert Caption.select().count() == 0
    assert Job.of("render", part.id) is None
