"""An operation of the API: a function with typed values, behind one method and address.

Its parameters say what it takes: ids from the address, ``query`` and ``body`` from the request,
each checked by its type before the function is called. Its result's type says what it answers. The
OpenAPI document is made from the same types.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_type_hints

import structlog
from flask import Response, request
from pydantic import BaseModel
from werkzeug.exceptions import UnsupportedMediaType

from admin.api import idempotency
from admin.api.caller import RefusedError, caller
from pipelines.people.api_tokens import NEEDED, Scope

log = structlog.get_logger(__name__)

READING = "GET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one address."""

    method: str
    path: str
    """Below ``/api/v1``, in Flask's notation."""
    scope: Scope
    summary: str
    act: Callable[..., BaseModel | Response]
    status: int = 200
    media: str = ""
    """The type of a file that it answers with."""
    examples: dict[str, Any] = field(default_factory=dict)
    """Bodies by what they do; a test sends them."""
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    answer: type[BaseModel] | None
    """None: it answers with a file."""

    @property
    def name(self) -> str:
        """Unique: the resource and what is done."""
        return f"{self.tag}_{self.act.__name__}"

    @property
    def tag(self) -> str:
        return self.act.__module__.rpartition(".")[2]

    def __call__(self, **values: Any) -> Response:
        """Answer the request; ``values`` are the ids in its address."""
        if not caller().may(self.scope):
            needs = f'This needs the scope "{self.scope}" and the role {NEEDED[self.scope]}'
            raise RefusedError(403, f"{needs}: the token, or the role of its user, lacks it.")
        if self.query is not None:
            values["query"] = self.query.model_validate(request.args.to_dict())
        if self.method == READING:
            return self._answer(values)
        if self.body is not None:
            values["body"] = self.body.model_validate_json(_json())
        answer = idempotency.once(lambda: self._answer(values))
        log.info("api_change", operation=self.name, token=caller().token.id, by=caller().name)
        return answer

    def _answer(self, values: dict[str, Any]) -> Response:
        result = self.act(**values)
        if isinstance(result, Response):
            return result
        return Response(result.model_dump_json(), self.status, mimetype="application/json")


def operation(
    method: str,
    path: str,
    scope: Scope,
    *,
    status: int = 200,
    media: str = "",
    examples: dict[str, Any] | None = None,
) -> Callable[[Callable[..., BaseModel | Response]], Operation]:
    """Make an ``Operation`` of a function; the first line of its docstring is the summary."""

    def made(act: Callable[..., BaseModel | Response]) -> Operation:
        types = get_type_hints(act)
        return Operation(
            method=method,
            path=path,
            scope=scope,
            summary=(act.__doc__ or "").strip().partition("\n")[0].rstrip("."),
            act=act,
            status=status,
            media=media,
            examples=examples or {},
            query=types.get("query"),
            body=types.get("body"),
            answer=None if media else types["return"],
        )

    return made


def _json() -> bytes:
    """The body; an empty one counts as ``{}``, for operations whose fields may all be left out."""
    body = request.get_data()
    if not body:
        return b"{}"
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as JSON: Content-Type: application/json.")
    return body
