"""Outgoing webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Webhook:
    """A body for somebody else's server."""

    address: str = field(repr=False)
    """It may hold a secret."""
    body: bytes
    headers: Mapping[str, str]


class WebhookSender(Protocol):
    def send(self, webhook: Webhook) -> int:
        """Send the body by POST; the status of the answer, from 200 to 299.

        Raises:
            Retryable: the server is away, too slow, or answers with another status.
            Permanent: the address is not on the public internet, or the server asked to stop
                (410).
        """
