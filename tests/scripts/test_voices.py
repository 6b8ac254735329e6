"""``scripts/manage voices`` from the terminal, against a catalogue on loopback."""

from __future__ import annotations

import re
import wave
from pathlib import Path

import pytest

from tests.adapters.speech.catalogue import NAME, serve
from tests.adapters.speech.voices import make_voice
from tests.scripts.terminal import manage

pytestmark = pytest.mark.slow


def test_a_voice_is_listed_downloaded_and_sampled(settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "origin").mkdir()
    folder, sound = tmp_path / "voices", tmp_path / "sample.wav"
    with serve(make_voice(tmp_path / "origin")) as catalogue:
        environment = {**settings, "VOICES_DIR": str(folder), "VOICES_URL": catalogue.url}
        before = manage("voices", "list", "--language", "en", **environment)
        rehearsed = manage("voices", "download", NAME, "--dry-run", **environment)
        assert f"MB into {folder}" in rehearsed.stdout
        assert not list(folder.glob("*.onnx"))
        got = manage("voices", "download", NAME, **environment)
        wrong = manage("voices", "download", "en_GB-tune-low", **environment)
    after = manage("voices", "list", **environment)  # the catalogue is not reachable
    heard = manage("voices", "sample", f"piper:{NAME}", "--output", str(sound), **environment)
    absent = manage("voices", "sample", "piper:nobody", "--output", str(sound), **environment)

    assert "espeak:en-us" in before.stdout
    assert "espeak:de" not in before.stdout
    assert re.search(rf"piper:{NAME}.*scripts/manage voices download {NAME}", before.stdout)
    assert (got.returncode, f"VOICE=piper:{NAME}" in got.stdout) == (0, True), got.stderr
    assert (wrong.returncode, f"did you mean {NAME}?" in wrong.stderr) == (2, True)
    assert re.search(rf"piper:{NAME}\W+installed", after.stdout)
    assert "check the network or VOICES_URL" in after.stderr
    assert heard.returncode == 0, heard.stderr
    assert re.search(r"\d+ words per minute, [\d.]+ s of work per spoken minute", heard.stdout)
    with wave.open(str(sound)) as file:
        assert file.getnframes() > file.getframerate() * 5
    assert (absent.returncode, "does not exist" in absent.stderr) == (2, True)


@pytest.mark.parametrize("voice", ["espeak:en-us+f3", "espeak:klingon-xx"])
def test_an_espeak_voice_is_sampled_or_reported(
    settings: dict[str, str], tmp_path: Path, voice: str
) -> None:
    sound = tmp_path / "sample.wav"

    heard = manage("voices", "sample", voice, "--text", "Hi.", "--output", str(sound), **settings)

    if "klingon" in voice:
        assert (heard.returncode, "has no voice" in heard.stderr) == (2, True)
    else:
        assert (heard.returncode, sound.is_file()) == (0, True)
