"""Music by mood; neighbouring videos get each another tune."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.tunes import Tunes
from core.errors import Permanent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("calm/a.mp3", "calm/b.FLAC", "tense/c.ogg", "d.wav", "cover.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "empty").mkdir()
    return tmp_path


def chosen(folder: Path, mood: str, count: int) -> list[str]:
    tunes = (Tunes(folder).choose(mood, number) for number in range(count))
    return [tune.path.name for tune in tunes if tune]


def test_neighbours_get_another_tune_of_the_mood(folder: Path) -> None:
    everything = chosen(folder, "", 12)
    for start in range(8):
        assert sorted(everything[start : start + 4]) == ["a.mp3", "b.FLAC", "c.ogg", "d.wav"]
    assert sorted(chosen(folder, "Calm", 2)) == ["a.mp3", "b.FLAC"]
    assert chosen(folder, "tense", 2) == ["c.ogg", "c.ogg"]
    assert chosen(folder, "", 12) == everything


def test_another_file_under_the_same_name_is_another_tune(folder: Path) -> None:
    before = Tunes(folder).choose("tense", 0)
    (folder / "tense" / "c.ogg").write_bytes(b"new")
    after = Tunes(folder).choose("tense", 0)
    assert before
    assert after
    assert (before.path, before.name != after.name) == (after.path, True)


def test_no_folder_is_no_music_and_an_unknown_mood_is_said(folder: Path, tmp_path: Path) -> None:
    assert Tunes(None).choose("calm", 0) is None
    assert Tunes(folder / "empty").choose("", 0) is None
    for mood, sentence in (("wild", 'no music called "wild"'), ("empty", "holds no tune")):
        with pytest.raises(Permanent, match=sentence) as caught:
            Tunes(folder).choose(mood, 0)
        assert caught.value.code == "music_mood"
    with pytest.raises(Permanent, match="create it or unset MUSIC_DIR"):
        Tunes(tmp_path / "gone").choose("", 0)
