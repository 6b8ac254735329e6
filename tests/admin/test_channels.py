"""Channels: choices are saved, wrong ones get an error, and a channel in use stays."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from core import db
from core.errors import Retryable
from models import AuditEntry, Channel, Source
from pipelines.stories.intake import sources
from tests.admin import records

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from werkzeug.test import TestResponse

    from core.settings import Settings
    from tests.admin.conftest import Browser

FORM: dict[str, Any] = {
    "name": "Evening tales",
    "tone": "warm",
    "voice": "espeak:en-gb-x-rp",
    "quote_voice": "",
    "pronunciations": "Nguyen = win\r\nAITA = am I the asshole",
    "words_per_minute": "180",
    "split_by": "paragraph",
    "part_seconds_min": "60",
    "part_seconds_max": "80",
    "background": "rain",
    "music": "",
    "style": "block",
    "font": "Anton",
    "size": "96",
    "words_at_once": "2",
    "colour": "#FFFFFF",
    "spoken_colour": "#ff8800",
    "outline_colour": "#000000",
    "outline": "10",
    "position": "height",
    "height": "900",
    "upper_case": "y",
    "emoji": "y",
}


def test_a_channel_is_added_changed_and_deleted(editor: Browser) -> None:
    # When an editor adds a channel
    editor.post("/channels/new", on="/channels/new", **FORM)

    # Then everything is saved, and shown again in the form
    channel = Channel.get()
    assert (channel.name, channel.tone, channel.voice) == (
        "Evening tales",
        "warm",
        "espeak:en-gb-x-rp",
    )
    assert (channel.part_seconds_min, channel.part_seconds_max) == (60, 80)
    assert channel.pronunciations == [["Nguyen", "win"], ["AITA", "am I the asshole"]]
    assert channel.caption_style == {
        "style": "block",
        "font": "Anton",
        "size": 96,
        "words_at_once": 2,
        "colour": "FFFFFF",
        "spoken_colour": "FF8800",
        "outline_colour": "000000",
        "outline": 10,
        "position": 900,
        "upper_case": True,
        "emoji": True,
    }
    page = editor.get(f"/channels/{channel.id}/edit").text
    assert 'value="#FF8800"' in page
    assert "Nguyen = win\nAITA = am I the asshole</textarea>" in page
    assert '<option selected value="height">Custom</option>' in page

    # When its captions move to the top and the optional fields are emptied
    emptied = dict.fromkeys(
        ("voice", "words_per_minute", "part_seconds_min", "part_seconds_max"), ""
    )
    changed = {**FORM, **emptied, "position": "top", "words_at_once": ""}
    del changed["emoji"]
    editor.post(f"/channels/{channel.id}/edit", on="/channels/new", **changed)
    channel = Channel.get()
    assert (channel.voice, channel.words_per_minute, channel.part_seconds_max) == ("", None, None)
    assert (channel.caption_style["position"], channel.caption_style["words_at_once"]) == (
        "top",
        None,
    )
    assert not channel.caption_style["emoji"]

    # Then it can be deleted, and the audit log has each step
    editor.post(f"/channels/{channel.id}/remove")
    assert Channel.select().count() == 0
    actions = [(entry.actor, entry.action) for entry in AuditEntry.select().order_by(AuditEntry.id)]
    steps = ("channel.add", "channel.edit", "channel.remove")
    assert [action for action in actions if action[1] in steps] == [("emil", s) for s in steps]


def test_a_channel_is_saved_with_its_sources_or_not_at_all(
    editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a source without a channel, and a record that goes away in the middle
    source = records.source()

    def fail(*_: object) -> None:
        raise Retryable("PostgreSQL went away.")

    # When a channel for it is saved, then there is none
    with monkeypatch.context() as away:
        away.setattr(sources, "give_channel", fail)
        editor.post("/channels/new", on="/channels/new", sources=str(source.id), **FORM)
    assert Channel.select().count() == 0
    # When it is saved again, then the source has it
    editor.post("/channels/new", on="/channels/new", sources=str(source.id), **FORM)
    assert Source.get().channel == Channel.get()


def test_a_channel_in_use_is_not_deleted(editor: Browser) -> None:
    channel = Channel.create(name="Evening")
    source = records.source(channel=channel)

    refused = editor.post(f"/channels/{channel.id}/remove")

    assert f"Evening is used by {source.name}" in editor.after(refused)
    assert Source.get().channel == channel
    assert source.name in editor.get("/channels/").text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "This field is required."),
        ("voice", "siri", "“siri” is not an installed voice"),
        ("voice", "espeak:xx-none", "espeak-ng has no voice “xx-none”"),
        ("quote_voice_timbre", "nobody", "“+nobody” is not an installed voice"),
        ("voice", "piper:/no/such.onnx", "choose a Piper voice by its name"),
        ("voice", "piper:../voices/en_US-lessac", "choose a Piper voice by its name"),
        ("pronunciations", "Nguyen win", "“Nguyen win” has no equals sign"),
        ("background", "jungle", "There is no background “jungle”: choose"),
        ("music", "jazz", "There is no music “jazz”: choose"),
        ("words_per_minute", "90", "between 100 and 400"),
        ("part_seconds_min", "", "Set both the shortest and the longest part length"),
        ("part_seconds_min", "80", "must be below the longest"),
        ("colour", "red", "a colour like #FFE14D, not “red”"),
        ("size", "900", "between 48 and 120"),
        ("height", "", "a number of pixels, not “”"),
        ("font", "Comic Sans", "Not a valid choice"),
    ],
)
def test_invalid_values_get_an_error_and_the_form_keeps_its_input(
    editor: Browser, field: str, value: str, sentence: str
) -> None:
    page = editor.post("/channels/new", on="/channels/new", **{**FORM, field: value})

    assert page.status_code == 422
    assert sentence in page.text
    chosen = '<option selected value="espeak:en-gb-x-rp">'
    assert chosen in page.text or field == "voice"
    assert Channel.select().count() == 0


def test_the_form_lists_what_this_machine_has(
    settings: Settings, app: Flask, tmp_path: Path, viewer: Browser
) -> None:
    # Given a Piper voice, a folder of clips, and a channel whose folder was removed
    (settings.voices_dir / "en_US-lessac.onnx").touch()
    (settings.voices_dir / "en_US-lessac.onnx.json").touch()
    for mood in ("calm", "Rain"):
        (tmp_path / "clips" / mood).mkdir(parents=True)
    clips = {"background_dir": tmp_path / "clips"}
    app.extensions["settings"] = settings.model_copy(update=clips)
    channel = Channel.create(name="Evening", background="city lights", voice="espeak:en-us+f3")

    # When its form is opened
    page = viewer.get(f"/channels/{channel.id}/edit").text

    # Then everything can be chosen, and the removed folder is marked
    voice, quotes, background = (
        re.search(rf'<select[^>]*id="{name}".*?</select>', page, re.DOTALL)[0]  # type: ignore[index]
        for name in ("voice", "quote_voice", "background")
    )
    for select in (voice, quotes):
        assert '<option value="piper:en_US-lessac">en_US-lessac</option>' in select
        assert ">English (Great Britain) (en)</option>" in select
    assert '<option selected value="espeak:en-us">' in voice
    assert '<option selected value="f3">f3</option>' in page
    offered = re.findall(r'value="([^"]*)"', background)
    assert offered[:4] == ["", "Rain", "calm", "aurora"]
    assert "rain" not in offered
    assert '<option selected value="city lights">city lights (not in the list)' in background


def test_two_channels_never_share_a_name(editor: Browser) -> None:
    editor.post("/channels/new", on="/channels/new", **FORM)

    twice = editor.post("/channels/new", on="/channels/new", **FORM)

    assert "choose another name" in twice.text
    assert Channel.select().count() == 1


def test_the_preview_is_a_picture_or_an_error(viewer: Browser) -> None:
    caption_style = {name: FORM[name] for name in list(FORM)[10:]}

    answer = viewer.get("/channels/preview", query_string=caption_style | {"sample": "Guten Abend"})
    other = viewer.get("/channels/preview", query_string=caption_style | {"sample": "Good evening"})
    wrong = viewer.get("/channels/preview", query_string=caption_style | {"size": "900"})

    assert answer.mimetype == "image/jpeg"
    assert Image.open(BytesIO(answer.data)).size == (540, 960)
    assert answer.data != other.data
    assert wrong.status_code == 400
    assert wrong.text == "The font size must be 48 to 120 pixels, not 900."


@pytest.mark.slow
def test_the_music_of_a_mood_can_be_played(editor: Browser) -> None:
    # A composed mood is sent, in ranges if the browser asks for them
    whole = editor.get("/channels/music?mood=tense")
    assert (whole.status_code, whole.mimetype) == (200, "audio/flac")
    assert whole.data.startswith(b"fLaC")
    with db.closed_for_long_work():
        piece = editor.client.get("/channels/music?mood=tense", headers={"Range": "bytes=0-99"})
    assert (piece.status_code, len(piece.data)) == (206, 100)

    # And missing music gets an error
    for mood, sentence in (("none", "no music to play"), ("jazz", "no music called")):
        silent = editor.get(f"/channels/music?mood={mood}")
        assert (silent.status_code, sentence in silent.text) == (404, True)


def test_a_word_is_heard_in_the_voice_and_with_the_pronunciations_of_the_form(
    editor: Browser, viewer: Browser
) -> None:
    # When an editor listens to a word before saving
    def heard(**fields: str) -> TestResponse:
        return editor.post("/channels/hear", on="/channels/new", **{**FORM, **fields})

    said, plain = heard(heard="Nguyen"), heard(heard="win", pronunciations="")
    as_written = heard(heard="Nguyen", pronunciations="")

    # Then it is a sound of what the table says, and nothing was saved
    assert (said.status_code, said.mimetype) == (200, "audio/wav")
    assert said.data.startswith(b"RIFF")
    assert len(said.data) > 5_000
    assert said.data[44:] == heard(heard="Win", pronunciations="").data[44:]
    assert said.data != as_written.data
    assert plain.status_code == 200
    assert Channel.select().count() == 0

    # And what can't be heard is a sentence
    for fields, sentence in (
        ({"heard": " … "}, "Type a word"),
        ({"heard": "Hi", "voice": "piper:/etc/passwd"}, "not an installed voice"),
        ({"heard": "Hi", "pronunciations": "Hi"}, "“Hi” has no equals sign"),
        ({"heard": "hello " * 60}, "At most 300 characters"),
    ):
        answer = heard(**fields)
        assert (answer.status_code, sentence in answer.text) == (400, True), answer.text
    assert viewer.post("/channels/hear", heard="Hi").status_code in {401, 403}
