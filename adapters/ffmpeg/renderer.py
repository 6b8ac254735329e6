"""Render the finished video with ffmpeg: background, captions, sound and cover in one run."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ffmpeg
import structlog

from adapters.backgrounds import clips
from adapters.ffmpeg import encoder_process, sound_mix, subtitle_fonts
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.frame_filters import COLOUR, cropped
from adapters.ffmpeg.sound_mix import Levels
from adapters.media.media_probe import UnreadableMediaError, probe
from adapters.ports import Progress, RenderedVideo, RenderPlan
from core import memory
from core.errors import Permanent, Retryable, StageError
from core.files import disk

log = structlog.get_logger(__name__)

_AUDIO_BITS = 128_000
_MOST_BITS = 12_000_000  # per second of video; more shows no difference on a phone
_LEAST_BITS = 100_000  # less is unwatchable; the file is then refused as too large
_BUFFER_SECONDS = 2
_OVERHEAD = 0.96  # planned share of the size limit; the rest is for the container and a margin
_FADE = 0.4  # seconds
_DURATION_TOLERANCE = 0.1

# x264's own default, 1.5 per core, but limited: a thread holds about 25 MiB of frames.
_ENCODER_THREADS = min(6, (os.cpu_count() or 1) * 3 // 2 or 1)
_DECODER_THREADS = 2

# x264's look-ahead thread holds one frame per encoder thread. Without it the output and the speed
# are the same, with 30 MiB less memory at 1080x1920 and three threads.
_NO_QUEUE = "sync-lookahead=0"

# JPEG readers assume these; with the video's own colours, red would be darker on the cover.
_COVER_COLOUR = {"in_color_matrix": "bt709", "out_color_matrix": "bt601", "out_range": "pc"}


class FfmpegRenderer:
    """Renders with ffmpeg, on the graphics card (NVENC) if there is one, otherwise with x264.

    Args:
        fonts: folder with the fonts that the subtitles use.
        preset: x264 preset; a faster one makes larger files of the same quality.
        patience: when to give up on a run.
    """

    def __init__(
        self, *, fonts: Path, preset: str = "veryfast", patience: Patience | None = None
    ) -> None:
        self._preset = preset
        self._fonts = fonts
        self._patience = patience or Patience()

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
                video, cover = Path(folder) / "video.mp4", Path(folder) / "cover.jpg"
                encoder_process.run(
                    self._arguments(plan, levels, video, cover),
                    seconds=plan.seconds,
                    patience=self._patience,
                    on_time=lambda second: report(min(0.98, 0.01 + second / plan.seconds)),
                )
                rendered = self._verify(plan, video)
                for made, final in ((cover, plan.cover), (video, plan.output)):
                    _settle(made, final)
        report(1.0)
        return rendered

    @cached_property
    def encoder(self) -> str:
        """``h264_nvenc`` if a trial with one frame works, otherwise ``libx264``."""
        trial = ffmpeg.input("color=s=256x256", format="lavfi").output(
            "pipe:2", format="null", vframes=1, vcodec="h264_nvenc", loglevel="quiet"
        )
        try:
            encoder_process.run(trial.get_args(), seconds=1, patience=self._patience, trial=True)
        except Retryable as reason:
            log.info("ffmpeg.no_nvenc", code=reason.code)
            return "libx264"
        return "h264_nvenc"

    def video_options(self, plan: RenderPlan) -> dict[str, Any]:
        """Options of the video encoder that keep the file under the size limit.

        The encoder's buffer model limits it to ``maxrate`` over any period plus one buffer.
        """
        bits = plan.max_bytes * 8 * _OVERHEAD - _AUDIO_BITS * plan.seconds
        rate = int(bits / (plan.seconds + _BUFFER_SECONDS))
        rate = max(_LEAST_BITS, min(_MOST_BITS, rate))
        quality = (
            {"vcodec": "libx264", "preset": self._preset, "crf": 23, "x264-params": _NO_QUEUE}
            if self.encoder == "libx264"
            else {"vcodec": "h264_nvenc", "preset": "p4", "rc": "vbr", "cq": 24, "b:v": 0}
        )
        return quality | {
            "maxrate": rate,
            "bufsize": rate * _BUFFER_SECONDS,
            "pix_fmt": "yuv420p",
            "g": plan.fps * 2,
            "threads": _ENCODER_THREADS,
        }

    def _arguments(self, plan: RenderPlan, levels: Levels, video: Path, cover: Path) -> list[str]:
        fade_at = max(0.0, plan.seconds - _FADE)
        footage = ffmpeg.input(
            str(plan.background),
            stream_loop=-1,
            ss=plan.background_start,
            threads=_DECODER_THREADS,
        ).video
        footage = footage.filter("setpts", "PTS-STARTPTS").filter("fps", plan.fps)
        picture = (
            cropped(footage, plan.width, plan.height)
            .filter("scale", plan.width, plan.height)
            .filter("setsar", 1)
            .filter("format", "yuv420p")
            # without these the captions' colours shift slightly
            .filter("setparams", **COLOUR)
            .filter("ass", filename=plan.subtitles, fontsdir=self._fonts, shaping="complex")
            # fade before the split: after it, each frame would have to be copied first
            .filter("fade", type="out", start_time=fade_at, duration=_FADE)
            .filter_multi_output("split")
        )
        cover_at = min(plan.cover_at, fade_at)
        # trim ends this branch after the cover. With select, every later frame would still be
        # queued and dropped, which costs a tenth of the encode's processor time.
        still = picture[1].filter("trim", start=cover_at, duration=2 / plan.fps)
        still = still.filter("scale", **_COVER_COLOUR)
        main = ffmpeg.output(
            picture[0],
            sound_mix.mix(plan.narration, plan.music, plan.seconds, levels),
            str(video),
            t=plan.seconds,
            acodec="aac",
            aac_coder="fast",  # "better and much faster at higher bitrates" (ffmpeg's manual)
            audio_bitrate=_AUDIO_BITS,
            movflags="+faststart",
            loglevel="warning",
            **self.video_options(plan),
        )
        image = ffmpeg.output(
            still, str(cover), format="image2", update=1, vframes=1, vcodec="mjpeg", **{"q:v": 3}
        )
        arguments: list[str] = ffmpeg.merge_outputs(main, image).get_args()
        return arguments

    def _verify(self, plan: RenderPlan, video: Path) -> RenderedVideo:
        """Check the finished file."""
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
        if media.size_bytes > plan.max_bytes:
            raise Permanent(
                f"The video has {media.size_bytes:,} bytes, over the limit of "
                f"{plan.max_bytes:,}: shorten the part or raise the limit.",
                code="too_large",
            )
        sound = sound_mix.measure_file(video, plan.seconds, self._patience)
        if (
            abs(sound.integrated - sound_mix.TARGET) > sound_mix.TOLERANCE
            or sound.true_peak > sound_mix.CEILING
        ):
            log.warning("render.loudness_off", lufs=sound.integrated, dbtp=sound.true_peak)
        return RenderedVideo(
            path=plan.output,
            cover=plan.cover,
            seconds=media.seconds,
            width=media.width,
            height=media.height,
            size_bytes=media.size_bytes,
            loudness=sound.integrated,
            true_peak=sound.true_peak,
        )


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
