"""Script writer that uses a model on an Ollama server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from adapters.figures import ANSWERS_REFUSED
from adapters.llm.ollama_chat import OllamaChat
from adapters.llm.script_answer import CONTEXT_TOKENS, SYSTEM, batches, question, read, schema
from adapters.ports import ScriptDraft, StoryText
from core.errors import StageError

log = structlog.get_logger(__name__)

MOST_STORIES = 20
OPTIONS = {
    "temperature": 0.3,
    "seed": 7,
    "num_ctx": CONTEXT_TOKENS,  # always the same: another value would reload the model
}
TOKENS_A_STORY = 200
"""An answer has about 150; the limit stops endless ones."""
FEWEST_TOKENS = 600
"""An answer about one or two stories needs more a story in languages with long tokens."""


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
        self._model = model
        self._batch = min(MOST_STORIES, max(1, batch))
        self._chat = OllamaChat(
            url=url, model=model, timeout_seconds=timeout_seconds, setting="OLLAMA_MODEL"
        )

    def write(self, stories: Sequence[StoryText]) -> dict[int, ScriptDraft]:
        """See ``ScriptWriter.write``; a story whose answer was refused twice is absent.

        If a request after the first fails, so are the stories that are left.
        """
        drafts: dict[int, ScriptDraft] = {}
        for number, some in enumerate(batches(stories, self._batch)):
            try:
                drafts |= self._write(some)
            except StageError as error:
                if number == 0:
                    raise
                # Keep the earlier drafts; a server in trouble would cost a wait for each request.
                log.warning("script_requests_left_out", code=error.code, failed=number + 1)
                break
        return drafts

    def _write(self, stories: list[StoryText]) -> dict[int, ScriptDraft]:
        drafts, refused = self._ask(stories, {})
        if not refused:
            return drafts
        again = [story for story in stories if story.story_id in refused]
        try:
            mended, left = self._ask(again, refused)
        except StageError as error:
            # Keep the drafts from the first request; only the second one failed.
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
        content = self._chat.ask(
            SYSTEM,
            question(stories, refused),
            schema=schema(len(stories)),
            options={
                **OPTIONS,
                "seed": OPTIONS["seed"] + bool(refused),
                "num_predict": max(FEWEST_TOKENS, TOKENS_A_STORY * len(stories)),
            },
        )
        return read(content, stories, written_by=f"ollama/{self._model}", before=refused)
