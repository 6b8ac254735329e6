"""Whether a webhook delivery comes from TikTok: its signature and its age.

Source: TikTok's "Webhooks" documents (signature verification, events) of November 2026.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from core.errors import StorymillError
from models import now

TOLERANCE_SECONDS = 300
"""How far ``t`` may differ from our clock, in either direction.

TikTok lets the receiver choose. Five minutes tolerate clocks that are slightly wrong, and leave
little time to replay a copied delivery; a replay changes nothing anyway.
"""
MOST_BYTES = 64_000
"""TikTok's events have a few hundred bytes."""
MOST_SIGNATURES = 8


class RefusedError(StorymillError):
    """A delivery that is not proven to come from TikTok.

    Attributes:
        code: ``garbled``, ``forged`` or ``old``.
    """

    def __init__(self, sentence: str, *, code: str) -> None:
        super().__init__(sentence)
        self.code = code


def verify(header: str, body: bytes, secret: str) -> None:
    """Check the signature and its age.

    Args:
        header: ``TikTok-Signature``: ``t=<seconds>,s=<hex>``; if several ``s``, one must match.
        body: the raw bytes; the signature is HMAC-SHA256 over ``t.body``.
        secret: the app's client secret.

    Raises:
        RefusedError: it is missing, garbled, wrong or too far from now.
    """
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    times = [value for name, value in pairs if name == "t"]
    signatures = [value for name, value in pairs if name == "s"]
    is_time = len(times) == 1 and re.fullmatch(r"[0-9]{1,12}", times[0]) is not None
    if not is_time or not 1 <= len(signatures) <= MOST_SIGNATURES:
        raise RefusedError("TikTok-Signature must be t=<seconds>,s=<signature>.", code="garbled")
    signed = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest()
    fits = [hmac.compare_digest(signed.encode(), given.encode()) for given in signatures]
    if not any(fits):
        raise RefusedError("The signature does not match this body and app.", code="forged")
    if abs(now().timestamp() - int(times[0])) > TOLERANCE_SECONDS:
        raise RefusedError("The signature is too old, or a clock is wrong.", code="old")
