"""Compare a finished video's picture with the same picture by the usual encoder setting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import ffmpeg

from adapters.ffmpeg import encoder_process, picture, vmaf
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.video_encoder import usual_options
from adapters.ffmpeg.vmaf import Quality
from adapters.ports import RenderPlan
from pipelines.production.captions import fonts

# One frame of so many is measured. A key frame comes every 60 frames, and 13 and 60 have no common
# divisor: so key frames are measured as rarely as they occur.
_EVERY = 13


@dataclass(frozen=True, slots=True)
class Compared:
    """Bytes of the picture alone, without sound."""

    ours: Quality
    usual: Quality
    our_bytes: int
    usual_bytes: int

    def __str__(self) -> str:
        return (
            f"VMAF {self.ours.vmaf:.2f} against {self.usual.vmaf:.2f}, "
            f"CAMBI {self.ours.cambi:.2f} against {self.usual.cambi:.2f}, "
            f"{self.our_bytes / self.usual_bytes:.2f} x the bytes"
        )


def compare(plan: RenderPlan, video: Path) -> Compared:
    """Measure the whole of ``video``, made of ``plan``, and of its usual encode.

    Both are compared with the unencoded composition.
    """
    usual = plan.output.with_name("usual.mp4")
    encode = picture.finished(plan, fonts.FOLDER).output(
        str(usual), t=plan.seconds, y=None, **usual_options(plan)
    )
    _run(encode, plan)
    files = {"ours": video, "usual": usual}
    unencoded = picture.finished(plan, fonts.FOLDER).filter(
        "trim", end_frame=round(plan.seconds * plan.fps)
    )
    references = unencoded.filter_multi_output("split", len(files))
    reports = {name: plan.output.with_name(f"{name}.json") for name in files}
    outputs = [
        vmaf.comparison(
            ffmpeg.input(str(file)).video, references[index], reports[name], every=_EVERY
        )
        for index, (name, file) in enumerate(files.items())
    ]
    _run(ffmpeg.merge_outputs(*outputs), plan)
    return Compared(
        ours=vmaf.read(reports["ours"]),
        usual=vmaf.read(reports["usual"]),
        our_bytes=_picture_bytes(video),
        usual_bytes=_picture_bytes(usual),
    )


def _run(graph: Any, plan: RenderPlan) -> None:
    encoder_process.run(graph.get_args(), seconds=plan.seconds, patience=Patience(per_second=60))


def _picture_bytes(file: Path) -> int:
    with av.open(str(file)) as container:
        return sum(packet.size for packet in container.demux(video=0))
