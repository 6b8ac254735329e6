"""How a file is cut for the upload.

TikTok's rules: chunks of 5 to 64 MB, the last one up to 128 MB, at most 1,000, and
``total_chunk_count = floor(video_size / chunk_size)``; a file of up to 64 MB may go whole. Clients
differ on whether MB is 10^6 or 2^20, so the plan stays inside both readings. Several chunks have
been reported to fail (August 2026), so there are as few as can be.
"""

from __future__ import annotations

import math

from adapters.ports import ChunkPlan

MOST_CHUNK = 64 * 10**6


def plan_chunks(video_size: int) -> ChunkPlan:
    """The plan for a file of ``video_size`` bytes (at least 1); the same size, the same plan.

    Chunks are of equal size; the last one also takes the few bytes that the division leaves.
    """
    count = math.ceil(video_size / MOST_CHUNK)
    return ChunkPlan(video_size, chunk_size=video_size // count, count=count)
