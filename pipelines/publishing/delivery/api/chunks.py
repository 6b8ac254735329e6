"""How a file is split for the upload.

TikTok's rules: chunks of 5 to 64 MB, the last one up to 128 MB, at most 1,000 chunks, and
``total_chunk_count = floor(video_size / chunk_size)``; a file of up to 64 MB may be sent whole.
Clients differ on whether MB is 10^6 or 2^20, so the plan satisfies both. Uploads in several chunks
have been reported to fail (August 2026), so it uses as few chunks as possible.
"""

from __future__ import annotations

import math

from adapters.ports import ChunkPlan

MOST_CHUNK = 64 * 10**6


def plan_chunks(video_size: int) -> ChunkPlan:
    """The plan for a file of ``video_size`` bytes (at least 1); the same size gives the same plan.

    Chunks have equal size; the last one also gets the few bytes that are left over.
    """
    count = math.ceil(video_size / MOST_CHUNK)
    return ChunkPlan(video_size, chunk_size=video_size // count, count=count)
