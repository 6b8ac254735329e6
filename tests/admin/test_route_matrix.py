"""Every route, for everybody, by GET, by POST with the form's token and without: no hole.

``scripts/test tests/admin/test_route_matrix.py -s`` prints the table. What each role may do is said
here again, on purpose not read from the pages.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING

import pytest

from admin.api import caller
from admin.api.routes import OPERATIONS
from admin.auth import create_user
from core.limiter import Limit
from models import User
from pipelines.people.api_tokens import Scope
from tests.admin.api.conftest import Program, program
from tests.admin.conftest import PASSWORD, Browser
from tests.admin.test_access import OF_PROGRAMS, PUBLIC, address

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.slow

RISING = ("anonymous", "viewer", "editor", "owner")
READS = {
    "users.*": "owner",
    "accounts.callback": "editor",
    "first_steps.*": "editor",
    "*": "viewer",
}
WRITES = {
    "users.*": "owner",
    "limits.*": "owner",
    "subscriptions.*": "owner",
    "backups.*": "owner",
    "me.*": "viewer",
    "apitokens.*": "viewer",
    "*": "editor",
}
SCOPES = {
    "GET users": "admin",
    "GET audit": "admin",
    "GET settings": "admin",
    "GET webhooks": "admin",
    "GET *": "read",
    "* stories": "write:stories",
    "* scripts": "write:stories",
    "* videos": "write:stories",
    "* sources": "write:sources",
    "* channels": "write:sources",
    "* posts": "write:posts",
    "* accounts": "write:accounts",
    "* groups": "write:accounts",
    "* jobs": "write:jobs",
    "* failures": "write:jobs",
    "* schedules": "write:jobs",
    "* undo": "read",
    "* *": "admin",
}
"""Which scope opens an operation of the API, by method and resource."""
ROLES = {"read": "viewer", "admin": "owner"}
"""Least roles behind the scopes; of the others, editor."""
UNSIGNED = {"webhook_receiver.tiktok"}
"""Needs TikTok's signature instead of a form's token."""


def least(rules: dict[str, str], endpoint: str) -> str:
    return next(role for pattern, role in rules.items() if fnmatch(endpoint, pattern))


def test_no_route_lets_the_wrong_one_in(app: Flask) -> None:
    # Given somebody of each role, signed in, and a first user whom owners deactivate and sign out
    create_user("first", PASSWORD, "viewer")
    for role in RISING[1:]:
        create_user(role, PASSWORD, role)
    people = {role: Browser(app) for role in RISING}
    rules = [
        (rule.endpoint, address(app, rule).replace("/sessions/1/", "/sessions/404/"), method)
        for rule in app.url_map.iter_rules()
        for method in sorted({"GET", "POST"} & (rule.methods or set()))
        if rule.endpoint not in {"static", "home.static", "auth.sign_out"} | UNSIGNED
        and not rule.endpoint.startswith(OF_PROGRAMS)
    ]
    for role in RISING[1:]:
        assert people[role].sign_in(role).status_code == 303

    # When each asks for each route
    holes, lines = [], []
    for endpoint, path, method in sorted(rules):
        row = []
        for role, browser in people.items():
            if method == "GET":
                answers = [browser.get(path).status_code]
            else:
                bare = browser._ask("POST", path).status_code  # noqa: SLF001  # without its token
                page = "/sign-in" if role == "anonymous" else "/me/"
                answers = [browser.post(path, on=page).status_code, bare]
                if bare != 400:
                    holes.append((endpoint, role, "without a token", bare))
            row.append("/".join(map(str, answers)))
            if endpoint not in PUBLIC:
                wanted = least(READS if method == "GET" else WRITES, endpoint)
                opened = answers[0] not in {302, 401, 403}
                if method == "GET" and answers[0] == 302 and role != "anonymous":
                    opened = True  # sent on to another page of ours
                if opened != (RISING.index(role) >= RISING.index(wanted)):
                    holes.append((endpoint, role, method, answers[0]))
        lines.append(f"{endpoint:32} {method:5}" + "".join(f"{cell:>12}" for cell in row))
    print(f"\n{'route':38}" + "".join(f"{role:>12}" for role in RISING))  # noqa: T201  # the table
    print("\n".join(lines))  # noqa: T201  # the table

    # Then nobody gets in where only others may, and no form works without its token
    assert not holes
    assert len(lines) > 100


def test_no_operation_lets_the_wrong_token_in(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STRANGERS", "REQUESTS"):
        monkeypatch.setattr(caller, name, Limit(f"{name}_of_all_routes", 10_000, 60.0))
    # Given a token of each scope, tokens of every scope in the name of lower roles, and none
    create_user("vera", PASSWORD, "viewer")
    session = Browser(app)
    session.sign_in("vera")
    callers: dict[str, Program] = {
        scope: program(app, scope, name=f"owner of {scope}") for scope in Scope
    }
    for role in RISING[1:3]:
        callers[role] = lowered(app, role)
    callers["none"] = Program(app)

    # When each asks for each operation, of rows that don't exist
    holes, lines = [], []
    for operation in OPERATIONS:
        path = re.sub(r"<[^>]*>", "404", operation.path)
        row = []
        for name, asker in callers.items():
            status = asker.ask(operation.method, path).status_code
            row.append(status)
            wanted = least(SCOPES, f"{operation.method} {operation.tag}")
            role = ROLES.get(wanted, "editor")
            may = name == wanted or (name in RISING and RISING.index(name) >= RISING.index(role))
            refused = 401 if name == "none" else 403
            if (status == refused) == may or (not may and status != refused):
                holes.append((operation.name, name, status))
        if operation.method == "GET":  # a cookie counts for nothing
            assert session.get(f"/api/v1{path}").status_code == 401
        cells = "".join(f"{status:>15}" for status in row)
        lines.append(f"{operation.name:32} {operation.method:6}{cells}")
    print(f"\n{'operation':39}" + "".join(f"{name:>15}" for name in callers))  # noqa: T201  # the table
    print("\n".join(lines))  # noqa: T201  # the table

    # Then each is opened by its scope only, in the name of its role only
    assert not holes


def lowered(app: Flask, role: str) -> Program:
    """A program with every scope, whose person has only ``role`` by now."""
    found = program(app, *Scope, name=f"now {role}")
    User.update(role=role).where(User.name == f"now {role}").execute()
    return found
