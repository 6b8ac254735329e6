"""Clips of every kind: each is shown correctly, or refused and named."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from adapters.backgrounds import clip_cuts, clips
from adapters.backgrounds.library import Backgrounds
from adapters.ffmpeg.encoder_process import Patience
from tests.adapters.filming import (
    BLUE,
    RED,
    assert_like,
    drawn,
    frames,
    make,
    refused,
    shown,
)

pytestmark = pytest.mark.slow

# Half red, half blue, side by side, when shown correctly.
TWO = "color=red:s={size},drawbox=c=blue:x=iw/2:w=iw/2:h=ih:t=fill"


@pytest.mark.parametrize("size", ["361x641", "1280x300", "300x300"])
def test_any_shape_fills_the_picture(tmp_path: Path, size: str) -> None:
    clip = drawn(tmp_path / "clips" / "a.mkv", TWO.format(size=size), "-c:v", "ffv1", seconds=1.1)

    picture = shown(clip, tmp_path)[3]

    for row in (2, 120, 237):
        assert_like(picture[row, 3], RED)
        assert_like(picture[row, -3], BLUE)


def test_non_square_pixels_are_stretched(tmp_path: Path) -> None:
    # Given a circle in a 16:9 picture with non-square pixels
    circle = "nullsrc=s=720x576,geq=lum='255*lt(hypot((X-360)*64/45,Y-288),150)':cb=128:cr=128"
    clip = drawn(tmp_path / "clips" / "dv.mkv", f"{circle},setsar=64/45", seconds=1.1)

    bright = shown(clip, tmp_path)[3][:, :, 0] > 128

    assert bright.any(axis=0).sum() == pytest.approx(bright.any(axis=1).sum(), abs=3)


@pytest.mark.parametrize(
    ("how", "red"),
    [
        (["-display_rotation", "90"], "bottom"),
        (["-display_rotation", "270"], "top"),
        (["-display_rotation", "180"], "right"),
        (["-display_hflip"], "right"),
    ],
)
def test_a_clip_is_shown_as_the_phone_was_held(tmp_path: Path, how: list[str], red: str) -> None:
    lying = drawn(tmp_path / "lying.mov", TWO.format(size="320x320"), seconds=1.1)
    clip = make(tmp_path / "clips" / "phone.mov", *how, "-i", str(lying), "-c", "copy")

    picture = shown(clip, tmp_path)[3]

    # 90 in a display matrix rotates anticlockwise
    edges = {"top": picture[3, 60], "bottom": picture[-3, 60], "right": picture[120, -3]}
    assert_like(edges[red], RED)


def test_an_interlaced_clip_shows_no_comb(tmp_path: Path) -> None:
    bar = "color=black:s=320x576:r=50,drawbox=c=white:x=40:w=40:h=ih:t=fill,scroll=h=0.02"
    clip = drawn(
        tmp_path / "clips" / "a.mts", f"{bar},interlace,setfield=tff",
        "-flags", "+ilme+ildct", "-x264-params", "interlaced=1", "-pix_fmt", "yuv420p",
        seconds=1.2,
    )  # fmt: skip
    chosen = Backgrounds(folder=clip.parent, cache=tmp_path / "kept").choose("", 0, 60.0)

    with chosen.ready(lambda _: None) as footage, av.open(str(footage.path)) as container:
        rows = [f.to_ndarray()[:1920].astype(int) for f in container.decode(video=0)][10]

    assert abs(np.diff(rows[300:1500], axis=0)).mean() < 0.5, "each row is like the one below"


@pytest.mark.parametrize("rate", ["10", "24", "240"])
def test_every_frame_rate_plays_at_its_own_speed(tmp_path: Path, rate: str) -> None:
    # Given a clip that goes from black to white within a second and a half
    fading = f"color=white:s=90x160:r={rate},fade=d=1.5"
    clip = drawn(tmp_path / "clips" / "a.mp4", fading, "-pix_fmt", "yuv420p", seconds=1.5)
    into = tmp_path / "cut.mp4"

    clip_cuts.cut(clips.read(clip), into, start=0, seconds=1.5, patience=Patience(),
                  progress=lambda _: None)  # fmt: skip

    light = frames(into).mean(axis=(1, 2, 3))
    assert len(light) == 45
    assert light == pytest.approx(np.arange(45) / 45 * 255, abs=24)


def test_frames_at_odd_times_keep_their_times(tmp_path: Path) -> None:
    fading = "color=white:s=90x160:r=30,fade=d=2,select='eq(mod(n,7),0)+lt(n,20)'"
    clip = drawn(
        tmp_path / "clips" / "a.mp4", fading, "-fps_mode", "vfr", "-pix_fmt", "yuv420p", seconds=2
    )
    into = tmp_path / "cut.mp4"

    clip_cuts.cut(clips.read(clip), into, start=0, seconds=1.9, patience=Patience(),
                  progress=lambda _: None)  # fmt: skip

    light = frames(into).mean(axis=(1, 2, 3))
    assert light[[5, 30, 50]] == pytest.approx(np.array([5, 30, 50]) / 60 * 255, abs=34)


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds that get steadily brighter, with a key frame every half second."""
    return drawn(
        tmp_path_factory.mktemp("counting") / "a.mp4",
        "color=white:s=360x640:r=30,fade=d=4,noise=alls=20", "-g", "15", "-pix_fmt", "yuv420p",
        "-movflags", "+faststart", seconds=4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("late.mp4", ["-itsoffset", "3", "-i", "CLIP", "-c", "copy"]),
        ("late.ts", ["-i", "CLIP", "-c", "copy", "-output_ts_offset", "3600"]),
        ("sound.mp4", ["-itsoffset", "1.5", "-i", "CLIP", "-f", "lavfi", "-i", "sine=d=20",
                       "-map", "0:v", "-map", "1:a", "-c:v", "copy"]),
        ("live.webm", ["-i", "CLIP", "-c:v", "libvpx", "-deadline", "realtime", "-live", "1"]),
        ("a.mkv", ["-i", "CLIP", "-c", "copy"]),
    ],
)  # fmt: skip
def test_the_video_stream_decides_where_a_clip_starts_and_ends(
    tmp_path: Path, counting: Path, name: str, arguments: list[str]
) -> None:
    filled = [str(counting) if it == "CLIP" else it for it in arguments]
    clip = clips.read(make(tmp_path / "clips" / name, *filled))
    into = tmp_path / "cut.mp4"

    clip_cuts.cut(clip, into, start=2, seconds=1, patience=Patience(), progress=lambda _: None)

    assert clip.seconds == pytest.approx(4, abs=0.15)
    light = frames(into).mean(axis=(1, 2, 3))
    assert len(light) == 30
    assert light[0] == pytest.approx(128, abs=16)


def test_an_edit_list_that_skips_the_start_is_followed(tmp_path: Path, counting: Path) -> None:
    clip = make(tmp_path / "clips" / "a.mp4", "-ss", "1.25", "-i", str(counting), "-c", "copy")

    light = shown(clip, tmp_path, seconds=2.0)
    assert clips.read(clip).seconds == pytest.approx(2.75, abs=0.05)
    assert light[0].mean() > 60


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_file_whose_end_is_missing_is_shown_as_far_as_it_goes(
    tmp_path: Path, counting: Path, suffix: str
) -> None:
    whole = make(tmp_path / f"whole{suffix}", "-i", str(counting), "-c", "copy",
                 *(["-movflags", "+faststart"] if suffix == ".mp4" else []))  # fmt: skip
    clip = tmp_path / "clips" / f"torn{suffix}"
    clip.parent.mkdir()
    clip.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])

    found = clips.read(clip)

    assert 0.5 < found.seconds < 3.4
    assert len(shown(clip, tmp_path)) > 10


def test_a_file_without_video_is_refused_and_named(tmp_path: Path, counting: Path) -> None:
    sound = drawn(tmp_path / "sound" / "a.mp4", "sine", seconds=1)
    assert "has no video, only sound: replace or remove it" in refused(sound, tmp_path)

    art = drawn(tmp_path / "a.jpg", "testsrc2", "-frames:v", "1")
    album = make(
        tmp_path / "album" / "a.mp4", "-i", str(sound), "-i", str(art), "-map", "0", "-map", "1",
        "-c", "copy", "-disposition:v", "attached_pic",
    )  # fmt: skip
    assert "has no video" in refused(album, tmp_path)

    empty = tmp_path / "empty" / "a.mov"
    empty.parent.mkdir()
    empty.touch()
    assert "is empty" in refused(empty, tmp_path)

    headless = tmp_path / "headless" / "a.mp4"
    headless.parent.mkdir()
    headless.write_bytes(counting.read_bytes()[:20] + b"\0" * 5000)
    assert "can't be read" in refused(headless, tmp_path)


def test_the_end_of_a_short_clip_fades_into_its_start(tmp_path: Path) -> None:
    clip = drawn(
        tmp_path / "clips" / "a.mp4", "color=white:s=90x160:r=30,fade=d=3", "-pix_fmt", "yuv420p",
        seconds=3,
    )  # fmt: skip

    light = shown(clip, tmp_path).mean(axis=(1, 2, 3))

    around = [*light, light[0]]
    assert max(abs(a - b) for a, b in pairwise(around)) < 16, "a jump would be 255"
    assert len(light) == pytest.approx(90 * 0.75, abs=2)


def test_a_clip_that_already_loops_gets_no_fade(tmp_path: Path) -> None:
    clip = drawn(
        tmp_path / "clips" / "a.mp4",
        "nullsrc=s=90x160:r=30,geq=lum='128+90*sin(2*PI*N/60)':cb=128:cr=128",
        "-pix_fmt", "yuv420p", seconds=2,
    )  # fmt: skip

    light = shown(clip, tmp_path).mean(axis=(1, 2, 3))

    assert len(light) == 60
    assert np.ptp(light) > 190, "no frame is mixed with another"


def test_a_clip_of_two_hours_starts_anywhere_at_once(tmp_path: Path) -> None:
    clip = drawn(
        tmp_path / "clips" / "a.mp4", "color=gray:s=64x64:r=1", "-preset", "ultrafast",
        "-pix_fmt", "yuv420p", "-g", "600", seconds=7200,
    )  # fmt: skip

    begins = {
        int(name.split("@")[1].split(".")[0]) // 180
        for name in (
            Backgrounds(folder=clip.parent, cache=tmp_path).choose("", number, 90.0).name
            for number in range(0, 40 * 4, 4)
        )
    }

    assert clips.read(clip).seconds == pytest.approx(7200, abs=1)
    assert len(begins) == 40, "every stretch is used"
