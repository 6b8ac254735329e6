"""The renderer with a real ffmpeg: the video and its cover."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import structlog
from PIL import Image

from adapters.ffmpeg import encoder_process, sound_mix
from adapters.ffmpeg.renderer import FfmpegRenderer
from adapters.media.media_probe import probe
from adapters.ports import RenderPlan
from tests.adapters.ffmpeg.rendering import (
    PATIENT,
    SECONDS,
    film,
    hiss,
    left_behind,
    picture_at,
    speak_tones,
)

pytestmark = pytest.mark.slow


def test_a_rendered_video_meets_the_platforms_rules(
    renderer: FfmpegRenderer, plan: RenderPlan
) -> None:
    plan = replace(plan, width=1080, height=1920)
    shares: list[float] = []

    rendered = renderer.render(plan, shares.append)

    assert left_behind(plan) == ["cover.jpg", "video.mp4"]
    media = probe(plan.output)
    assert media.seconds == pytest.approx(SECONDS, abs=0.1)
    assert (media.width, media.height, media.fps) == (1080, 1920, 30.0)
    assert (media.video_streams, media.audio_streams) == (1, 1)
    with av.open(str(plan.output)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (audio.codec_context.name, audio.codec_context.sample_rate) == ("aac", 48_000)
    file = plan.output.read_bytes()
    assert file.index(b"moov") < file.index(b"mdat"), "playing must start before the end"
    with Image.open(plan.cover) as cover:
        assert (cover.format, cover.size) == ("JPEG", (1080, 1920))
    assert rendered.loudness == pytest.approx(-14, abs=1)
    assert rendered.true_peak <= -1
    assert (rendered.path, rendered.size_bytes) == (plan.output, len(file))
    assert rendered.encoding.setting == "x264 veryfast crf 23"
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_a_voice_that_peaks_between_its_samples_is_coded_again_below_the_ceiling(
    quick: FfmpegRenderer, plan: RenderPlan
) -> None:
    # Given a voice whose sibilants are 3 dB higher between the samples than at them
    hiss(plan.narration)
    # When it is rendered
    with structlog.testing.capture_logs() as logged:
        rendered = quick.render(plan)
    # Then a limiter alone is not enough, and the sound is coded again under the same pictures
    again = [entry for entry in logged if entry["event"] == "render.sound_coded_again"]
    assert 1 <= len(again) <= 3
    assert again[0]["dbtp"] > -1
    assert rendered.true_peak <= -1
    assert rendered.loudness == pytest.approx(-14, abs=1)
    assert sound_mix.measure_file(plan.output, SECONDS, PATIENT).true_peak == rendered.true_peak
    media = probe(plan.output)
    assert (media.video_streams, media.audio_streams) == (1, 1)
    assert media.seconds == pytest.approx(SECONDS, abs=0.1)
    assert rendered.size_bytes == media.size_bytes
    file = plan.output.read_bytes()
    assert file.index(b"moov") < file.index(b"mdat"), "playing must start before the end"
    assert left_behind(plan) == ["cover.jpg", "video.mp4"]


def test_video_and_cover_show_the_backgrounds_colours(
    quick: FfmpegRenderer, plan: RenderPlan, tmp_path: Path
) -> None:
    clip = tmp_path / "colours.mp4"
    halves = "color=red:s=540x960:r=30,drawbox=c=lime:w=270:h=ih:t=fill"
    film(clip, f"{halves},scale=out_color_matrix=bt709,setparams=colorspace=bt709", 1)

    quick.render(replace(plan, background=clip))

    with av.open(str(plan.output)) as container:
        codec = container.streams.video[0].codec_context
        tags = (codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range)
    assert tags == (1, 1, 1, 1), "BT.709, limited range, as ITU-T H.273 numbers them"
    with Image.open(plan.cover) as cover:
        for picture in (picture_at(plan.output, 2.4), np.asarray(cover, dtype=int)):
            assert abs(picture[200, 100] - [0, 255, 0]).max() < 12
            assert abs(picture[200, 440] - [255, 0, 0]).max() < 12


def test_captions_are_on_the_video_and_on_its_cover(
    quick: FfmpegRenderer, plan: RenderPlan, tmp_path: Path
) -> None:
    film(tmp_path / "blue.mp4", "color=blue:s=540x960:r=30", 1)

    quick.render(replace(plan, background=tmp_path / "blue.mp4"))

    before, during = picture_at(plan.output, 0.2), picture_at(plan.output, 1.2)
    yellow = np.array([255, 225, 77])
    assert not (abs(before - yellow) < 40).all(axis=2).any()
    assert (abs(during - yellow) < 40).all(axis=2).sum() > 500
    with Image.open(plan.cover) as cover:
        assert (abs(np.asarray(cover, dtype=int) - yellow) < 40).all(axis=2).sum() > 500
    assert picture_at(plan.output, SECONDS - 0.05).max() < 120, "the end fades out"


@pytest.mark.parametrize("source", ["color=red:s=320x180:r=12", "color=red:s=200x900:r=50"])
def test_any_background_fills_the_picture_and_repeats(
    quick: FfmpegRenderer, plan: RenderPlan, tmp_path: Path, source: str
) -> None:
    film(tmp_path / "red.mp4", source, 0.8)

    quick.render(replace(plan, background=tmp_path / "red.mp4", background_start=0.5))

    picture = picture_at(plan.output, 2.4)
    for corner in (picture[5, 5], picture[5, -5], picture[-5, 5], picture[-5, -5]):
        assert corner[0] > 200
        assert max(corner[1:]) < 60


@pytest.mark.parametrize("level", [0.01, 0.9])
@pytest.mark.parametrize("with_music", [False, True])
def test_quiet_and_loud_voices_come_out_equally_loud(
    quick: FfmpegRenderer, plan: RenderPlan, tmp_path: Path, level: float, with_music: bool
) -> None:
    speak_tones(plan.narration, level=level)
    music = tmp_path / "music.wav"
    encoder_process.run(
        ["-f", "lavfi", "-i", "sine=330:d=1", str(music)], seconds=1, patience=PATIENT
    )

    rendered = quick.render(
        replace(plan, music=music if with_music else None, width=270, height=480)
    )

    assert rendered.loudness == pytest.approx(-14, abs=1)
    assert rendered.true_peak <= -1


def test_the_file_stays_under_the_size_limit(
    renderer: FfmpegRenderer, plan: RenderPlan, tmp_path: Path
) -> None:
    film(tmp_path / "noise.mp4", "color=gray:s=270x480:r=30,noise=alls=90:allf=t", 1)
    noise = replace(plan, background=tmp_path / "noise.mp4", seconds=1.5, width=270, height=480)

    free = renderer.render(noise).size_bytes
    limited = renderer.render(replace(noise, max_bytes=200_000)).size_bytes

    assert limited <= 200_000 < free


def test_a_background_removed_during_a_render_is_shown_to_the_end(
    renderer: FfmpegRenderer, plan: RenderPlan, tmp_path: Path
) -> None:
    film(tmp_path / "red.mp4", "color=red:s=90x160:r=30", 0.5)

    def remove(share: float) -> None:
        if share > 0.01:
            (tmp_path / "red.mp4").unlink(missing_ok=True)

    renderer.render(replace(plan, background=tmp_path / "red.mp4"), remove)

    assert picture_at(plan.output, 2.4)[5, 5][0] > 200


def test_a_cover_from_the_very_end_is_made(renderer: FfmpegRenderer, plan: RenderPlan) -> None:
    renderer.render(replace(plan, seconds=0.5, cover_at=9.0, width=270, height=480))

    with Image.open(plan.cover) as cover:
        assert cover.size == (270, 480)
