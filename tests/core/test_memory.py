"""Freed memory is returned to the system."""

from __future__ import annotations

import platform

import psutil
import pytest

from core import memory

MIB = 2**20


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others return it by themselves")
def test_freed_memory_is_returned() -> None:
    # Given many pieces of memory, every second one freed: the others pin the heap
    pieces = [bytearray(50_000) for _ in range(2_000)]
    del pieces[::2]
    process = psutil.Process()
    before = process.memory_info().rss

    # When it is returned
    memory.give_back()

    # Then the system has most of the freed memory
    assert before - process.memory_info().rss > 30 * MIB
    assert len(pieces) == 1_000
