"""Ollama's API as its Python client uses it: chat, generate, tags, show, version."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, request

from sandbox.calls import Refusal, Wire, serving
from sandbox.faults import Fault
from sandbox.ollama.obeying import obey
from sandbox.ollama.schema import instance_of
from sandbox.ollama.writing import plain_answer, prompt_stories

if TYPE_CHECKING:
    from sandbox.world import World

VERSION = "0.13.5"
WORDS_A_PIECE = 4


class Ollama(Wire):
    name = "ollama"
    calls = ("chat", "generate", "tags", "show", "version")
    inner_faults = ("broken_answer", "wrong_schema", "obedient")
    """The answer is cut-off JSON, JSON with the wrong structure, or obeys instructions in the
    stories."""
    own_faults = ("404", "429", "500", "503", *inner_faults)

    def refuse(self, fault: Fault, call: str) -> Response:  # noqa: ARG002 - all calls fail alike
        words = {"429": "too many requests", "503": "server busy, please try again"}
        response = _error(int(fault.fault), words.get(fault.fault, "llama runner failed")).response
        if fault.retry_after is not None:
            response.headers["Retry-After"] = f"{fault.retry_after:g}"
        return response


def ollama(world: World) -> Blueprint:
    api = Blueprint("ollama", __name__)
    wire = Ollama()

    @api.get("/api/version")
    @serving(world, wire, "version")
    def version() -> Response:
        return _json({"version": VERSION})

    @api.get("/api/tags")
    @serving(world, wire, "tags")
    def tags() -> Response:
        name = _full_name(world.settings.ollama_model)
        return _json({"models": [{"name": name, "model": name, **_model()}]})

    @api.post("/api/show")
    @serving(world, wire, "show")
    def show() -> Response:
        _asked(world)
        return _json({**_model(), "model_info": {}, "capabilities": ["completion"]})

    @api.post("/api/chat")
    @serving(world, wire, "chat")
    def chat() -> Response:
        asked = _asked(world)
        messages = asked.get("messages")
        if not isinstance(messages, list):
            raise _error(400, "messages must be a list")
        said = [str(m.get("content", "")) for m in messages if isinstance(m, dict)]
        users = [
            str(m.get("content", ""))
            for m in messages
            if isinstance(m, dict) and m.get("role") == "user"
        ]
        text = _content(world, asked, users[-1] if users else "")

        def part(piece: str) -> dict[str, Any]:
            return {"message": {"role": "assistant", "content": piece}}

        return _spoken(asked, text, " ".join(said), part)

    @api.post("/api/generate")
    @serving(world, wire, "generate")
    def generate() -> Response:
        asked = _asked(world)
        prompt = str(asked.get("prompt", ""))
        text = _content(world, asked, prompt)
        return _spoken(asked, text, prompt, lambda piece: {"response": piece})

    return api


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def _error(status: int, sentence: str) -> Refusal:
    return Refusal(_json({"error": sentence}, status))


def _full_name(model: str) -> str:
    return model if ":" in model else f"{model}:latest"


def _model() -> dict[str, Any]:
    return {
        "modified_at": "2026-09-01T08:00:00Z",
        "size": 2_019_393_189,
        "digest": "a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72",
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": "llama",
            "families": ["llama"],
            "parameter_size": "3.2B",
            "quantization_level": "Q4_K_M",
        },
    }


def _asked(world: World) -> dict[str, Any]:
    """Return the request; raises Refusal 400 if it is no JSON object, 404 for an unknown model."""
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise _error(400, "invalid character in request body")
    model = str(body.get("model", ""))
    if _full_name(model) != _full_name(world.settings.ollama_model):
        raise _error(404, f"model '{model}' not found")
    return body


def _content(world: World, asked: dict[str, Any], text: str) -> str:
    time.sleep(world.settings.ollama_seconds)
    name = g.fault.fault if g.fault else ""
    if name == "wrong_schema":
        return json.dumps({"note": "Sure! Here is something else entirely."})
    stories = prompt_stories(text)
    wanted = asked.get("format")
    if isinstance(wanted, dict):
        filled = instance_of(wanted, stories)
        if name == "obedient":
            obey(filled, stories)
        answer = json.dumps(filled, ensure_ascii=False)
    elif wanted == "json":
        answer = json.dumps({"answer": plain_answer(stories)}, ensure_ascii=False)
    else:
        answer = plain_answer(stories)
    return answer[: len(answer) // 2] if name == "broken_answer" else answer


def _spoken(asked: dict[str, Any], text: str, prompt: str, part: Any) -> Response:
    """Answer line by line, or at once if ``stream`` is false, as Ollama does."""
    model = str(asked["model"])

    def line(piece: str, *, done: bool) -> dict[str, Any]:
        moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return {"model": model, "created_at": moment, **part(piece), "done": done}

    ending = {
        "done_reason": "stop",
        "total_duration": 1_250_000_000,
        "load_duration": 20_000_000,
        "prompt_eval_count": len(prompt.split()),
        "prompt_eval_duration": 90_000_000,
        "eval_count": len(text.split()),
        "eval_duration": 1_100_000_000,
    }
    if asked.get("stream") is False:
        return _json({**line(text, done=True), **ending})

    def lines() -> Iterator[str]:
        words = text.split(" ")
        for first in range(0, len(words), WORDS_A_PIECE):
            piece = " ".join(words[first : first + WORDS_A_PIECE])
            if first + WORDS_A_PIECE < len(words):
                piece += " "
            yield json.dumps(line(piece, done=False)) + "\n"
        yield json.dumps({**line("", done=True), **ending}) + "\n"

    return Response(lines(), mimetype="application/x-ndjson")
