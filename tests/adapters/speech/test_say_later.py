"""Texts said in the background: whatever fails, the next one is said, and the person reads why."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from adapters.speech import say_once
from adapters.speech.say_later import MOST_WAITING, SayLater
from core.errors import InputError
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 60
VOICE = ("espeak:en-us", "The ladder came home.", 160)


def heard(later: SayLater, key: str) -> Path:
    """The sound, once it is said."""
    return until(lambda: later.progress(key).sound)  # type: ignore[return-value]  # not None


def quick(sound: Path, *_: object) -> None:
    """Stands in for a voice."""
    sound.write_bytes(b"RIFF")


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SayLater:
    monkeypatch.setattr(say_once, "say_into", quick)
    return SayLater(tmp_path / "heard", tmp_path)


def test_a_text_that_could_not_be_begun_takes_no_room(later: SayLater, tmp_path: Path) -> None:
    # Given a folder that can't be made
    in_its_place = tmp_path / "heard"
    in_its_place.symlink_to(tmp_path / "gone")
    for _ in range(MOST_WAITING + 1):
        with pytest.raises(FileExistsError):
            later.begin(*VOICE)
    # When it can be made, then the text is said
    in_its_place.unlink()
    assert heard(later, later.begin(*VOICE)).read_bytes() == b"RIFF"


def test_a_text_is_begun_again_after_no_thread_could_start(
    later: SayLater, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a machine without room for another thread
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        for _ in range(MOST_WAITING + 1):
            with pytest.raises(RuntimeError):
                later.begin(*VOICE)
    # When there is room, then the text is said
    assert heard(later, later.begin(*VOICE))


def test_a_voice_that_breaks_leaves_a_sentence(
    later: SayLater, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a machine that can't start the voice's process
    def fail(*_: object) -> None:
        raise OSError("Cannot allocate memory")

    monkeypatch.setattr(say_once, "say_into", fail)
    # When texts are said, then each says that it failed, and the next one is begun
    for number in range(MOST_WAITING + 1):
        key = later.begin("espeak:en-us", f"Ladder {number}.", 160)
        with pytest.raises(InputError, match="The voice failed to speak: see the log"):
            heard(later, key)


def test_a_text_that_is_just_finished_is_found(later: SayLater) -> None:
    for number in range(ROUNDS):
        key = later.begin("espeak:en-us", f"Ladder {number}.", 160)
        while later.progress(key).sound is None:
            pass
