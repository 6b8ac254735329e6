from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from admin.auth import create_user
from core import db
from pipelines.people import api_tokens
from tests.admin.conftest import PASSWORD, app, chromium, office, record, settings

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

__all__ = ["app", "chromium", "office", "record", "settings"]


class Program:
    """A program that calls the API with a token."""

    def __init__(self, app: Flask, token: str = "") -> None:
        self.client = app.test_client(use_cookies=False)
        self.token = token

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.ask("GET", path, query_string=query)

    def post(self, path: str, body: Any = None, *, key: str = "", **headers: str) -> TestResponse:
        if key:
            headers["Idempotency-Key"] = key
        return self.ask("POST", path, json=body, headers=headers)

    def ask(self, method: str, path: str, headers: Any = None, **options: Any) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        with db.closed_for_long_work():
            return self.client.open(
                f"/api/v1{path}", method=method, headers=sent | (headers or {}), **options
            )


def program(app: Flask, *scopes: str, role: str = "owner", name: str = "olga") -> Program:
    user = create_user(name, PASSWORD, role)
    _, token = api_tokens.create(user, "a program", scopes, 30, name)
    return Program(app, token)


@pytest.fixture
def operator(app: Flask) -> Program:
    """A program with every scope, in an owner's name."""
    return program(app, *api_tokens.Scope)
