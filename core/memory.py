"""This process's use of memory."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Return freed memory to the system.

    Otherwise glibc keeps it: 50 MiB after drawing a film, which an encoder process could use.
    Other C libraries have no such call and need none.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
