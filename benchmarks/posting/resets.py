"""Reset the connection during a long upload: at most one chunk may be sent again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters.ports import ChunkPlan
from benchmarks.posting.clips import make_long_clip
from benchmarks.posting.faults import Scenario, disturb
from benchmarks.posting.posting import Stand
from benchmarks.posting.tally import Tally
from benchmarks.rows import Row
from pipelines.publishing.delivery.api.chunks import plan_chunks

LEAST_BYTES = 130_000_000
"""Too much for two chunks."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Where an upload breaks, and how many bytes may be sent again."""

    scenario: Scenario
    most_again: int


def run(stand: Stand) -> list[Row]:
    """Reset before, in and after each chunk, each time with a post of several chunks."""
    clip = stand.folder / "long.mp4"
    make_long_clip(clip, at_least=LEAST_BYTES)
    chunks = plan_chunks(clip.stat().st_size)
    tally, most = Tally(), 0
    for reset in resets(chunks):
        one = send(stand, clip, reset)
        tally += one
        most = max(most, one.most_again - reset.most_again)
    return [
        Row("resets: chunks of the video", chunks.count, ""),
        Row("resets: size of a chunk", chunks.chunk_size, "bytes"),
        *tally.rows("resets"),
        Row("resets: sent again beyond the broken chunk", max(0, most), "bytes", "0", most <= 0),
    ]


def send(stand: Stand, clip: Path, reset: Reset) -> Tally:
    """Post ``clip`` while one of its chunks breaks."""
    stand.start_over()
    return disturb(stand, stand.plan(1, clip), [reset.scenario])


def resets(chunks: ChunkPlan) -> Iterator[Reset]:
    """Before each chunk's first byte, in its middle, before its last byte, and after that."""
    for index in range(chunks.count):
        is_last = index == chunks.count - 1
        size = chunks.chunk_size + (chunks.video_size % chunks.chunk_size if is_last else 0)
        for place, fault, byte in (
            ("before", "reset", 0),
            ("at the first byte of", "upload_reset_at_byte", 1),
            ("in the middle of", "upload_reset_at_byte", size // 2),
            ("at the last byte of", "upload_reset_at_byte", size - 1),
            ("after", "lost_response", 0),
        ):
            switch = {"call": "upload", "fault": fault, "byte": byte, "skip": index}
            yield Reset(Scenario(f"{place} chunk {index + 1}", (switch,)), most_again=byte)
