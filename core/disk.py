"""What a full disk looks like, and what is said of one."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import Retryable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Errors of the system: no room is left, or none of what this user may take."""


def full() -> Retryable:
    return Retryable(
        "The disk is full: free some space, and the video is made again by itself.",
        code="disk_full",
    )


@contextmanager
def errors() -> Iterator[None]:
    """Tells a full disk from whatever else may go wrong with files.

    Raises:
        Retryable: code ``disk_full``.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise full() from error
        raise
