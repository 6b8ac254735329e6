"""A render that fails, or is cancelled: what is reported, and that no file is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.renderer import FfmpegRenderer
from adapters.ports import RenderPlan
from core.errors import Permanent, Retryable
from pipelines.production.captions import fonts
from tests.adapters.ffmpeg.rendering import encoder_children, left_behind, speak_tones

pytestmark = pytest.mark.slow


def with_input(plan: RenderPlan, name: str, path: Path) -> RenderPlan:
    match name:
        case "background":
            return replace(plan, background=path)
        case "narration":
            return replace(plan, narration=path)
        case _:
            return replace(plan, music=path)


def test_cancelling_stops_the_encoder_and_leaves_nothing(
    renderer: FfmpegRenderer, plan: RenderPlan
) -> None:
    class CancelledError(Exception):
        pass

    cancelled: list[float] = []

    def cancel(share: float) -> None:
        if share > 0.01:
            assert encoder_children()
            cancelled.append(time.monotonic())
            raise CancelledError

    speak_tones(plan.narration, seconds=120.0)
    with pytest.raises(CancelledError):
        renderer.render(replace(plan, width=1080, height=1920, seconds=120.0), cancel)

    (at,) = cancelled
    assert time.monotonic() - at < 10, "the rest of the render would take longer"
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
