"""How long a server asks to be left alone, by the headers of its response.

``core/errors.py`` and ``core/limiter.py`` cut what is too long.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_EPOCH = 1_000_000_000.0
"""A reset above this is a moment in seconds since 1970; below it, seconds from now."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of ``Retry-After``: a number or a date (RFC 9110, 10.2.3)."""
    header = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d*)?", header, re.ASCII):  # TikTok's may have a fraction
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    left = moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)
    return max(0.0, left.total_seconds())


def until_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until another request is allowed, if this one used the last of the allowance.

    Reads ``x-ratelimit-remaining`` and ``x-ratelimit-reset``, which Reddit sends with feeds and
    API alike, and the same names without ``x-``. None: more requests are allowed, or it isn't said.
    """
    for prefix in ("x-ratelimit", "ratelimit"):
        remaining = number(headers.get(f"{prefix}-remaining"))
        if remaining is not None and remaining < 1:
            reset = number(headers.get(f"{prefix}-reset"))
            return None if reset is None else _from_now(reset)
    return None


def asked_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds that a refusal asks to wait: the longer one, if it says both."""
    said = [each for each in (retry_after(headers), until_reset(headers)) if each is not None]
    return max(said, default=None)


def number(header: str | None) -> float | None:
    """A header's number, 0 or more; None if it is absent or no number."""
    try:
        value = float(header or "")
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None


def _from_now(reset: float) -> float:
    seconds = reset - time.time() if reset > _EPOCH else reset
    return max(0.0, seconds)
