"""Music by mood; neighbouring videos get different tunes, composed if there is no folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.music import composed
from adapters.music.library import Tunes
from adapters.ports import Tune
from core.errors import Permanent, Retryable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("calm/a.mp3", "calm/b.FLAC", "tense/c.ogg", "d.wav", "cover.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "empty").mkdir()
    return tmp_path


def tune_of(tunes: Tunes, mood: str, number: int = 0) -> Tune:
    tune = tunes.choose(mood, number)
    assert tune
    return tune


def own(folder: Path) -> Tunes:
    return Tunes(folder=folder, cache=folder / ".cache")


def chosen(folder: Path, mood: str, count: int) -> list[str]:
    names = []
    for number in range(count):
        with tune_of(own(folder), mood, number).ready(lambda _share: None) as path:
            names.append(path.name)
    return names


def test_neighbours_get_another_tune_of_the_mood(folder: Path) -> None:
    everything = chosen(folder, "", 12)
    for start in range(8):
        assert sorted(everything[start : start + 4]) == ["a.mp3", "b.FLAC", "c.ogg", "d.wav"]
    assert sorted(chosen(folder, "Calm", 2)) == ["a.mp3", "b.FLAC"]
    assert chosen(folder, "tense", 2) == ["c.ogg", "c.ogg"]
    assert chosen(folder, "", 12) == everything


def test_another_file_under_the_same_name_is_another_tune(folder: Path) -> None:
    before = tune_of(own(folder), "tense").name
    (folder / "tense" / "c.ogg").write_bytes(b"new")
    assert tune_of(own(folder), "tense").name != before


def test_a_removed_tune_is_replaced_by_another(folder: Path) -> None:
    tune = tune_of(own(folder), "tense")
    (folder / "tense" / "c.ogg").unlink()
    with pytest.raises(Retryable, match=r"c\.ogg has been removed"):
        tune.ready(lambda _share: None).__enter__()


def test_without_a_folder_tunes_are_composed_and_calm_by_default(tmp_path: Path) -> None:
    # Given no music folder, or one that has no such mood
    for tunes in (Tunes(folder=None, cache=tmp_path), Tunes(folder=tmp_path, cache=tmp_path)):
        # When videos ask for a mood that can be composed, then neighbours get different tunes
        names = {tune_of(tunes, "Sad", number).name for number in range(composed.VARIANTS)}
        assert len(names) == composed.VARIANTS
        assert all("-sad-" in name for name in names)
    assert "-calm-" in tune_of(Tunes(folder=None, cache=tmp_path), "").name


def test_a_folder_has_priority_over_a_composed_mood(folder: Path) -> None:
    assert "composed" not in tune_of(own(folder), "calm").name
    assert "composed" in tune_of(own(folder), "warm").name


@pytest.mark.parametrize("mood", ["none", "None"])
def test_no_music_when_none_is_chosen(folder: Path, mood: str) -> None:
    assert own(folder).choose(mood, 0) is None
    assert Tunes(folder=None, cache=folder).choose(mood, 0) is None


def test_an_unknown_mood_is_named(folder: Path, tmp_path: Path) -> None:
    for mood, sentence in (
        ("wild", "There is no music called .wild.: .* or choose one of calm, dark, .*, none"),
        ("empty", "contains no tune .*: put one in or choose another mood"),
    ):
        with pytest.raises(Permanent, match=sentence) as caught:
            own(folder).choose(mood, 0)
        assert caught.value.code == "music_mood"
    with pytest.raises(Permanent, match="create it or unset MUSIC_DIR"):
        own(tmp_path / "gone").choose("", 0)
