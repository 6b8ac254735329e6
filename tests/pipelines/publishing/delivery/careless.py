"""The worker and the back office as in production, with a library that reveals too much.

An answer with ``X-Careless`` makes ``requests`` raise an error of no known kind, which repeats
the whole request. That is the worst that a bug in a library could put into a traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from flask import Flask

TIME_OUT = (2.0, 1.0)


class CarelessError(Exception):
    """Its message contains everything it knows."""


def setup() -> None:
    """Like ``workers.main:setup``."""
    from workers import main

    main.setup()
    _be_careless()


def application() -> Flask:
    """Like ``admin.wsgi:application``."""
    from admin import wsgi

    _be_careless()
    return wsgi.application()


def _be_careless() -> None:
    send = requests.Session.send

    def careless(
        session: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        response = send(session, request, **{**options, "timeout": TIME_OUT})
        if "X-Careless" in response.headers:
            raise CarelessError(
                f"{request.method} {request.url} failed: {request.headers} {request.body!r}"
            )
        return response

    requests.Session.send = careless  # type: ignore[method-assign, assignment]
