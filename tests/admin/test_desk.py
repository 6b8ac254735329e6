"""Before a story is approved: how long its videos get, and how it sounds."""

from __future__ import annotations

import io
import re
import time
import wave
from typing import TYPE_CHECKING

from models import Channel
from tests.admin import records

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.admin.conftest import Browser


def test_length_and_parts_are_shown_before_a_story_is_approved(viewer: Browser) -> None:
    # Given a channel of short parts, and one of long ones
    short = Channel.create(name="Short", part_seconds_min=30, part_seconds_max=40)
    of_short, of_long = records.source("a", channel=short), records.source("b")
    text = "\n\n".join([records.TEXT] * 4)
    cut = records.story("In pieces", source=of_short, narratable_text=text)
    whole = records.story("In one", source=of_long, narratable_text=text)

    # Then the list and the page say what each becomes
    listed = viewer.get("/stories/?state=waiting&view=grid").text
    assert [parts for _, parts in re.findall(r"about (\d:\d\d) in (\d parts?)", listed)] == [
        "1 part",
        "2 parts",
    ]
    page = viewer.get(f"/stories/{cut.id}").text
    assert re.search(r"2 videos of about 0:\d\d, 0:\d\d, told by piper:", page)
    assert re.search(r"One video of about 0:\d\d, told by", viewer.get(f"/stories/{whole.id}").text)


def test_the_forecast_names_the_voice_that_is_heard(app: Flask, editor: Browser) -> None:
    # Given a story in German, whose channel's voice speaks English
    english = Channel.create(name="English", voice="espeak:en-us")
    story = records.story("Die Leiter", source=records.source("a", channel=english), language="de")
    sentence = "The voice espeak:en-us speaks en, but the story is in de: choose a voice for de"
    # Then its page, the list and what should be heard say once that it can't be told
    assert editor.get(f"/stories/{story.id}").text.count(sentence) == 1
    assert editor.get("/stories/?state=waiting").text.count(sentence) == 1
    assert sentence in heard(editor, story.id).text
    # When another voice may stand in, then that one is named, and heard
    app.extensions["settings"] = app.extensions["settings"].model_copy(
        update={"voice_fallback": "espeak:de"}
    )
    page = editor.get(f"/stories/{story.id}").text
    assert re.search(r"One video of about 0:\d\d, told by espeak:de\.", page)
    assert "speaks en" not in page
    assert heard(editor, story.id).mimetype == "audio/wav"


def heard(editor: Browser, story_id: int) -> TestResponse:
    """The sound, or why there is none."""
    begun = editor.post(f"/stories/{story_id}/hear")
    if begun.status_code != 202:
        return begun
    until = time.monotonic() + 60
    while time.monotonic() < until:
        answer = editor.get(begun.get_json()["sound"])
        if answer.status_code != 202:
            return answer
        assert 0 <= answer.get_json()["share"] <= 1
        time.sleep(0.1)
    raise AssertionError("The voice is still speaking.")


def test_the_first_ten_seconds_are_heard_in_the_channels_voice(editor: Browser) -> None:
    # Given two channels, one of which has lost its voice
    channel = Channel.create(name="Evening", voice="espeak:en-gb-x-rp", words_per_minute=160)
    lost = Channel.create(name="Lost", voice="piper:nobody")
    text = "\n\n".join([records.TEXT] * 4)
    story = records.story(source=records.source("a", channel=channel), narratable_text=text)
    other = records.story(source=records.source("b", channel=lost))

    # Then the first begins with its hook, and ends near the tenth second
    answer = heard(editor, story.id)
    assert answer.mimetype == "audio/wav"
    with wave.open(io.BytesIO(answer.data)) as sound:
        assert 6 < sound.getnframes() / sound.getframerate() < 15

    # And of the other it is said what is wrong
    answer = heard(editor, other.id)
    assert answer.status_code == 400
    assert "“piper:nobody” is not an installed voice: choose" in answer.text
    assert editor.get("/stories/heard/..%2Fkey.wav").status_code in {400, 404}
