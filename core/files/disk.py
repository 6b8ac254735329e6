"""Recognizes a full disk."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import Retryable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""System errors: the disk or this user's quota is full."""


def full() -> Retryable:
    return Retryable(
        "The disk is full: free some space, and the video is retried automatically.",
        code="disk_full",
    )


@contextmanager
def errors() -> Iterator[None]:
    """Turn a full disk into ``Retryable``; other file errors pass unchanged.

    Raises:
        Retryable: code ``disk_full``.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise full() from error
        raise
