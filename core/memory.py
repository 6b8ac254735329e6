"""What this process holds of the machine's memory."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Return to the system what was freed.

    glibc keeps it otherwise: 50 MiB after a film was drawn, which an encoder beside it could use.
    Other C libraries have no such call, and need none.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
