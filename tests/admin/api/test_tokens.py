"""Tokens: shown once, within a role, ended, and in no log."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from admin.api.resources.operations.undo import SCOPES
from admin.auth import create_user
from admin.auth.users import set_active, set_role
from core.errors import InputError
from core.log import scrub
from models import ApiToken, AuditEntry, Job, JobState, User, now
from pipelines.people import api_tokens
from pipelines.undo_actions import ACTIONS
from tests.admin import records
from tests.admin.api.conftest import Program, program
from tests.admin.conftest import PASSWORD, Browser, signed_in

if TYPE_CHECKING:
    from flask import Flask


def made(browser: Browser, **fields: str) -> str:
    page = browser.post(
        "/api-tokens/new", on="/api-tokens/", name="a program", days="30", **fields
    ).text
    found = re.search(r'value="(sm_[\w-]{43})"', page)
    return found[1] if found else ""


def test_a_person_makes_a_token_uses_it_and_revokes_it(app: Flask) -> None:
    # Given a viewer, who makes a token on the page
    viewer = signed_in(app, "vera", "viewer")
    token = made(viewer, scope="read")
    caller = Program(app, token)

    # When it is used, then it works, and the page says when, but never what it is
    assert caller.get("/stories").status_code == 200
    assert ApiToken.get().last_used_at is not None
    page = viewer.get("/api-tokens/").text
    assert token[:7] in page
    assert token not in page
    assert token not in ApiToken.get().token_hash

    # When it is revoked, then it is refused at once, and both are in the audit log
    viewer.post(f"/api-tokens/{ApiToken.get().id}/revoke", on="/api-tokens/")
    answer = caller.get("/stories")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    actions = [entry.action for entry in AuditEntry.select().order_by(AuditEntry.id)]
    assert actions[-2:] == ["token.create", "token.revoke"]


def test_a_token_does_no_more_than_its_persons_role_allows_now(app: Flask) -> None:
    # Given an editor, who can't make a token for what owners do
    editor = signed_in(app, "emil", "editor")
    assert not made(editor, scope="admin")
    caller = Program(app, made(editor, scope="write:stories"))
    assert caller.post("/stories/1/approve").status_code == 404  # allowed; there is no story
    assert caller.get("/stories").status_code == 403  # "read" was not chosen

    # When the role is lowered, then the token does less; deactivated, nothing
    create_user("olga", PASSWORD, "owner")
    emil = User.get(User.name == "emil")
    set_role(emil.id, "viewer", "olga")
    refused = caller.post("/stories/1/approve")
    assert refused.status_code == 403
    assert "write:stories" in refused.get_json()["detail"]
    set_active(emil.id, "olga", active=False)
    assert caller.post("/stories/1/approve").status_code == 401


def test_a_token_undoes_what_it_may_decide(app: Flask) -> None:
    # Given a token for jobs, and a job that it has cancelled
    caller = program(app, "read", "write:jobs")
    job = records.job("script", records.story().id)
    undo = caller.post(f"/jobs/{job.id}/cancel").get_json()["undo"]
    # When it undoes that, then the job waits again
    assert caller.post(f"/undo/{undo}").status_code == 200
    assert Job.get_by_id(job.id).state == JobState.WAITING
    # And each decision that can be undone has a scope
    assert {action.partition(".")[0] for action in ACTIONS} == set(SCOPES)


def test_a_token_ends(app: Flask) -> None:
    caller = program(app, "read")
    ApiToken.update(expires_at=now() - timedelta(seconds=1)).execute()

    assert caller.get("/stories").status_code == 401


def test_only_owners_revoke_the_tokens_of_others(app: Flask) -> None:
    token_id = made(signed_in(app, "vera", "viewer"), scope="read") and ApiToken.get().id

    signed_in(app, "emil", "editor").post(f"/api-tokens/{token_id}/revoke", on="/api-tokens/")
    assert ApiToken.select().count() == 1
    signed_in(app, "olga", "owner").post(f"/api-tokens/{token_id}/revoke", on="/api-tokens/")
    assert ApiToken.select().count() == 0


def test_a_session_opens_nothing_of_the_api(app: Flask) -> None:
    owner = signed_in(app, "olga", "owner")

    assert owner.get("/api/v1/stories").status_code == 401
    assert owner.get("/api/openapi.json").status_code == 200


def test_no_log_contains_a_token(app: Flask) -> None:
    user = create_user("vera", PASSWORD, "viewer")
    _, token = api_tokens.create(user, "a program", ["read"], 1, "vera")

    assert token not in scrub(f"GET /x {token} failed, 'Authorization': 'Bearer {token}'")


def test_a_token_needs_a_name_scopes_and_an_end(app: Flask) -> None:
    user = create_user("vera", PASSWORD, "viewer")
    refused: tuple[tuple[str, list[str], int | None], ...] = (
        ("", ["read"], 1),
        ("x", [], 1),
        ("x", ["all"], 1),
        ("x", ["read"], 0),
        ("x", ["read"], None),
    )
    for name, scopes, days in refused:
        with pytest.raises(InputError):
            api_tokens.create(user, name, scopes, days, "vera")
