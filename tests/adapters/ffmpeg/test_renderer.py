"""The renderer with a real ffmpeg: the video, and what is left after a failure."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
import wave
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from adapters.ffmpeg import encoder_process
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.renderer import FfmpegRenderer
from adapters.media.media_probe import probe
from adapters.ports import RenderPlan, WordTiming
from core.errors import Permanent, Retryable
from pipelines.production.captions import fonts, subtitle_writer

pytestmark = pytest.mark.slow

PATIENT = Patience()
SECONDS = 3.0


def speak_tones(path: Path, *, seconds: float = SECONDS, level: float = 0.3) -> None:
    """Write a sound with the rhythm of syllables, and peaks well over its average."""
    at = np.arange(int(seconds * 22_050)) / 22_050
    swell = np.maximum(0, np.sin(2 * np.pi * 3 * at)) ** 9
    tone = np.sin(2 * np.pi * 180 * at) + 0.5 * np.sin(2 * np.pi * 1_330 * at)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 22_050, 0, "NONE", "not compressed"))
        file.writeframes((level * 20_000 * swell * tone).astype("<i2").tobytes())


def film(path: Path, source: str, seconds: float) -> None:
    """Make a clip from one of ffmpeg's test pictures."""
    arguments = ["-f", "lavfi", "-i", source, "-t", str(seconds), "-pix_fmt", "yuv420p", str(path)]
    encoder_process.run(arguments, seconds=seconds, patience=PATIENT)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "busy.mp4"
    film(path, "testsrc2=s=540x960:r=30", 2)
    return path


@pytest.fixture
def plan(tmp_path: Path, clip: Path) -> RenderPlan:
    """A small, quick video in a folder whose name would break a careless command."""
    folder = tmp_path / "it's, [a] story: 100%;"
    folder.mkdir()
    words = [WordTiming("hello", 0.5, 0.9), WordTiming("there.", 1.0, 1.5)]
    subtitles = subtitle_writer.build(
        words, caption_style=subtitle_writer.CaptionStyle(), part=(1, 1), seconds=SECONDS
    )
    (folder / "captions.ass").write_text(subtitles.ass, encoding="utf-8")
    speak_tones(folder / "narration.wav")
    return RenderPlan(
        narration=folder / "narration.wav",
        seconds=SECONDS,
        subtitles=folder / "captions.ass",
        output=folder / "out" / "video.mp4",
        cover=folder / "out" / "cover.jpg",
        cover_at=1.2,
        background=clip,
        width=540,
        height=960,
    )


@pytest.fixture
def renderer() -> FfmpegRenderer:
    return FfmpegRenderer(fonts=fonts.FOLDER)


@pytest.fixture
def quick() -> FfmpegRenderer:
    """For tests where neither size nor timing matters."""
    return FfmpegRenderer(fonts=fonts.FOLDER, preset="ultrafast")


def with_input(plan: RenderPlan, name: str, path: Path) -> RenderPlan:
    match name:
        case "background":
            return replace(plan, background=path)
        case "narration":
            return replace(plan, narration=path)
        case _:
            return replace(plan, music=path)


def left_behind(plan: RenderPlan) -> list[str]:
    folder = plan.output.parent
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def picture_at(path: Path, second: float) -> np.ndarray:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time >= second:
                return frame.to_ndarray(format="rgb24").astype(int)
    raise AssertionError(second)


def encoder_children() -> list[int]:
    found = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "ffmpeg"],
        capture_output=True,
        check=False,  # 1: there is none
    )
    return [int(pid) for pid in found.stdout.split()]


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


def test_cancelling_stops_the_encoder_and_leaves_nothing(
    renderer: FfmpegRenderer, plan: RenderPlan
) -> None:
    class CancelledError(Exception):
        pass

    def cancel(share: float) -> None:
        if share > 0.01:
            assert encoder_children()
            raise CancelledError

    speak_tones(plan.narration, seconds=120.0)
    began = time.monotonic()
    with pytest.raises(CancelledError):
        renderer.render(replace(plan, width=1080, height=1920, seconds=120.0), cancel)

    assert time.monotonic() - began < 40, "the whole render would take longer"
    assert encoder_children() == []
    assert left_behind(plan) == []


def test_an_encoder_that_is_killed_is_tried_again(
    renderer: FfmpegRenderer, plan: RenderPlan
) -> None:
    def kill(share: float) -> None:
        if share > 0.01:
            for pid in encoder_children():
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(Retryable) as caught:
        renderer.render(replace(plan, width=1080, height=1920), kill)

    assert caught.value.code == "encoder_died"
    assert "more memory" in str(caught.value)
    assert "tried again" not in str(caught.value), "not known yet: this may be the last attempt"
    assert left_behind(plan) == []


def test_a_failed_encoders_output_is_shown_to_the_operator() -> None:
    with pytest.raises(Retryable) as caught:
        encoder_process.run(
            ["-i", "/nowhere/clip.mp4", "-f", "null", "-"], seconds=1, patience=PATIENT
        )

    # the message has its last line, the trace on the failure's page the lines before
    assert caught.value.code == "encoder_failed"
    assert "“Error opening input files: No such file or directory”" in str(caught.value)
    assert "/nowhere/clip.mp4" in "".join(traceback.format_exception(caught.value))


@pytest.fixture
def another_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path where the encoder is searched; nothing is there yet."""
    path = tmp_path / "ffmpeg"
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(path))
    return path


def test_an_encoder_that_crashes_is_not_reported_as_killed(another_ffmpeg: Path) -> None:
    another_ffmpeg.write_text("#!/bin/sh\nkill -SEGV $$\n")
    another_ffmpeg.chmod(0o755)

    with pytest.raises(Retryable, match=r"crashed \(Segmentation fault\)") as caught:
        encoder_process.run([], seconds=1, patience=PATIENT)

    assert caught.value.code == "encoder_died"


@pytest.mark.parametrize("there", [True, False], ids=["not executable", "missing"])
def test_an_ffmpeg_that_cannot_run_is_reported(another_ffmpeg: Path, *, there: bool) -> None:
    if there:
        another_ffmpeg.write_text("#!/bin/sh\n")

    with pytest.raises(Permanent, match="IMAGEIO_FFMPEG_EXE") as caught:
        encoder_process.run([], seconds=1, patience=PATIENT)

    assert caught.value.code == "encoder_missing"


@pytest.mark.parametrize(
    "patience",
    [Patience(base=1, per_second=0, stall=60), Patience(base=60, per_second=0, stall=1)],
    ids=["too long", "no progress"],
)
def test_an_encoder_that_hangs_is_stopped(patience: Patience, tmp_path: Path) -> None:
    silent = tmp_path / "silent.mp4"
    os.mkfifo(silent)
    began = time.monotonic()

    with pytest.raises(Retryable) as caught:  # it waits for a frame that never comes
        encoder_process.run(["-i", str(silent), "-f", "null", "-"], seconds=1, patience=patience)

    assert caught.value.code == "encoder_hung"
    assert time.monotonic() - began < 30
    assert encoder_children() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_has_its_own_error() -> None:
    picture = ["-f", "lavfi", "-i", "testsrc2", "-t", "1", "-f", "mpegts"]

    with pytest.raises(Retryable) as full:
        encoder_process.run([*picture, "-y", "/dev/full"], seconds=1, patience=PATIENT)
    with pytest.raises(Retryable) as other:
        encoder_process.run([*picture, "/nowhere/video.ts"], seconds=1, patience=PATIENT)

    assert (full.value.code, other.value.code) == ("disk_full", "encoder_failed")


@pytest.mark.parametrize("name", ["background", "narration", "music"])
@pytest.mark.parametrize("content", [b"", b"not a film" * 500])
def test_an_input_that_cannot_be_read_is_named(
    renderer: FfmpegRenderer, plan: RenderPlan, tmp_path: Path, name: str, content: bytes
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(content)

    with pytest.raises(Permanent, match=r"bad\.mp4") as caught:
        renderer.render(with_input(plan, name, bad))

    assert caught.value.code == f"{name}_unreadable"
    assert ("narrate the script again" in str(caught.value)) == (name == "narration")
    assert left_behind(plan) == []


def test_a_missing_narration_must_be_narrated_again(
    renderer: FfmpegRenderer, plan: RenderPlan
) -> None:
    plan.narration.unlink()

    with pytest.raises(Permanent, match="narrate the script again") as caught:
        renderer.render(plan)

    assert caught.value.code == "narration_unreadable"


@pytest.mark.parametrize("name", ["background", "music"])
def test_a_removed_background_or_tune_is_chosen_again(
    renderer: FfmpegRenderer, plan: RenderPlan, tmp_path: Path, name: str
) -> None:
    with pytest.raises(Retryable, match=r"gone\.mp4 has been removed") as caught:
        renderer.render(with_input(plan, name, tmp_path / "gone.mp4"))

    assert caught.value.code == f"{name}_gone"


def test_a_video_that_cannot_be_small_enough_is_refused(
    renderer: FfmpegRenderer, plan: RenderPlan
) -> None:
    with pytest.raises(Permanent) as caught:
        renderer.render(replace(plan, max_bytes=20_000))

    assert caught.value.code == "too_large"
    assert left_behind(plan) == []


def test_a_silent_narration_is_not_made_louder(renderer: FfmpegRenderer, plan: RenderPlan) -> None:
    speak_tones(plan.narration, level=0.0)

    with pytest.raises(Permanent) as caught:
        renderer.render(plan)

    assert caught.value.code == "narration_silent"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_an_encoder_ends_when_its_worker_is_killed() -> None:
    endless = """
from adapters.ffmpeg import encoder_process
encoder_process.run(["-f", "lavfi", "-i", "color,realtime", "-f", "null", "-"], seconds=60,
                   patience=encoder_process.Patience(), on_time=lambda _: print("on", flush=True))
"""
    with subprocess.Popen([sys.executable, "-c", endless], stdout=subprocess.PIPE) as worker:
        assert worker.stdout
        worker.stdout.readline()
        (encoder,) = subprocess.run(
            ["pgrep", "-P", str(worker.pid)], capture_output=True, check=True
        ).stdout.split()
        worker.kill()

    deadline = time.monotonic() + 30
    while is_running(int(encoder)):
        assert time.monotonic() < deadline, "the encoder outlived its worker"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_disk_that_fills_up_during_a_render_leaves_no_file_and_can_be_retried(
    renderer: FfmpegRenderer, plan: RenderPlan, small_disk: Path
) -> None:
    full = replace(plan, output=small_disk / "video.mp4", cover=small_disk / "cover.jpg")

    with pytest.raises(Retryable) as caught:
        renderer.render(full)

    assert caught.value.code == "disk_full"
    assert "free some space" in str(caught.value)
    assert left_behind(full) == []
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    assert renderer.render(full).path.is_file()


def test_a_background_removed_during_a_render_is_shown_to_the_end(
    renderer: FfmpegRenderer, plan: RenderPlan, tmp_path: Path
) -> None:
    film(tmp_path / "red.mp4", "color=red:s=90x160:r=30", 0.5)

    def remove(share: float) -> None:
        if share > 0.01:
            (tmp_path / "red.mp4").unlink(missing_ok=True)

    renderer.render(replace(plan, background=tmp_path / "red.mp4"), remove)

    assert picture_at(plan.output, 2.4)[5, 5][0] > 200


def test_an_encoder_that_hangs_during_a_render_is_stopped_and_leaves_no_file(
    renderer: FfmpegRenderer, plan: RenderPlan
) -> None:
    hasty = FfmpegRenderer(fonts=fonts.FOLDER, patience=Patience(stall=1.0))

    def hold(share: float) -> None:
        if share > 0.01:
            for pid in encoder_children():
                os.kill(pid, signal.SIGSTOP)

    with pytest.raises(Retryable) as caught:
        hasty.render(replace(plan, width=1080, height=1920), hold)

    assert (caught.value.code, encoder_children(), left_behind(plan)) == ("encoder_hung", [], [])
    assert renderer.render(plan).path.is_file()


@pytest.mark.parametrize("harm", ["removed", "damaged", "without a folder"])
def test_a_missing_font_is_named_and_no_video_without_captions_is_made(
    plan: RenderPlan, tmp_path: Path, harm: str
) -> None:
    folder = tmp_path / "fonts"
    if harm != "without a folder":
        folder.mkdir()
        shutil.copy(fonts.FOLDER / "NotoSans-Bold.ttf", folder)
    if harm == "damaged":
        (folder / "Montserrat-ExtraBold.ttf").write_bytes(b"not a font")

    with pytest.raises(Permanent, match="need the font Montserrat ExtraBold") as caught:
        FfmpegRenderer(fonts=folder).render(plan)

    assert (caught.value.code, left_behind(plan)) == ("font_missing", [])
    folder.mkdir(exist_ok=True)
    shutil.copy(fonts.FOLDER / "Montserrat-ExtraBold.ttf", folder)
    assert FfmpegRenderer(fonts=folder).render(plan).path.is_file()


def test_a_cover_from_the_very_end_is_made(renderer: FfmpegRenderer, plan: RenderPlan) -> None:
    renderer.render(replace(plan, seconds=0.5, cover_at=9.0, width=270, height=480))

    with Image.open(plan.cover) as cover:
        assert cover.size == (270, 480)


@pytest.mark.parametrize(("cores", "runs"), [(1, 1), (2, 1), (4, 1), (8, 2), (16, 4)])
def test_encodes_at_once_follow_the_cores(cores: int, runs: int) -> None:
    assert encoder_process.runs_at_once(cores) == runs
