"""Every refusal of the API, as ``application/problem+json`` (RFC 9457), in plain English."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from flask import Blueprint, Response, request
from peewee import DataError, DoesNotExist, IntegrityError
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from admin.api.caller import RefusedError
from admin.api.models import Answer
from admin.auth.throttle import ThrottledError
from core.db import errors as db_errors
from core.db.errors import Meaning
from core.errors import StorymillError
from core.limiter import LimiterUnavailableError
from models import StaleStateError

log = structlog.get_logger(__name__)

TYPE = "application/problem+json"
SENTENCES = {
    404: "There is nothing at this address. It may have been deleted.",
    405: "This address doesn't support this method. The header Allow names those that it does.",
    413: "The request is too large: at most 2 MB.",
}
SHOWN_ERRORS = 20
FAULTS = {
    "extra_forbidden": "There is no such field",
    "missing": "It is missing",
    "string_too_short": "It is empty or too short",
}
"""Of pydantic's faults, those whose own words say little."""


class Fault(Answer):
    """What is wrong with one field."""

    field: str
    fault: str


class Problem(Answer):
    """Why a request was refused."""

    title: str
    """The status in words."""
    status: int
    detail: str
    """What is wrong, and what to do."""
    errors: list[Fault] | None = None
    """The fields that can't be used, for status 422."""


def problem(
    status: int, detail: str, *, errors: list[Fault] | None = None, headers: Any = None
) -> Response:
    body = Problem(title=_title(status), status=status, detail=detail, errors=errors)
    answer = Response(body.model_dump_json(exclude_none=True), status, mimetype=TYPE)
    answer.headers.update(headers or {})
    return answer


def is_asked() -> bool:
    """Whether this request is one of the API's, also if no route of it fits."""
    return request.path.startswith("/api/v1/") or request.path == "/api/v1"


def install(blueprint: Blueprint) -> None:
    answers: tuple[tuple[type[Exception], Callable[[Any], Response]], ...] = (
        (RefusedError, _refused),
        (ValidationError, invalid),
        (ThrottledError, _throttled),
        (LimiterUnavailableError, lambda error: problem(503, str(error))),
        (StaleStateError, lambda error: problem(409, str(error))),
        (StorymillError, lambda error: problem(422, str(error))),
        (DoesNotExist, lambda _: problem(404, SENTENCES[404])),
        (DataError, _unstorable),
        (IntegrityError, _taken),
        (HTTPException, http),
        (Exception, _broken),
    )
    for kind, answer in answers:
        blueprint.register_error_handler(kind, answer)


def http(error: HTTPException) -> Response:
    status = error.code or 500
    headers = {
        name: value
        for name, value in error.get_headers()
        if name.lower() in {"allow", "retry-after", "www-authenticate"}
    }
    return problem(status, SENTENCES.get(status, error.description or ""), headers=headers)


def invalid(error: ValidationError) -> Response:
    """Fields that can't be used, each with its fault."""
    faults = [
        Fault(
            field=".".join(map(str, fault["loc"])) or "body",
            fault=FAULTS.get(fault["type"]) or fault["msg"].removeprefix("Value error, "),
        )
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    broken = next((f for f in error.errors() if f["type"] == "json_invalid"), None)
    if broken is not None:
        return problem(400, "The body is not JSON. Check its quotes and brackets.")
    what = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return problem(422, f"{what.field}: {what.fault}{more}.", errors=faults[:SHOWN_ERRORS])


def _refused(error: RefusedError) -> Response:
    return problem(error.status, str(error), headers=error.headers)


def _throttled(error: ThrottledError) -> Response:
    return problem(429, str(error), headers={"Retry-After": str(error.seconds)})


def _unstorable(error: DataError) -> Response:
    log.warning("value_refused_by_database", path=request.path, error=type(error).__name__)
    return problem(422, "A value is too long, or of the wrong kind.")


def _taken(error: IntegrityError) -> Response:
    log.warning("row_refused_by_database", path=request.path, error=type(error).__name__)
    return problem(409, "This conflicts with another change. Read the row again, then decide.")


def _broken(error: Exception) -> Response:
    match db_errors.meaning(error):
        case Meaning.AWAY | Meaning.FULL:
            log.warning("database_away", error=str(error).strip())
            return problem(
                503, "The database is unavailable. Nothing is lost; try again in a moment."
            )
        case Meaning.AGAIN | Meaning.LATER:
            log.warning("database_busy", error=str(error).strip())
            return problem(503, "Other work was in the way, so nothing was changed. Try again.")
    log.error("api_failed", path=request.path, exc_info=error)
    return problem(500, "Something went wrong. The error was logged.")


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
