"""What a request may contain, checked in one place before any page reads it.

PostgreSQL's text can't hold NUL, its ids end at 2,147,483,647, and an address or a filter longer
than any value of ours is a mistake or an attack. All of these get a sentence and a status 400 or
404; none reaches a query.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask import Flask, Request, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.routing import IntegerConverter, UnicodeConverter, ValidationError
from werkzeug.utils import cached_property

LARGEST_ID = 2**31 - 1
"""PostgreSQL's ``integer``."""
LONGEST_ADDRESS = 2000
"""Characters of a path, and of each value of its query: more than TikTok's longest redirect has."""
LONGEST_NAME = 100
"""Characters of a field's name."""
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters that nobody types; tabs and line ends are fine."""


class UnseenSignError(BadRequest):
    """A field of a form has a control character."""

    def __init__(self, field: str) -> None:
        super().__init__(
            f'"{field}" contained an invisible control character. It is removed: check the text, '
            "then save again."
        )
        self.field = field


class Fields(ImmutableMultiDict[str, str]):
    """Fields of a form: a number that no column can hold is read like one that is no number."""

    def get(  # type: ignore[override]  # Werkzeug declares it five times over
        self,
        key: str,
        default: Any = None,
        type: Any = None,  # noqa: A002  # Werkzeug's name
    ) -> Any:
        return super().get(key, default, type=_id if type is int else type)

    def getlist(self, key: str, type: Any = None) -> list[Any]:  # noqa: A002  # Werkzeug's name
        return super().getlist(key, type=_id if type is int else type)


class Query(Fields):
    """Fields of an address: a filter that can't be read is refused, not left out.

    A list without the filter that was meant would show, or export, too much.
    """

    def get(  # type: ignore[override]  # Werkzeug declares it five times over
        self,
        key: str,
        default: Any = None,
        type: Any = None,  # noqa: A002  # Werkzeug's name
    ) -> Any:
        if type is int and super().get(key):
            try:
                return _id(super().get(key))
            except ValueError:
                raise BadRequest(
                    f'"{key}" in this address must be a whole number, at most {LARGEST_ID}.'
                ) from None
        return super().get(key, default, type=type)


class CheckedRequest(Request):
    parameter_storage_class = Fields

    @cached_property
    def args(self) -> Query:
        return Query(super().args.items(multi=True))


class _Id(IntegerConverter):
    def to_python(self, value: str) -> int:
        try:
            return _id(value)
        except ValueError:
            raise ValidationError from None


class _Word(UnicodeConverter):
    def to_python(self, value: str) -> str:
        if len(value) > LONGEST_ADDRESS:
            raise ValidationError
        return value


def _id(text: Any) -> int:
    """Raises ValueError when ``text`` is no number that an ``integer`` column can hold."""
    if not re.fullmatch(r"-?[0-9]{1,10}", str(text).strip()):
        raise ValueError("not a number")
    number = int(text)
    if abs(number) > LARGEST_ID:
        raise ValueError("beyond an integer")
    return number


def install(app: Flask) -> None:
    """Before the pages: their addresses use the converters."""
    app.request_class = CheckedRequest
    app.url_map.converters.update(int=_Id, default=_Word, string=_Word)

    @app.before_request
    def check() -> None:
        if UNSEEN.search(request.path) or len(request.path) > LONGEST_ADDRESS:
            raise NotFound
        _check_fields(request.args.items(multi=True), longest=LONGEST_ADDRESS)
        if request.mimetype in FORMS:  # other bodies belong to who reads them, with his own limit
            _check_fields(request.form.items(multi=True), longest=None)


def _check_fields(fields: Iterable[tuple[str, str]], *, longest: int | None) -> None:
    for name, value in fields:
        if len(name) > LONGEST_NAME or UNSEEN.search(name):
            raise BadRequest(
                "A field has a name that can't be read. Reload the page, then try again."
            )
        if UNSEEN.search(value) and longest is None:
            raise UnseenSignError(name)
        if UNSEEN.search(value):
            raise BadRequest(
                f'"{name}" contains an invisible control character. Remove it: typing the text '
                "again, instead of pasting it, helps."
            )
        if longest is not None and len(value) > longest:
            raise BadRequest(f'"{name}" in this address has more than {longest} characters.')
