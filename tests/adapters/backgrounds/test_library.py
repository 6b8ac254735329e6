"""Backgrounds: the operator's clips by mood, or drawn loops; neighbours get different ones."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import av
import pytest

from adapters.backgrounds import drawn
from adapters.backgrounds.library import Backgrounds
from adapters.ffmpeg import encoder_process
from adapters.ffmpeg.encoder_process import Patience
from adapters.media.media_probe import probe
from adapters.ports import Background
from core.errors import Permanent, Retryable, StageError


def film(path: Path, source: str, *options: str, seconds: float = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    encoder_process.run(
        ["-f", "lavfi", "-i", source, "-t", str(seconds), "-y", *options, str(path)],
        seconds=seconds,
        patience=Patience(),
    )
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(
        tmp_path_factory.mktemp("clips") / "clip.mp4",
        "testsrc2=s=90x160:r=10", "-pix_fmt", "yuv420p", "-colorspace", "bt709", seconds=20,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, clip: Path) -> Path:
    """Three clips of one mood, two of another, one without a mood, and ignored files."""
    place = tmp_path / "clips"
    for name in ("Sea/a.mp4", "Sea/b.MP4", "Sea/more/c.mp4", "city/d.mp4", "city/e.mp4", "f.mp4"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(clip.read_bytes())
    (place / "Sea" / "notes.txt").write_text("Filmed in May.")
    (place / "Sea" / ".trash.mp4").write_bytes(b"")
    return place


def library(tmp_path: Path, folder: Path | None, **options: int) -> Backgrounds:
    return Backgrounds(folder=folder, cache=tmp_path / "kept", **options)


def clip_of(background: Background) -> str:
    return background.name.split(":")[0]


def refused(backgrounds: Backgrounds, mood: str = "") -> StageError:
    with pytest.raises(StageError) as caught:
        backgrounds.choose(mood, 0, 60.0)
    return caught.value


def test_neighbouring_videos_show_different_clips_until_all_were_shown(
    tmp_path: Path, folder: Path
) -> None:
    backgrounds = library(tmp_path, folder)

    chosen = [backgrounds.choose("", number, seconds=4.0) for number in range(24)]

    names = [clip_of(background) for background in chosen]
    for start in range(18):
        assert len(set(names[start : start + 6])) == 6
    assert len({background.name for background in chosen}) == 24, "each starts elsewhere"
    again = library(tmp_path, folder)
    assert [again.choose("", n, 4.0).name for n in range(24)] == [it.name for it in chosen]


def test_a_clip_continues_far_from_where_its_last_video_started(tmp_path: Path, clip: Path) -> None:
    backgrounds = library(tmp_path, clip.parent)

    begins = [
        float(backgrounds.choose("", number, seconds=4.0).name.split("@")[1])
        for number in range(40)
    ]

    assert all(0 <= begin <= 16 for begin in begins), "4 s are left at the end"
    assert min(abs(a - b) for a, b in pairwise(begins)) >= 0.38 * 16 - 0.02


def test_a_mood_is_a_folder_or_a_kind_that_can_be_drawn(tmp_path: Path, folder: Path) -> None:
    backgrounds = library(tmp_path, folder)

    sea = {clip_of(backgrounds.choose("sea", number, 4.0)) for number in range(6)}
    assert sea == {"a.mp4", "b.MP4", "more/c.mp4"}
    city = {clip_of(backgrounds.choose("city", number, 4.0)) for number in range(6)}
    assert city == {"d.mp4", "e.mp4"}, "the operator's own clips before drawn ones"
    assert backgrounds.choose("Aurora", 0, 4.0).name.startswith(f"drawn-{drawn.EDITION}-aurora-")

    unknown = refused(backgrounds, "../clips")
    assert unknown.code == "background_mood"
    assert "create a folder with that name in BACKGROUND_DIR, or choose one of" in str(unknown)


def test_without_a_folder_all_kinds_take_turns(tmp_path: Path) -> None:
    backgrounds = library(tmp_path, None)

    names = [backgrounds.choose("", number, 60.0).name for number in range(60)]
    rain = [backgrounds.choose("rain", number, 60.0).name for number in range(12)]

    assert len(set(names)) == 60
    assert len({name.split("-")[2] for name in names[:10]}) == 10
    assert len(set(rain[:6])) == 6
    assert rain[6:] == rain[:6]


@pytest.mark.slow
def test_a_loop_is_drawn_once(tmp_path: Path) -> None:
    backgrounds = library(tmp_path, None)
    shares: list[float] = []

    with backgrounds.choose("bokeh", 3, 60.0).ready(shares.append) as footage:
        first = footage.path.stat()
        assert footage.start == 0
    assert set(shares) == {0.0}
    with library(tmp_path, None).choose("bokeh", 3, 60.0).ready(shares.append) as footage:
        assert footage.path.stat().st_ino == first.st_ino


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "options", "name"),
    [
        ("testsrc2=s=1280x720:r=50", ["-c:v", "libx265", "-preset", "ultrafast"], "uhd.mp4"),
        ("testsrc2=s=640x360:r=12.5", ["-c:v", "libvpx", "-deadline", "realtime"], "old.webm"),
        ("testsrc2=s=720x1280:r=24", ["-c:v", "mpeg4", "-q:v", "4"], "dv.avi"),
    ],
)
def test_a_clip_that_is_expensive_to_decode_is_cut_once(
    tmp_path: Path, source: str, options: list[str], name: str
) -> None:
    folder = film(tmp_path / "clips" / name, source, *options, seconds=1.2).parent
    chosen = library(tmp_path, folder).choose("", 0, seconds=0.2)

    with chosen.ready(lambda _share: None) as footage:
        cut, first = probe(footage.path), footage.path.stat().st_ino
        with av.open(str(footage.path)) as container:
            assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    with library(tmp_path, folder).choose("", 1, 0.2).ready(lambda _share: None) as footage:
        assert footage.path.stat().st_ino == first
        assert footage.start != chosen.offset  # type: ignore[attr-defined]

    assert (cut.width, cut.height, cut.fps, cut.audio_streams) == (1080, 1920, 30.0, 0)
    assert cut.seconds == pytest.approx(1.2, abs=0.1)


def test_a_cheap_clip_is_used_unchanged(tmp_path: Path, folder: Path) -> None:
    with library(tmp_path, folder).choose("city", 0, 4.0).ready(lambda _share: None) as footage:
        assert footage.path.parent == folder / "city"
    assert not (tmp_path / "kept").exists()


def test_a_cut_that_the_cache_would_drop_before_its_next_use_is_not_made(tmp_path: Path) -> None:
    folder = film(
        tmp_path / "clips" / "a.mp4",
        "testsrc2=s=720x1280", "-c:v", "mpeg4", seconds=1.2,
    ).parent  # fmt: skip
    tight = library(tmp_path, folder, most_bytes=1)

    with tight.choose("", 0, 0.4).ready(lambda _share: None) as footage:
        assert footage.path == folder / "a.mp4"


def test_an_unusable_folder_says_what_to_do(tmp_path: Path, folder: Path) -> None:
    missing = refused(library(tmp_path, tmp_path / "missing"))
    assert "does not exist: create it or unset BACKGROUND_DIR" in str(missing)

    for path in sorted(folder.rglob("*.*"), reverse=True):
        path.unlink()
    emptied = refused(library(tmp_path, folder))
    assert "contains no video" in str(emptied)
    assert missing.code == emptied.code == "background_folder"

    (folder / "broken.mp4").write_bytes(b"not a film")
    broken = refused(library(tmp_path, folder))
    assert (type(broken), broken.code) == (Permanent, "background_unreadable")
    assert "broken.mp4 can't be read: replace or remove it" in str(broken)


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_a_clip_removed_before_its_render_is_retryable(tmp_path: Path, codec: str) -> None:
    place = tmp_path / "clips"
    for name in ("a.mov", "b.mov"):
        film(place / name, "testsrc2=s=64x64", "-c:v", codec, "-pix_fmt", "yuv420p")
    backgrounds = library(tmp_path, place)
    chosen = backgrounds.choose("", 0, 0.4)
    os.unlink(place / clip_of(chosen))  # noqa: PTH108

    with pytest.raises(Retryable) as caught, chosen.ready(lambda _share: None):
        pass

    assert caught.value.code == "background_gone"
    with backgrounds.choose("", 0, 0.4).ready(lambda _share: None) as footage:
        assert footage.path.is_file()


@pytest.mark.slow
def test_a_disk_that_fills_up_while_a_loop_is_drawn_leaves_no_incomplete_file(
    small_disk: Path,
) -> None:
    kept = small_disk / "kept"
    with (
        pytest.raises(Retryable) as caught,
        Backgrounds(folder=None, cache=kept).choose("waves", 0, 60.0).ready(lambda _share: None),
    ):
        pass

    assert caught.value.code == "disk_full"
    assert list(kept.glob("*.mp4")) == []
