"""The encoder's setting follows what the real encoder makes of the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from adapters.backgrounds.drawn import draw
from adapters.ffmpeg import encoder_process
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.quality_probe import QualityProbe
from adapters.ffmpeg.video_encoder import VideoEncoder
from adapters.ffmpeg.x264_settings import X264
from adapters.ports import Encoding, RenderPlan, WordTiming
from core.errors import Permanent, Retryable, Wait
from pipelines.production.captions import fonts, subtitle_writer
from tests.adapters import filming

pytestmark = pytest.mark.slow

SECONDS = 40.0
USUAL = "x264 veryfast crf 23"
BUSY = "testsrc2=s=270x480:r=30"


@pytest.fixture(scope="module")
def bokeh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "bokeh.mp4"
    draw(path, "bokeh", 0, seconds=2)
    return path


@pytest.fixture
def plan(tmp_path: Path, bokeh: Path) -> RenderPlan:
    """Small, so that the encoder is quick."""
    words = [WordTiming("hello", second, second + 0.8) for second in range(int(SECONDS))]
    subtitles = subtitle_writer.build(
        words, caption_style=subtitle_writer.CaptionStyle(), part=(1, 1), seconds=SECONDS
    )
    (tmp_path / "captions.ass").write_text(subtitles.ass, encoding="utf-8")
    return RenderPlan(
        narration=tmp_path / "unused.wav",
        seconds=SECONDS,
        subtitles=tmp_path / "captions.ass",
        output=tmp_path / "unused.mp4",
        cover=tmp_path / "unused.jpg",
        cover_at=0.0,
        background=bokeh,
        width=270,
        height=480,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def encoder(*, preset: str | None = None, growth: float = 2.7) -> VideoEncoder:
    return VideoEncoder(fonts=fonts.FOLDER, preset=preset, growth=growth, patience=Patience())


def choose(
    plan: RenderPlan,
    place: Path,
    *,
    alive: Callable[[], None] = lambda: None,
    growth: float = 2.7,
) -> Encoding:
    """Choose, and check that the encoder gets what the words say and no file is left."""
    options, encoding = encoder(growth=growth).options(plan, place, alive)
    setting = f"x264 {options['preset']} crf {options['crf']}"
    assert f"{encoding.setting} ".startswith(f"{setting} ")
    assert list(place.iterdir()) == []
    return encoding


def failures() -> float:
    return REGISTRY.get_sample_value("storymill_encoder_probe_failures_total") or 0


def test_a_calm_background_gets_a_faster_setting_with_a_better_picture(
    plan: RenderPlan, place: Path
) -> None:
    with capture_logs() as logs:
        encoding = choose(plan, place)

    assert encoding.setting.startswith("x264 ultrafast ")
    assert "as good as the usual one's" in encoding.reason
    assert encoding.vmaf is not None
    assert encoding.usual_vmaf is not None
    assert encoding.cambi is not None
    assert encoding.usual_cambi is not None
    assert encoding.vmaf > encoding.usual_vmaf > 60
    assert encoding.cambi < encoding.usual_cambi + 0.3
    assert encoding.predicted_bytes is not None
    assert encoding.usual_bytes is not None
    assert 1 < encoding.predicted_bytes / encoding.usual_bytes <= 2.7
    (logged,) = [entry for entry in logs if entry["event"] == "render.encoding"]
    assert logged["setting"] == encoding.setting


def test_a_picture_that_is_hardly_compressed_is_measured_as_nearly_perfect(
    plan: RenderPlan, place: Path, tmp_path: Path
) -> None:
    # a wrong frame, or other colour tags, would cost tens of points
    moving = filming.drawn(tmp_path / "moving.mp4", BUSY, seconds=2)
    probe = QualityProbe(
        replace(plan, background=moving),
        fonts=fonts.FOLDER,
        folder=place,
        patience=Patience(),
        alive=lambda: None,
        encoder_options={"pix_fmt": "yuv420p"},
    )

    fine, coarse = (probe.measure(probe.encode(X264("ultrafast", crf))) for crf in (4, 40))

    assert fine.vmaf > 98
    assert coarse.vmaf < 90


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (BUSY, "No faster setting was as good"),
        (f"{BUSY},noise=alls=90:allf=t", "The size limit holds this picture back"),
    ],
    ids=["busy", "noisy"],
)
def test_a_busy_picture_keeps_the_usual_setting(
    plan: RenderPlan, place: Path, tmp_path: Path, source: str, why: str
) -> None:
    clip = filming.drawn(tmp_path / "clip.mp4", source, seconds=2)

    encoding = choose(replace(plan, background=clip), place)

    assert (encoding.setting, encoding.failed) == (USUAL, False)
    assert why in encoding.reason


def test_no_setting_makes_a_file_larger_than_allowed(plan: RenderPlan, place: Path) -> None:
    free = choose(plan, place)
    assert free.predicted_bytes is not None
    assert free.usual_bytes is not None

    thrifty = choose(plan, place, growth=1.0)
    assert thrifty.predicted_bytes is not None
    assert thrifty.predicted_bytes <= free.usual_bytes

    # room for the sound and the usual setting, but not for what was chosen
    sound = 128_000 / 8 * SECONDS
    most = int(sound + 0.9 * free.predicted_bytes)
    limited = choose(replace(plan, max_bytes=most), place)
    assert limited.predicted_bytes is not None
    assert limited.predicted_bytes < most - sound
    assert limited.setting != free.setting


@pytest.fixture
def harmed_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has an ffmpeg that runs a shell command instead of measuring."""

    def install(harm: str) -> None:
        wrapper = tmp_path / "ffmpeg"
        wrapper.write_text(
            f'#!/bin/sh\ncase "$*" in *libvmaf*) {harm};; esac\n'
            f'exec "{encoder_process.executable()}" "$@"\n'
        )
        wrapper.chmod(0o755)
        monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(wrapper))

    return install


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        ("exit 1", "encoder_failed"),
        ("kill -9 $$", "encoder_died"),
        ("exit 0", "unmeasured"),
    ],
    ids=["fails", "is killed", "measures nothing"],
)
def test_a_picture_that_cannot_be_measured_gets_the_usual_setting_and_is_counted(
    plan: RenderPlan, place: Path, harmed_ffmpeg: Callable[[str], None], harm: str, code: str
) -> None:
    # Given an ffmpeg that encodes, but can't measure
    harmed_ffmpeg(harm)
    before = failures()

    # When a setting is chosen
    with capture_logs() as logs:
        encoding = choose(plan, place)

    # Then the usual one is taken, and a person can see why
    assert (encoding.setting, encoding.failed) == (USUAL, True)
    assert code in encoding.reason
    assert failures() == before + 1
    (logged,) = [entry for entry in logs if entry["event"] == "encoder.probe_failed"]
    assert (logged["log_level"], logged["code"]) == ("warning", code)


def test_a_background_that_was_just_removed_is_no_reason_to_stop(
    plan: RenderPlan, place: Path, tmp_path: Path
) -> None:
    encoding = choose(replace(plan, background=tmp_path / "gone.mp4"), place)

    assert (encoding.setting, encoding.failed) == (USUAL, True)


def test_a_full_disk_stops_the_choice(plan: RenderPlan, small_disk: Path) -> None:
    before = failures()

    with pytest.raises(Retryable) as caught:
        choose(plan, small_disk)

    assert caught.value.code == "disk_full"
    assert (list(small_disk.iterdir()), failures()) == ([], before)


def test_a_missing_encoder_stops_the_choice(
    plan: RenderPlan, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nowhere"))

    with pytest.raises(Permanent) as caught:
        choose(plan, place)

    assert caught.value.code == "encoder_missing"


class CancelledError(Exception):
    pass


@pytest.mark.parametrize(
    "reason", [CancelledError(), Wait("The worker stops.", after=0)], ids=["cancelled", "shutdown"]
)
def test_a_choice_can_be_cancelled(plan: RenderPlan, place: Path, reason: Exception) -> None:
    def cancel() -> None:
        raise reason

    before = failures()
    with pytest.raises(type(reason)):
        choose(plan, place, alive=cancel)

    assert (list(place.iterdir()), failures()) == ([], before)


def test_a_short_video_gets_the_usual_setting_without_a_trial(
    plan: RenderPlan, place: Path
) -> None:
    encoding = choose(replace(plan, seconds=5.0), place)

    assert (encoding.setting, encoding.vmaf, encoding.failed) == (USUAL, None, False)


def test_a_preset_of_the_operator_is_used_without_a_trial(plan: RenderPlan, place: Path) -> None:
    options, encoding = encoder(preset="fast").options(plan, place, lambda: None)

    assert (options["preset"], options["crf"]) == ("fast", 23)
    assert (encoding.setting, encoding.vmaf) == ("x264 fast crf 23", None)
    assert "X264_PRESET" in encoding.reason


def test_what_decides_the_setting_is_in_the_identity() -> None:
    identities = [
        encoder().identity,
        encoder(growth=2.5).identity,
        encoder(preset="fast").identity,
        encoder(preset="veryfast").identity,
    ]

    assert len(set(identities)) == 4
    assert encoder(preset="fast", growth=5).identity == encoder(preset="fast").identity
