"""Make an instance of any JSON schema, with text from the stories if the field names fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sandbox.ollama.writing import PromptStory, written

IDS = ("id", "story_id", "key")
SPEC_DEPTH = 12


@dataclass(frozen=True)
class _Asked:
    root: dict[str, Any]
    stories: tuple[PromptStory, ...]


def instance_of(schema: dict[str, Any], stories: list[PromptStory]) -> Any:
    """Return a value that ``schema`` accepts.

    A list of objects with an id has one entry per story. The fields that a script writer may
    want (title, hook, call to action, hashtags, split points) are written from the story.
    Everything else is the smallest allowed value. Supported: types, ``$ref``, ``anyOf``,
    ``oneOf``, ``allOf``, ``enum``, ``const``, lengths, counts and bounds; not ``pattern``.
    """
    first = stories[0] if len(stories) == 1 else None
    return _fill(schema, "", first, _Asked(schema, tuple(stories)), 0)


def _fill(schema: Any, name: str, story: PromptStory | None, asked: _Asked, depth: int) -> Any:
    schema = _resolved(schema, asked)
    if depth > SPEC_DEPTH or schema.get("type") == "null":
        return None
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = _kind(schema)
    if kind == "object":
        return _object(schema, story, asked, depth)
    if kind == "array":
        return _array(schema, name, story, asked, depth)
    return _plain(schema, written(name, story) if story else None, name)


def _plain(schema: dict[str, Any], value: Any, name: str) -> Any:
    kind = _kind(schema)
    if kind == "boolean":
        return bool(schema.get("default", False))
    if kind in ("integer", "number"):
        return _number(schema, kind, value)
    return _text(schema, value, name)


def _resolved(schema: Any, asked: _Asked) -> dict[str, Any]:
    """Follow references and choose one of the alternatives."""
    for _ in range(SPEC_DEPTH):
        if not isinstance(schema, dict):
            return {}
        if "$ref" in schema:
            found: Any = asked.root
            for step in str(schema["$ref"]).lstrip("#/").split("/"):
                found = found.get(step, {})
            schema = found
        elif "allOf" in schema:
            parts = schema["allOf"]
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            merged: dict[str, Any] = {}
            for part in [*parts, rest]:
                merged |= _resolved(part, asked)
            return merged
        elif "anyOf" in schema or "oneOf" in schema:
            choices = schema.get("anyOf") or schema["oneOf"]
            schema = next((c for c in choices if c.get("type") != "null"), choices[0])
        else:
            return schema
    return {}


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if kind:
        return str(kind)
    return "object" if "properties" in schema else "array" if "items" in schema else "string"


def _object(schema: dict[str, Any], story: PromptStory | None, asked: _Asked, depth: int) -> Any:
    properties = schema.get("properties", {})
    return {name: _fill(part, name, story, asked, depth + 1) for name, part in properties.items()}


def _array(
    schema: dict[str, Any], name: str, story: PromptStory | None, asked: _Asked, depth: int
) -> list[Any]:
    items = schema.get("items", {})
    fewest, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
    resolved = _resolved(items, asked)
    if any(field in resolved.get("properties", {}) for field in IDS):
        values = [_fill(items, "", each, asked, depth + 1) for each in asked.stories]
    else:
        found = written(name, story) if story else None
        values = list(found) if isinstance(found, list) else []
        if _kind(resolved) == "object":
            values = []
        values = [_plain(resolved, value, name) for value in values]
    while len(values) < fewest:
        values.append(_fill(items, "", story, asked, depth + 1))
    return values[: int(most)] if most < len(values) else values


def _number(schema: dict[str, Any], kind: str, value: Any) -> float | int:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    high = schema.get("maximum", schema.get("exclusiveMaximum", math.inf))
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float(low)
    number = min(max(number, low), high)
    return int(number) if kind == "integer" else number


def _text(schema: dict[str, Any], value: Any, name: str) -> str:
    text = str(schema.get("default") or name or "text") if value is None else str(value)
    longest = schema.get("maxLength", 10_000)
    if len(text) > longest:
        cut = text[:longest]
        text = cut.rsplit(" ", 1)[0] if " " in cut else cut
    return text.ljust(schema.get("minLength", 0), ".")
