"""HTTP for TikTok: one session per thread, and no secret in any error.

An error of ``requests`` contains its request, and the request contains the token. So our errors are
raised outside the ``except`` block: they have no cause and no context that leads to it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from adapters.asked_pause import retry_after
from adapters.tiktok.api.error_codes import Refusal, refusal
from core.errors import Permanent, Retryable, StageError

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
LONGEST_CODE = 60

NOTHING_SENT = (
    urllib3.exceptions.ConnectTimeoutError,  # NewConnectionError and NameResolutionError too
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.SSLError,
)
LOST = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class Bearer(AuthBase):
    """Sends the token as authorization; given as ``auth``, a ~/.netrc can't replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Http:
    """Requests whose errors say whether anything was sent.

    ``unreachable``: nothing was sent; ``lost_answer``: it may have been.
    """

    def __init__(self) -> None:
        self._local = threading.local()
        # urllib3's debug log contains every address, and an upload address is a secret.
        logging.getLogger("urllib3").setLevel(logging.INFO)

    def post(
        self,
        url: str,
        *,
        codes: Mapping[str, Refusal],
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        token: str | None = None,
    ) -> dict[str, Any]:
        """POST a form or a JSON body; returns the JSON object of a good answer.

        Raises:
            StageError: the error that ``codes`` has for the provider's error code.
        """
        response = self.send(
            "POST",
            url,
            data=form,
            json=body,
            auth=Bearer(token) if token is not None else None,
        )
        return _good_answer(response, codes)

    def get(self, url: str, *, codes: Mapping[str, Refusal], token: str) -> dict[str, Any]:
        """GET with a token; returns and raises like ``post``."""
        return _good_answer(self.send("GET", url, auth=Bearer(token)), codes)

    def send(
        self,
        method: str,
        url: str,
        *,
        timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        data: Mapping[str, str] | Iterable[bytes] | None = None,
        **options: Any,
    ) -> requests.Response:
        """One request; redirects are not followed, so a token is never sent to another host.

        Raises:
            Retryable: no answer came.
        """
        failure: StageError
        try:
            return self._session().request(
                method, url, data=data, timeout=timeout, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            failure = _failure(error)
        raise failure

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session


def code_of(said: object) -> str:
    """A code as in TikTok's documents; empty for any other text, which may contain secrets."""
    return said[:LONGEST_CODE] if isinstance(said, str) and said.isidentifier() else ""


def _good_answer(response: requests.Response, codes: Mapping[str, Refusal]) -> dict[str, Any]:
    answer = _json_object(response)
    code = _error_code(answer)
    if response.status_code == HTTPStatus.OK and code in {"", "ok"}:
        if answer is None:
            raise Retryable("TikTok's answer can't be read.", code="unreadable_answer")
        return answer
    raise refusal(codes, code, response.status_code, retry_after(response.headers))


def _failure(error: requests.RequestException) -> StageError:
    cause = error.args[0] if error.args else None
    cause = getattr(cause, "reason", None) or cause  # MaxRetryError wraps the real one
    if isinstance(error, requests.ConnectTimeout) or isinstance(cause, NOTHING_SENT):
        return Retryable("TikTok can't be reached.", code="unreachable")
    if isinstance(error, LOST):
        return Retryable("TikTok's answer was lost.", code="lost_answer")
    return Permanent(
        f"The request to TikTok can't be made ({type(error).__name__}): check TIKTOK_API_URL.",
        code="bad_request",
    )


def _json_object(response: requests.Response) -> dict[str, Any] | None:
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _error_code(answer: dict[str, Any] | None) -> str:
    """The code in ``{"error": {"code": …}}`` (posting) or ``{"error": …}`` (OAuth)."""
    error = (answer or {}).get("error", "")
    return code_of(error.get("code", "") if isinstance(error, dict) else error)
