"""A script writer on an Ollama server (its ``/api/chat`` with a JSON schema as ``format``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter

from adapters.ports import ScriptDraft, StoryText
from adapters.script_answer import CONTEXT_TOKENS, SYSTEM, Answer, batches, question, read
from core.errors import Permanent, Retryable, StageError

if TYPE_CHECKING:
    from ollama import Client

log = structlog.get_logger(__name__)

ANSWERS_REFUSED = Counter(
    "storymill_script_answers_refused_total",
    "Stories whose answer was missing or not to be believed",
    ["outcome"],
)

MOST_STORIES = 20
CONNECT_SECONDS = 5.0
OPTIONS = {
    "temperature": 0.3,
    "seed": 7,
    "num_ctx": CONTEXT_TOKENS,  # always the same: another figure would load the model anew
    "num_predict": 200 * MOST_STORIES,  # an answer has some 150 tokens a story; ends endless ones
}
KEEP_LOADED = "10m"


class OllamaWriter:
    """ScriptWriter; one instance serves all threads of a process.

    Args:
        url: of the server, as http://host:11434.
        model: its name, as ``ollama list`` shows it.
        timeout_seconds: longest wait for one answer.
        batch: most stories in one request, 1 to 20.
    """

    def __init__(
        self, *, url: str, model: str, timeout_seconds: float = 120.0, batch: int = MOST_STORIES
    ) -> None:
        place = urlsplit(url)
        self._place = f"{place.hostname}:{place.port or 11434}"  # without user and password
        self._url = url
        self._model = model
        self._timeout = timeout_seconds
        self._batch = min(MOST_STORIES, max(1, batch))

    @cached_property
    def _client(self) -> Client:
        from ollama import Client  # noqa: PLC0415  # slow to load; only the writing process needs it

        seconds = self._timeout
        return Client(host=self._url, timeout=(min(CONNECT_SECONDS, seconds), *(seconds,) * 3))

    def write(self, stories: Sequence[StoryText]) -> dict[int, ScriptDraft]:
        """Write for a batch of stories; answers by story id.

        A story whose answer could not be believed twice is absent.

        Raises:
            Retryable: the server can't be reached, is busy, or was too late.
            Permanent: it has no such model or refuses the request.
        """
        drafts: dict[int, ScriptDraft] = {}
        for some in batches(stories, self._batch):
            drafts |= self._write(some)
        return drafts

    def _write(self, stories: list[StoryText]) -> dict[int, ScriptDraft]:
        drafts, refused = self._ask(stories, {})
        if not refused:
            return drafts
        again = [story for story in stories if story.story_id in refused]
        try:
            mended, left = self._ask(again, refused)
        except StageError as error:
            # What has been written is kept; only the second asking was in vain.
            log.warning("script_not_asked_again", code=error.code, stories=len(again))
            mended, left = {}, refused
        ANSWERS_REFUSED.labels("mended").inc(len(mended))
        ANSWERS_REFUSED.labels("left_out").inc(len(left))
        for story_id, problem in left.items():
            log.warning("script_left_out", story_id=story_id, problem=problem)
        return drafts | mended

    def _ask(
        self, stories: Sequence[StoryText], refused: Mapping[int, str]
    ) -> tuple[dict[int, ScriptDraft], dict[int, str]]:
        content = self._chat(question(stories, refused), seed=OPTIONS["seed"] + bool(refused))
        return read(content, stories, written_by=f"ollama/{self._model}")

    def _chat(self, text: str, *, seed: float) -> str:
        import httpx  # noqa: PLC0415  # loaded with ollama
        from ollama import ResponseError  # noqa: PLC0415  # see _client

        try:
            answer = self._client.chat(
                model=self._model,
                messages=[
                    {"role": "system", "content": SYSTEM},
                    {"role": "user", "content": text},
                ],
                format=Answer.model_json_schema(),
                options={**OPTIONS, "seed": seed},
                keep_alive=KEEP_LOADED,
            )
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
                f"The answer of Ollama at {self._place} can't be read.", code="ollama_answer"
            ) from None
        return answer.message.content or ""

    def _decision(self, status: int, words: str) -> StageError:
        log.warning("ollama_refused", status=status, words=words[:200])
        if status == HTTPStatus.NOT_FOUND:
            return Permanent(
                f"Ollama at {self._place} has no model {self._model}: run `ollama pull "
                f"{self._model}` there, or correct OLLAMA_MODEL and OLLAMA_URL.",
                code="ollama_model",
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return Retryable(
                f"Ollama at {self._place} asks to slow down.", code="rate_limit_exceeded"
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Retryable(
                f"Ollama at {self._place} is in trouble ({status}).", code="ollama_away"
            )
        return Permanent(
            f"Ollama at {self._place} refuses the request ({status}): correct OLLAMA_URL and "
            "OLLAMA_MODEL.",
            code="ollama_refused",
        )
