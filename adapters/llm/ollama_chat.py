"""Sends one question to an Ollama server (``/api/chat`` with a JSON schema as ``format``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from core.errors import Permanent, Retryable, StageError

if TYPE_CHECKING:
    from ollama import Client

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5.0
KEEP_LOADED = "10m"


class OllamaChat:
    """A model on a server; one instance serves all threads of a process.

    Args:
        url: of the server, as http://host:11434.
        model: its name, as ``ollama list`` shows it.
        timeout_seconds: longest wait for one answer.
        setting: the environment variable that names the model, for error messages.
    """

    def __init__(self, *, url: str, model: str, timeout_seconds: float, setting: str) -> None:
        place = urlsplit(url)
        self._place = f"{place.hostname}:{place.port or 11434}"  # without user and password
        self._url = url
        self._model = model
        self._timeout = timeout_seconds
        self._setting = setting

    @cached_property
    def _client(self) -> Client:
        from ollama import Client  # noqa: PLC0415  # slow to load; few processes need it

        seconds = self._timeout
        return Client(host=self._url, timeout=(min(CONNECT_SECONDS, seconds), *(seconds,) * 3))

    def ask(
        self, system: str, question: str, *, schema: dict[str, Any], options: Mapping[str, float]
    ) -> str:
        """Return the content of the model's answer, unchecked.

        Raises:
            Retryable: the server can't be reached, is busy, or timed out.
            Permanent: it has no such model or refuses the request.
        """
        with self._failures():
            answer = self._client.chat(
                model=self._model,
                messages=[
                    {"role": "system", "content": system},
                    {"role": "user", "content": question},
                ],
                format=schema,
                options=options,
                keep_alive=KEEP_LOADED,
            )
        return answer.message.content or ""

    def check(self) -> None:
        """Ask the server whether it has the model, without running it.

        Raises:
            Retryable: the server can't be reached, is busy, or timed out.
            Permanent: it has no such model or refuses the request.
        """
        with self._failures():
            self._client.show(self._model)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Translates the client's errors."""
        import httpx  # noqa: PLC0415  # loaded with ollama
        from ollama import ResponseError  # noqa: PLC0415  # see _client

        try:
            yield
        except httpx.TimeoutException:
            raise Retryable(
                f"Ollama at {self._place} did not answer within {self._timeout:g} s.",
                code="ollama_late",
            ) from None
        except (ConnectionError, httpx.HTTPError) as error:
            raise Retryable(
                f"Ollama at {self._place} can't be reached ({type(error).__name__}).",
                code="ollama_away",
            ) from None
        except ResponseError as error:
            raise self._decision(error.status_code, error.error) from None
        except (ValueError, TypeError):
            raise Retryable(
                f"The answer from Ollama at {self._place} can't be read.", code="ollama_answer"
            ) from None

    def _decision(self, status: int, words: str) -> StageError:
        log.warning("ollama_refused", status=status, words=words[:200])
        if status == HTTPStatus.NOT_FOUND:
            return Permanent(
                f"Ollama at {self._place} has no model {self._model}: run `ollama pull "
                f"{self._model}` there, or correct {self._setting} and OLLAMA_URL.",
                code="ollama_model",
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return Retryable(
                f"Ollama at {self._place} asks to slow down.", code="rate_limit_exceeded"
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Retryable(f"Ollama at {self._place} failed (HTTP {status}).", code="ollama_away")
        return Permanent(
            f"Ollama at {self._place} refused the request (HTTP {status}): check OLLAMA_URL and "
            f"{self._setting}.",
            code="ollama_refused",
        )
