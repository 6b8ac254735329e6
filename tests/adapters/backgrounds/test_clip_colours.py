"""The colours of clips and pictures: HDR, wide, full range, transparent."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from structlog.testing import capture_logs

from adapters.backgrounds import clip_stills, clips
from adapters.backgrounds.clip_colours import Tags, converted
from adapters.backgrounds.library import Backgrounds
from adapters.ffmpeg.encoder_process import Patience
from tests.adapters.filming import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    RED,
    WHITE,
    assert_like,
    drawn,
    frames,
    refused,
    shown,
)

pytestmark = pytest.mark.slow

# Left half is a grey card, right half diffuse white: ITU-R BT.2408, table 1.
HDR = {"arib-std-b67": (0.38, 0.75), "smpte2084": (0.38, 0.58)}


@pytest.mark.parametrize("transfer", HDR)
def test_a_phones_hdr_clip_is_as_bright_as_others(tmp_path: Path, transfer: str) -> None:
    grey, white = (round(64 + 876 * signal) for signal in HDR[transfer])
    clip = drawn(
        tmp_path / "clips" / "phone.mov",
        f"color=s=180x320,format=yuv420p10le,geq=lum='if(lt(X,90),{grey},{white})':cb=512:cr=512",
        "-c:v", "libx265", "-x265-params",
        f"log-level=error:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc",
        seconds=1.1,
    )  # fmt: skip

    picture = shown(clip, tmp_path)[5]

    assert_like(picture[120, 30], GREY)
    assert_like(picture[120, 105], np.full(3, 230))


@pytest.mark.parametrize(("transfer", "signal"), [("pq", 0.58), ("hlg", 0.75), ("sdr", 1.0)])
def test_a_colour_that_an_ordinary_display_has_keeps_its_hue(transfer: str, signal: float) -> None:
    grey = converted(np.full(3, signal), Tags("bt2020", False, transfer, "bt2020"))
    assert np.ptp(grey) < 0.01

    # Given BT.709 red, encoded in BT.2020 or Display P3
    for primaries, light in (
        ("bt2020", [0.6274, 0.0691, 0.0164]),
        ("p3", [0.8225, 0.0332, 0.0171]),
    ):
        red = converted(np.array(light) ** (1 / 2.4), Tags(None, True, "sdr", primaries))
        assert red == pytest.approx([1, 0, 0], abs=0.12)


def test_light_above_white_stays_distinct_and_in_order() -> None:
    for transfer in ("pq", "hlg"):
        ramp = np.linspace(0, 1, 400)[:, None] * np.ones(3)
        out = converted(ramp, Tags("bt2020", False, transfer, "bt2020"))[:, 0]
        assert (np.diff(out) >= -1e-9).all()
        assert (out[0], out[-1]) == pytest.approx((0, 1), abs=0.01)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("full range", ["-vf", "scale=out_range=pc:out_color_matrix=bt709", "-pix_fmt", "yuvj420p",
                        "-color_range", "pc", "-colorspace", "bt709"]),
        ("untagged and small", ["-pix_fmt", "yuv420p"]),
        ("BT.2020 in 8 bits", ["-vf", "scale=out_color_matrix=bt2020", "-pix_fmt", "yuv420p",
                               "-colorspace", "bt2020nc"]),
        ("RGB", ["-c:v", "libx264rgb"]),
    ],
)  # fmt: skip
def test_colours_are_right_for_every_encoding(
    tmp_path: Path, name: str, options: list[str]
) -> None:
    bars = "color=red:s=180x320,drawbox=c=white:w=90:h=160:t=fill,drawbox=c=black:x=90:h=160:t=fill"
    clip = drawn(tmp_path / "clips" / "a.mp4", f"{bars},format=gbrp", *options, seconds=1.1)

    picture = shown(clip, tmp_path)[3]

    assert_like(picture[60, 30], WHITE)
    assert_like(picture[60, 105], BLACK)
    assert_like(picture[180, 60], RED)


def test_a_cut_has_colour_tags(tmp_path: Path) -> None:
    clip = drawn(tmp_path / "clips" / "a.mp4", "testsrc2=s=90x160", seconds=1.1)
    chosen = Backgrounds(folder=clip.parent, cache=tmp_path / "kept").choose("", 0, 60.0)

    with chosen.ready(lambda _: None) as footage, av.open(str(footage.path)) as container:
        codec = container.streams.video[0].codec_context
        tags = (codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range)
        assert codec.pix_fmt == "yuv420p"

    assert tags == (1, 1, 1, 1), "BT.709, limited range"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mov", ["-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"]),
        ("a.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-pix_fmt", "yuva420p"]),
        ("a.gif", ["-filter_complex", "split[a][b];[a]palettegen[c];[b][c]paletteuse"]),
    ],
)
def test_transparent_areas_are_shown_on_black(
    tmp_path: Path, name: str, options: list[str]
) -> None:
    half = "color=red:s=180x320:r=10:d=1.1,format=gbrap,geq=r=255:g=0:b=0:a='255*lt(X,90)'"
    clip = drawn(tmp_path / "clips" / name, half, *options, seconds=1.1)

    picture = shown(clip, tmp_path)[3]

    assert_like(picture[120, 30], RED)
    assert_like(picture[120, 105], BLACK)


def still(tmp_path: Path, path: Path) -> np.ndarray:
    into = tmp_path / "still.mp4"
    clip_stills.film(path, into, patience=Patience(), progress=lambda _: None, seconds=0.4)
    return frames(into)


def test_a_picture_becomes_a_clip_that_drifts_and_comes_back(tmp_path: Path) -> None:
    drawn(tmp_path / "a.png", "testsrc2=s=1200x1200", "-frames:v", "1")

    film = still(tmp_path, tmp_path / "a.png")

    steps = [abs(a - b).mean() for a, b in pairwise([*film, film[0]])]
    assert len(film) == 12
    assert steps[-1] < 1.5 * max(steps[:-1]), "no seam"
    assert abs(film[6] - film[0]).mean() > 5


def test_a_small_picture_is_shown_whole_on_a_blurred_dark_copy(tmp_path: Path) -> None:
    # Given a picture of two colours with a rim that would be enlarged six times to fill a screen
    thumb = Image.new("RGB", (320, 240), (0, 0, 255))
    thumb.paste((255, 0, 0), (4, 4, 316, 120))
    thumb.save(tmp_path / "a.png")

    with capture_logs() as logs:
        film = still(tmp_path, tmp_path / "a.png")

    # Then it is at most twice as large, sharp, and always fully visible
    for picture in film:
        wide = np.flatnonzero(picture[105, :, 0] > 200)
        assert 2 * 312 * 0.9 < 8 * (np.ptp(wide) + 1) < 2 * 312 * 1.1
        assert wide[0] > 10, "space on its left"
        assert wide[-1] < 124, "space on its right"
        assert abs(np.diff(picture[:, 67, 0])).max() > 100, "it has sharp edges"
    # And around it is a blurred, darker copy
    assert 60 < film[0][20, 67, 0] < 150
    assert 60 < film[0][220, 67, 2] < 150
    assert abs(np.diff(film[0][:70, 67, 0])).max() < 20
    # And it drifts like any other
    assert abs(film[6] - film[0]).mean() > 0.5
    (log,) = (each for each in logs if each["event"] == "background.small")
    assert (log["clip"], log["size"]) == (str(tmp_path / "a.png"), "320x240")


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (1, 5000), (5000, 1), (539, 960), (1200, 900)])
def test_a_picture_of_any_size_and_shape_is_shown(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, (255, 255, 255)).save(tmp_path / "a.png")

    film = still(tmp_path, tmp_path / "a.png")

    assert film.min() > 80
    assert film.max() > 200 or min(size) == 1


def test_a_picture_is_upright_and_on_black(tmp_path: Path) -> None:
    lying = Image.new("RGB", (1920, 1080), (255, 0, 0))
    lying.paste((0, 0, 255), (960, 0, 1920, 1080))
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate clockwise by 90 degrees
    lying.save(tmp_path / "a.jpg", exif=exif, quality=95)
    glass = Image.new("RGBA", (1080, 1920), (0, 255, 0, 0))
    glass.paste((0, 255, 0, 255), (0, 0, 540, 1920))
    glass.save(tmp_path / "b.webp", lossless=True)

    upright, seen = still(tmp_path, tmp_path / "a.jpg")[0], still(tmp_path, tmp_path / "b.webp")[0]

    assert_like(upright[20, 67], RED)
    assert_like(upright[220, 67], BLUE)
    assert_like(seen[120, 20], GREEN)
    assert_like(seen[120, 115], BLACK)


def test_an_accidental_recording_is_shown_as_a_still(tmp_path: Path) -> None:
    for name, seconds in (("one.mp4", 0.03), ("short.mp4", 0.2)):
        clip = drawn(
            tmp_path / "clips" / name, "color=red:s=360x640", "-pix_fmt", "yuv420p", seconds=seconds
        )
        assert clips.read(clip).still
        assert_like(still(tmp_path, clip)[5][120, 60], RED)


def test_an_unusable_picture_is_refused_and_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "a.png"
    broken.parent.mkdir()
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno more")
    assert "can't be read" in refused(broken, tmp_path)
