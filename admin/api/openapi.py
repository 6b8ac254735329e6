"""The OpenAPI 3.1 document, made from the types of the operations."""

from __future__ import annotations

import re
from functools import cache
from inspect import cleandoc
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from admin.api import idempotency
from admin.api.operation import READING, Operation
from admin.api.problems import TYPE, Problem
from admin.api.routes import OPERATIONS, PREFIX
from admin.api.webhook_bodies import ANSWERS, BODIES, HEADERS, SUMMARIES
from admin.http.inputs import LARGEST_ID
from pipelines.people.api_tokens import NEEDED, WORDS
from pipelines.subscriptions.events import EventName

REF = "#/components/schemas/{model}"
ABOUT = """
What the pages of the back office do, for programs.

Make a token on the page **API tokens** and send it with each request:
`Authorization: Bearer sm_…`. A token has scopes:

{scopes}

Lists give `next`: send it as `cursor` to get the page after. Send an `Idempotency-Key` with a
change that you may have to repeat: it has one effect, and each repetition within 24 hours gets the
same answer. `docs/api.md` shows each of these with curl.
"""
REFUSALS = {
    400: "The request can't be read: its JSON, a header or a character in its address.",
    401: "There is no token, or it is unknown, revoked or over.",
    403: "The token lacks the scope, or its user's role no longer allows it.",
    404: "There is no such row.",
    405: "This address doesn't support this method.",
    409: "Somebody else was faster, or the row is in a state that doesn't allow it.",
    413: "The request is larger than 2 MB.",
    415: "The body is not sent as application/json.",
    422: "A field, or what is asked for, can't be used.",
    429: "Too many requests. `Retry-After` says how many seconds to wait.",
    500: "Something went wrong, and was logged.",
    503: "The database is away or busy. Nothing was changed.",
}
ALWAYS = (400, 401, 403, 404, 405, 422, 429, 500, 503)
OF_CHANGES = (409, 413, 415)
RATE = {
    "RateLimit-Limit": "Requests allowed in the window.",
    "RateLimit-Remaining": "Requests left now.",
    "RateLimit-Reset": "Seconds until there are more.",
    "RateLimit-Policy": "The limit and its window in seconds, as `600;w=60`.",
}


@cache
def document() -> dict[str, Any]:
    schemas, references = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        path, parameters = _path(each)
        paths.setdefault(path, {})[each.method.lower()] = _operation(
            each, parameters, schemas, references
        )
    scopes = "\n".join(f"- `{s}`: {WORDS[s]} (role {NEEDED[s]})" for s in WORDS)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Storymill API",
            "version": "1",
            "description": ABOUT.strip().format(scopes=scopes),
        },
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(each.tag for each in OPERATIONS)],
        "paths": paths,
        "webhooks": {str(event): {"post": _webhook(event, references)} for event in BODIES},
        "components": {
            "schemas": schemas,
            "responses": {f"E{status}": _refusal(status) for status in REFUSALS},
            "headers": {
                name: {"description": words, "schema": {"type": "string"}}
                for name, words in RATE.items()
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas() -> tuple[dict[str, Any], dict[tuple[Any, JsonSchemaMode], Any]]:
    wanted: dict[tuple[Any, JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for each in OPERATIONS:
        if each.answer is not None:
            wanted[each.answer, "serialization"] = None
        for asked in (each.query, each.body):
            if asked is not None:
                wanted[asked, "validation"] = None
    for body in BODIES.values():
        wanted[body, "serialization"] = None
    references, found = models_json_schema(list(wanted), ref_template=REF)
    return found["$defs"], dict(references)


def _webhook(event: EventName, references: dict[tuple[Any, JsonSchemaMode], Any]) -> dict[str, Any]:
    """The request that subscribers get."""
    words = SUMMARIES[event]
    content = {"application/json": {"schema": references[BODIES[event], "serialization"]}}
    return {
        "operationId": f"webhook_{event.replace('.', '_')}",
        "summary": words[0].upper() + words[1:],
        "tags": ["webhooks"],
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": about,
                "schema": {"type": "string"},
            }
            for name, about in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": content},
        "responses": {status: {"description": about} for status, about in ANSWERS.items()},
    }


def _path(each: Operation) -> tuple[str, list[dict[str, Any]]]:
    """The path in OpenAPI's notation, and the ids in it."""
    ids = re.findall(r"<(?:(\w+):)?(\w+)>", each.path)
    number = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
    word = {"type": "string", "minLength": 1, "maxLength": 60, "pattern": "^[a-z_]+$"}
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": number if kind == "int" else word,
        }
        for kind, name in ids
    ]
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", each.path), parameters


def _operation(
    each: Operation,
    parameters: list[dict[str, Any]],
    schemas: dict[str, Any],
    references: dict[tuple[Any, JsonSchemaMode], Any],
) -> dict[str, Any]:
    _, _, more = cleandoc(each.act.__doc__ or "").partition("\n\n")
    statuses = ALWAYS if each.method == READING else tuple(sorted((*ALWAYS, *OF_CHANGES)))
    written: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.summary,
        "description": f"{more}\n\nScope: `{each.scope}`".strip(),
        "tags": [each.tag],
        "parameters": parameters + _query(each, schemas, references),
        "responses": {
            str(each.status): {
                "description": "Done." if each.method != READING else "Found.",
                "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in RATE},
                "content": _content(each, references),
            },
            **{str(status): {"$ref": f"#/components/responses/E{status}"} for status in statuses},
        },
    }
    if each.method != READING:
        written["parameters"].append(_key())
    if each.body is not None:
        content: dict[str, Any] = {"schema": references[each.body, "validation"]}
        if each.examples:
            content["examples"] = {
                name.replace(" ", "-"): {"summary": name.capitalize(), "value": value}
                for name, value in each.examples.items()
            }
        needed = any(info.is_required() for info in each.body.model_fields.values())
        written["requestBody"] = {"required": needed, "content": {"application/json": content}}
    return written


def _content(each: Operation, references: dict[tuple[Any, JsonSchemaMode], Any]) -> dict[str, Any]:
    if each.answer is None:
        return {each.media: {"schema": {"type": "string", "format": "binary"}}}
    return {"application/json": {"schema": references[each.answer, "serialization"]}}


def _query(
    each: Operation,
    schemas: dict[str, Any],
    references: dict[tuple[Any, JsonSchemaMode], Any],
) -> list[dict[str, Any]]:
    if each.query is None:
        return []
    name = references[each.query, "validation"]["$ref"].rpartition("/")[2]
    schema = schemas[name]
    return [
        {
            "name": field,
            "in": "query",
            "required": field in schema.get("required", ()),
            "description": about.get("description", ""),
            "schema": {key: value for key, value in about.items() if key != "description"},
        }
        for field, about in schema["properties"].items()
    ]


def _key() -> dict[str, Any]:
    return {
        "name": idempotency.HEADER,
        "in": "header",
        "description": "Makes it harmless to repeat this request within 24 hours.",
        "schema": {"type": "string", "pattern": r"^[!-~]{1,200}$"},
    }


def _refusal(status: int) -> dict[str, Any]:
    written: dict[str, Any] = {
        "description": REFUSALS[status],
        "content": {TYPE: {"schema": {"$ref": REF.format(model="Problem")}}},
    }
    if status == 429:  # noqa: PLR2004  # too many requests
        written["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return written
