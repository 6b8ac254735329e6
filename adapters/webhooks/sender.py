"""Sends webhooks, to public addresses only. Redirects are not followed."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
import structlog

from adapters.guarded_http import AddressNotPublicError, GuardedSession
from adapters.ports import Webhook, WebhookSender
from core.errors import Permanent, Retryable

log = structlog.get_logger(__name__)

SECONDS = (5.0, 10.0)
"""Timeouts: to connect, and until the answer begins. Its body is not read."""


class HttpWebhooks(WebhookSender):
    """WebhookSender over HTTP.

    Args:
        allowed_hosts: hosts that may be private, as ``name`` or ``name:port``.
        seconds: timeouts, to connect and until the answer begins.
    """

    def __init__(
        self, *, allowed_hosts: Collection[str] = (), seconds: tuple[float, float] = SECONDS
    ) -> None:
        self._allowed_hosts = allowed_hosts
        self._seconds = seconds

    def send(self, webhook: Webhook) -> int:
        """See ``WebhookSender.send``."""
        # Not the address: it may hold a secret.
        name = f"The server {urlsplit(webhook.address).hostname or 'at this address'}"
        headers = {"User-Agent": "Storymill-Webhooks", **webhook.headers}
        try:
            with (
                GuardedSession(allowed=self._allowed_hosts) as session,
                session.post(
                    webhook.address,
                    data=webhook.body,
                    headers=headers,
                    timeout=self._seconds,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                status = response.status_code
        except AddressNotPublicError:
            sentence = f"{name} is not on the public internet, so nothing is sent there."
            raise Permanent(sentence, code="not_public") from None
        except ValueError:
            raise Permanent(f"{name} has an address that leads nowhere.", code="address") from None
        except requests.RequestException as error:
            log.info("webhook_not_sent", error=type(error).__name__)
            # The reason stays in the log: it tells open ports from closed ones.
            raise Retryable(f"{name} can't be reached.", code="unreachable") from None
        if status == HTTPStatus.GONE:
            raise Permanent(f"{name} asked to stop deliveries (HTTP 410).", code="http_410")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise Retryable(f"{name} answered with HTTP {status}.", code=f"http_{status}")
        return status
