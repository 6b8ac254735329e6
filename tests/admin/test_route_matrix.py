"""Every route, for everybody, by GET, by POST with the form's token and without: no hole.

``scripts/test tests/admin/test_route_matrix.py -s`` prints the table. What each role may do is said
here again, on purpose not read from the pages.
"""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

import pytest

from admin.auth import create_user
from tests.admin.conftest import PASSWORD, Browser
from tests.admin.test_access import PUBLIC, address

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.slow

RISING = ("anonymous", "viewer", "editor", "owner")
READS = {"users.*": "owner", "accounts.callback": "editor", "*": "viewer"}
WRITES = {"users.*": "owner", "limits.*": "owner", "me.*": "viewer", "*": "editor"}
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
