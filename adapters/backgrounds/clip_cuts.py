"""Convert a clip for fast and correct rendering: size, frame rate, colours, seamless loop."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import av.error
import ffmpeg
import numpy as np
from numpy.typing import NDArray

from adapters.backgrounds import clip_colours, clips
from adapters.backgrounds.clips import FPS, HEIGHT, WIDTH, Clip
from adapters.ffmpeg import encoder_process
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.frame_filters import COLOUR, cropped
from adapters.media.media_probe import UnreadableMediaError, probe
from adapters.ports import Progress
from core.errors import Retryable

EDITION = 2
"""Increase this when clips are cut differently; cached cuts are then made again."""
CUT_SECONDS = 180.0
"""Length of one cut from a clip; several videos start at different places in it."""
CUT_BYTES = 400_000_000
"""About the largest size of such a cut, from a busy clip."""

_FADE = 1.0  # seconds of cross-fade from the end of a loop to its start
_SEAMLESS = 1.5  # how many usual frame steps the step from the last frame to the first may be
_LEAST_SHOWN = 2
_STEP = 1.0  # out of 255; less can't be seen


def name_of(clip: Path, what: tuple[object, ...]) -> str:
    """Name a file made from a clip, by everything that it depends on."""
    status = clip.stat()
    inputs = f"{EDITION}:{clip}:{status.st_size}:{status.st_mtime_ns}:{what}"
    return "cut-" + sha256(inputs.encode()).hexdigest()[:24]


def cut(
    clip: Clip, into: Path, *, start: float, seconds: float, patience: Patience, progress: Progress
) -> None:
    """Cut a stretch in the format of a finished video, with a key frame every second.

    Raises:
        Permanent: code ``background_unreadable``.
        Retryable: codes ``background_gone``, ``disk_full`` and those of the encoder.
    """
    with TemporaryDirectory() as folder:
        picture = _picture(clip, Path(folder), start)
        _encode(clip, picture, into, seconds=seconds, patience=patience, progress=progress)


def loop(clip: Clip, into: Path, *, patience: Patience, progress: Progress) -> None:
    """Convert the whole clip so that it can be repeated: its end fades into its start.

    A clip that already loops without a visible jump gets no fade.

    Raises:
        As ``cut``.
    """
    if is_seamless(clip):
        cut(clip, into, start=0, seconds=clip.seconds, patience=patience, progress=progress)
        return
    count = int(clip.seconds * FPS)
    faded = min(round(_FADE * FPS), count // 4)
    with TemporaryDirectory() as folder:
        # opened twice: with a split, the head's frames would wait in memory until the end
        body = _picture(clip, Path(folder), 0)
        head = _picture(clip, Path(folder), 0, t=2 * faded / FPS)
        body = body.filter("trim", start_frame=faded, end_frame=count).filter(
            "setpts", "PTS-STARTPTS"
        )
        head = head.filter("trim", end_frame=faded)
        frames = count - faded
        offset = (frames - faded) / FPS
        picture = ffmpeg.filter(
            [body, head], "xfade", transition="fade", duration=faded / FPS, offset=offset
        ).filter("format", "yuv420p")  # xfade would choose 4:4:4
        _encode(
            clip, picture, into, seconds=frames / FPS, patience=patience, progress=progress
        )  # fmt: skip


def is_seamless(clip: Clip) -> bool:
    """Whether the step from the last frame to the first is like any other step."""
    begin, end = _small(clip, 0.0), _small(clip, max(0.0, clip.seconds - 0.5))
    if min(len(begin), len(end)) < _LEAST_SHOWN:
        return False
    first, second, *_ = begin
    *_, last_but_one, last = end
    step = max(abs(second - first).mean(), abs(last - last_but_one).mean())
    return bool(abs(first - last).mean() <= _SEAMLESS * step + _STEP)


def _small(clip: Clip, start: float) -> list[NDArray[np.float32]]:
    """Half a second of a clip as tiny grey frames."""
    shown: list[NDArray[np.float32]] = []
    try:
        with av.open(str(clip.path)) as container:
            stream: Any = container.streams[clip.stream]
            first = float((stream.start_time or 0) * stream.time_base) + start
            if start:
                container.seek(int(first * av.time_base))
            for frame in container.decode(stream):
                if frame.time is None or frame.time < first:
                    continue
                if frame.time >= first + 0.5 and len(shown) >= _LEAST_SHOWN:
                    break
                small = frame.reformat(64, 64, "gray")
                shown.append(small.to_ndarray().astype(np.float32))
    except (OSError, av.error.FFmpegError) as error:
        raise clips.unreadable(clip.path) from error
    return shown


def _picture(clip: Clip, folder: Path, start: float, **options: Any) -> Any:
    tags = clip.tags
    if clip.decoder:
        options["vcodec"] = clip.decoder
    opened = ffmpeg.input(str(clip.path), ss=clip.begins + start, **options)
    picture = opened[str(clip.stream)].filter("setpts", "PTS-STARTPTS")
    if clip.interlaced:
        picture = picture.filter("bwdif", mode="send_field", deint="interlaced")
    picture = cropped(picture.filter("fps", FPS), WIDTH, HEIGHT)
    source = {"in_range": "pc" if tags.full_range else "tv"}
    if tags.matrix:
        source["in_color_matrix"] = tags.matrix
    target = {"out_color_matrix": "bt709", "out_range": "tv"}
    if not tags.needs_table:
        picture = picture.filter("scale", WIDTH, HEIGHT, flags="bilinear", **source, **target)
    else:
        table = folder / "colours.cube"
        clip_colours.write_table(table, tags)
        picture = (
            picture.filter("scale", WIDTH, HEIGHT, flags="bilinear", **source)
            .filter("format", "gbrap16le" if clip.alpha else "gbrp16le")
            .filter("lut3d", file=str(table), interp="tetrahedral")
            .filter("setparams", color_primaries="bt709", color_trc="bt709")
            .filter("scale", **target)
        )
    if clip.alpha:  # on black, as in a player
        picture = picture.filter("format", "yuva420p").filter("premultiply", inplace=1)
    return picture.filter("format", "yuv420p").filter("setsar", 1).filter("setparams", **COLOUR)


def _encode(
    clip: Clip, picture: Any, into: Path, *, seconds: float, patience: Patience, progress: Progress
) -> None:
    command = picture.output(
        str(into), t=seconds, vcodec="libx264", preset="ultrafast", tune="fastdecode", crf=22,
        g=FPS, loglevel="warning",
    ).overwrite_output()  # fmt: skip
    try:
        encoder_process.run(
            command.get_args(), seconds=seconds, patience=patience, on_time=lambda _: progress(0.0)
        )
        if probe(into).seconds <= 0:
            raise clips.unreadable(clip.path)
    except UnreadableMediaError as error:
        raise clips.unreadable(clip.path) from error
    except Retryable as error:
        if not clip.path.is_file():
            raise clips.gone(clip.path) from error
        raise
