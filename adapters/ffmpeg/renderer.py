"""Render the finished video with ffmpeg: background, captions, sound and cover in one run."""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ffmpeg
import structlog

from adapters.backgrounds import clips
from adapters.ffmpeg import encoder_process, finished_sound, picture, sound_mix, subtitle_fonts
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.sound_mix import Levels
from adapters.ffmpeg.video_encoder import VideoEncoder
from adapters.figures import ENCODER_SPEED
from adapters.media.media_probe import Media, UnreadableMediaError, probe
from adapters.ports import Progress, RenderedVideo, RenderPlan
from core import memory
from core.errors import Permanent, Retryable, StageError
from core.files import disk
from core.settings import X264_MOST_GROWTH

log = structlog.get_logger(__name__)

_DURATION_TOLERANCE = 0.1

# JPEG readers assume these; with the video's own colours, red would be darker on the cover.
_COVER_COLOUR = {"in_color_matrix": "bt709", "out_color_matrix": "bt601", "out_range": "pc"}


class FfmpegRenderer:
    """Renders with ffmpeg, on the graphics card (NVENC) if there is one, otherwise with x264.

    Args:
        fonts: folder with the fonts that the subtitles use.
        preset: x264 preset; None chooses a setting by what it makes of the video.
        growth: most bytes of a chosen setting, in files of the usual one.
        patience: when to give up on a run.
    """

    def __init__(
        self,
        *,
        fonts: Path,
        preset: str | None = None,
        growth: float = X264_MOST_GROWTH,
        patience: Patience | None = None,
    ) -> None:
        self._fonts = fonts
        self._patience = patience or Patience()
        self._encoder = VideoEncoder(
            fonts=fonts, preset=preset, growth=growth, patience=self._patience
        )

    @property
    def identity(self) -> str:
        """See ``Renderer.identity``."""
        return self._encoder.identity

    def render(self, plan: RenderPlan, progress: Progress | None = None) -> RenderedVideo:
        """See ``Renderer.render``.

        Raises:
            Retryable: codes ``background_gone``, ``music_gone``, ``disk_full``, ``encoder_hung``,
                ``encoder_died``, ``encoder_failed``, ``output_wrong``.
            Permanent: codes ``background_unreadable``, ``narration_unreadable``,
                ``narration_silent``, ``music_unreadable``, ``subtitles_missing``, ``font_missing``,
                ``encoder_missing``, ``too_large``.
        """
        report = progress or (lambda _share: None)
        report(0.0)
        _check_inputs(plan)
        _check_fonts(plan.subtitles, self._fonts)
        levels = sound_mix.find_levels(
            plan.narration, plan.music, plan.seconds, self._patience, loops=plan.music_loops
        )
        memory.give_back()  # free what reading the inputs took before the encoder needs memory
        report(0.01)
        with disk.errors():
            plan.output.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=".render-", dir=plan.output.parent) as folder:
                options, encoding = self._encoder.options(plan, Path(folder), lambda: report(0.01))
                video, cover = Path(folder) / "video.mp4", Path(folder) / "cover.jpg"
                began = time.monotonic()
                encoder_process.run(
                    self._arguments(plan, options, levels, video, cover),
                    seconds=plan.seconds,
                    patience=self._patience,
                    on_time=lambda second: report(min(0.98, 0.01 + second / plan.seconds)),
                )
                speed = plan.seconds / max(0.001, time.monotonic() - began)
                ENCODER_SPEED.labels(options["vcodec"]).observe(speed)
                media = _verified(plan, video)
                sound = finished_sound.settle(video, plan, levels, self._patience)
                size = _allowed_size(plan, video)
                for made, final in ((cover, plan.cover), (video, plan.output)):
                    _settle(made, final)
        report(1.0)
        return RenderedVideo(
            path=plan.output,
            cover=plan.cover,
            seconds=media.seconds,
            width=media.width,
            height=media.height,
            size_bytes=size,
            loudness=sound.integrated,
            true_peak=sound.true_peak,
            encoding=encoding,
        )

    def _arguments(
        self,
        plan: RenderPlan,
        options: dict[str, Any],
        levels: Levels,
        video: Path,
        cover: Path,
    ) -> list[str]:
        # fade before the split: after it, each frame would have to be copied first
        shown = picture.finished(plan, self._fonts).filter_multi_output("split")
        cover_at = min(plan.cover_at, picture.fade_at(plan))
        # trim ends this branch after the cover. With select, every later frame would still be
        # queued and dropped, which costs a tenth of the encode's processor time.
        still = shown[1].filter("trim", start=cover_at, duration=2 / plan.fps)
        still = still.filter("scale", **_COVER_COLOUR)
        main = ffmpeg.output(
            shown[0],
            sound_mix.mix(plan.narration, plan.music, plan.seconds, levels),
            str(video),
            t=plan.seconds,
            movflags="+faststart",
            loglevel="warning",
            **finished_sound.CODEC,
            **options,
        )
        image = ffmpeg.output(
            still, str(cover), format="image2", update=1, vframes=1, vcodec="mjpeg", **{"q:v": 3}
        )
        arguments: list[str] = ffmpeg.merge_outputs(main, image).get_args()
        return arguments


def _verified(plan: RenderPlan, video: Path) -> Media:
    """Read a finished file, and check its length, its streams and its pictures."""
    try:
        media = probe(video)
    except UnreadableMediaError as error:
        raise _wrong("can't be read") from error
    if abs(media.seconds - plan.seconds) > _DURATION_TOLERANCE:
        raise _wrong(f"is {media.seconds:.2f} s long instead of {plan.seconds:.2f} s")
    if (media.video_streams, media.audio_streams) != (1, 1):
        raise _wrong("does not have one video and one sound stream")
    if (media.width, media.height, round(media.fps, 2)) != (plan.width, plan.height, plan.fps):
        raise _wrong(f"is {media.width}x{media.height} at {media.fps:.2f} frames per second")
    return media


def _allowed_size(plan: RenderPlan, video: Path) -> int:
    size = video.stat().st_size
    if size > plan.max_bytes:
        raise Permanent(
            f"The video has {size:,} bytes, over the limit of {plan.max_bytes:,}: "
            "shorten the part or raise the limit.",
            code="too_large",
        )
    return size


def _check_inputs(plan: RenderPlan) -> None:
    """Name the input that can't be used, before ffmpeg fails with an error number."""
    if not plan.subtitles.is_file():
        raise Permanent(
            f"The captions {plan.subtitles} are missing: make them again.",
            code="subtitles_missing",
        )
    wanted = [("background", plan.background, "video"), ("narration", plan.narration, "audio")]
    if plan.music:
        wanted.append(("music", plan.music, "audio"))
    for name, path, kind in wanted:
        code = f"{name}_unreadable"
        try:
            media = probe(path)
        except UnreadableMediaError as error:
            log.warning("render.input_unreadable", input=name, reason=str(error))
            if name == "narration":
                sentence = f"The narration {path} can't be read: narrate the script again."
            elif path.is_file():
                sentence = f"The {name} {path} can't be read: replace or remove it."
            else:
                raise (clips if name == "background" else sound_mix).gone(path) from error
            raise Permanent(sentence, code=code) from error
        if not (media.video_streams if kind == "video" else media.audio_streams):
            raise Permanent(f"The {name} {path} has no {kind}: replace it.", code=code)


def _check_fonts(subtitles: Path, folder: Path) -> None:
    """Check the fonts: without its font a caption would look different or be missing."""
    if missing := subtitle_fonts.missing(subtitles, folder):
        raise Permanent(
            f"The captions need the font {', '.join(missing)}, which is missing or damaged in "
            f"{folder}: install Storymill's fonts again.",
            code="font_missing",
        )


def _wrong(how: str) -> StageError:
    return Retryable(
        f"The finished video {how}: if that repeats, see that ffmpeg and this video's files are "
        "whole.",
        code="output_wrong",
    )


def _settle(made: Path, final: Path) -> None:
    """Flush a finished file to disk, then give it its final name."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    final.parent.mkdir(parents=True, exist_ok=True)
    made.replace(final)
