"""Reads the text of a web page: an article without its menus, comments and buttons."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
import structlog

from adapters.guarded_http import AddressNotPublicError, GuardedSession
from adapters.ports import PageReader
from core.errors import Permanent, Retryable

log = structlog.get_logger(__name__)

LARGEST_PAGE = 10_000_000
SECONDS = (5.0, 30.0)
"""Timeouts: to connect, and between two blocks of the response."""
MOST_SECONDS = 60.0
"""Limit for the whole response, so a slow server can't block a worker."""
_ALIVE = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Refusals that pass."""
_HTML = re.compile(r"text/html|application/xhtml\+xml", re.IGNORECASE)


class ArticlePages(PageReader):
    """PageReader that fetches public addresses only, and finds the article by trafilatura.

    Args:
        user_agent: names this project to the page's server.
        allowed_hosts: hosts that may be private, as ``name`` or ``name:port``.
        most_seconds: time limit for one response.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allowed_hosts: Collection[str] = (),
        most_seconds: float = MOST_SECONDS,
    ) -> None:
        self._user_agent = user_agent
        self._allowed_hosts = allowed_hosts
        self._most_seconds = most_seconds

    def text(self, address: str) -> str:
        """See ``PageReader.text``."""
        # Not the address: it may hold a secret.
        name = f"The page at {urlsplit(address).hostname or 'this address'}"
        article = _article(self._page(address, name))
        if not article:
            raise _unusable(f"{name} has no article that can be told from the rest of the page.")
        return article

    def _page(self, address: str, name: str) -> bytes:
        session = GuardedSession(allowed=self._allowed_hosts)
        headers = {"User-Agent": self._user_agent, "Accept": "text/html,application/xhtml+xml"}
        try:
            with (
                session,
                session.get(address, headers=headers, timeout=SECONDS, stream=True) as response,
            ):
                _check(response, name)
                return self._content(response, name)
        except AddressNotPublicError:
            raise _unusable(f"{name} is not on the public internet, so it is not read.") from None
        except (ValueError, requests.TooManyRedirects):
            raise _unusable(f"{name} has an address that leads nowhere.") from None
        except requests.RequestException as error:
            log.info("page_away", error=type(error).__name__)
            # The reason stays in the log: it tells open ports from closed ones.
            raise Retryable(f"{name} can't be reached.", code="page_away") from None

    def _content(self, response: requests.Response, name: str) -> bytes:
        content, deadline = bytearray(), time.monotonic() + self._most_seconds
        for block in response.iter_content(65_536):
            content += block
            if len(content) > LARGEST_PAGE:
                raise _unusable(f"{name} is larger than {LARGEST_PAGE // 10**6} MB.")
            if time.monotonic() > deadline:
                raise Retryable(f"{name} is too slow.", code="page_away")
        return bytes(content)


def _check(response: requests.Response, name: str) -> None:
    status = response.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _ALIVE:
        raise Retryable(f"{name} is unavailable (HTTP {status}).", code=f"http_{status}")
    if status != HTTPStatus.OK:
        raise _unusable(f"{name} is not given out (HTTP {status}): open it and paste its text.")
    if not _HTML.match(response.headers.get("Content-Type", "text/html")):
        raise _unusable(f"{name} is not a web page: open it and paste its text.")


def _article(page: bytes) -> str:
    """The page's main text as Markdown; empty if there is none."""
    import trafilatura  # noqa: PLC0415 - heavy, and only this needs it

    text = trafilatura.extract(
        page,
        output_format="markdown",
        favor_precision=True,  # rather too little than a menu that is narrated
        include_comments=False,
        include_images=False,
        include_links=False,
        include_tables=False,
    )
    return (text or "").strip()


def _unusable(sentence: str) -> Permanent:
    return Permanent(sentence, code="page")
