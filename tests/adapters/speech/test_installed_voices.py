"""The voices of this machine: all listed voices can speak, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.speech.espeak import EspeakSynthesizer
from adapters.speech.installed_voices import InstalledVoices
from core.errors import InputError
from tests.adapters.speech.voices import make_voice

if TYPE_CHECKING:
    from pathlib import Path


def test_a_listed_voice_can_speak(tmp_path: Path) -> None:
    make_voice(tmp_path)
    (tmp_path / "half-downloaded.onnx").touch()
    voices = InstalledVoices(tmp_path)

    listed = {known.voice: known.label for known in voices.here()}

    assert list(listed)[:2] == ["piper:en_US-joe-medium", "piper:tone"]
    assert "piper:half-downloaded" not in listed
    assert listed["espeak:en-us"] == "English (America) (en-us)"
    for voice in listed:
        voices.check(voice)
    voices.check(f"espeak:de+{voices.timbres()[0]}")
    spoken = EspeakSynthesizer(voice=f"de+{voices.timbres()[0]}").speak("Ja.", tmp_path / "ja.wav")
    assert spoken.seconds > 0


@pytest.mark.parametrize(
    "voice",
    [
        "siri",
        "espeak:",
        "espeak:en-gb",
        "espeak:en-us+nobody",
        "piper:nobody",
        "+f3",
        "piper:/etc/x.onnx",
        "piper:../tone",
    ],
)
def test_an_unusable_voice_is_refused(tmp_path: Path, voice: str) -> None:
    with pytest.raises(InputError, match=r"(not an installed|has no) voice"):
        InstalledVoices(tmp_path).check(voice)


def test_a_voice_elsewhere_is_only_the_settings_own(tmp_path: Path) -> None:
    # Given a voice outside the folder, which the settings name
    (tmp_path / "elsewhere").mkdir()
    path = make_voice(tmp_path / "elsewhere")
    voice = f"piper:{path}"

    # Then a channel may name it only if it is that one
    InstalledVoices(tmp_path, default=voice).check(voice)
    for written in (voice, "piper:elsewhere/tone"):
        with pytest.raises(InputError, match="choose a Piper voice by its name"):
            InstalledVoices(tmp_path).check(written)
