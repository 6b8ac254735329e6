from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher

from admin.app import create_app
from admin.auth import create_user, is_local, passwords
from admin.auth.passwords import hash_password
from core.errors import InputError
from models import AuditEntry, SignInSession, User
from tests.admin.conftest import PASSWORD, Browser

if TYPE_CHECKING:
    from flask import Flask

    from core.settings import Settings


def test_the_right_password_leads_to_the_requested_page(stranger: Browser) -> None:
    create_user("olga", PASSWORD, "owner")

    answer = stranger.sign_in("olga", next="/stories/?state=waiting")

    assert answer.location == "/stories/?state=waiting"
    assert stranger.get("/stories/?state=waiting").status_code == 200
    assert AuditEntry.get().action == "user.sign_in"


def test_wrong_names_and_passwords_get_the_same_answer(stranger: Browser) -> None:
    create_user("olga", PASSWORD, "owner")

    wrong = stranger.sign_in("olga", "not the password")
    unknown = stranger.sign_in("nobody", "not the password")

    assert wrong.status_code == unknown.status_code == 401
    assert "Wrong name or password" in wrong.text
    assert stranger.get("/").status_code == 302


@pytest.mark.slow
@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil", ""],
)
def test_sign_in_never_leads_to_another_site(stranger: Browser, elsewhere: str) -> None:
    create_user("olga", PASSWORD, "owner")

    assert not is_local(elsewhere)
    assert stranger.sign_in("olga", next=elsewhere).location == "/"


def test_a_session_planted_before_sign_in_is_not_kept(stranger: Browser) -> None:
    create_user("olga", PASSWORD, "owner")
    with stranger.client.session_transaction() as planted:
        planted["id"] = planted["more"] = "known to somebody else"

    stranger.sign_in("olga")

    with stranger.client.session_transaction() as session:
        assert "known to somebody else" not in session.values()


@pytest.mark.slow
def test_a_new_password_ends_the_other_sessions(app: Flask, owner: Browser) -> None:
    elsewhere = Browser(app)
    elsewhere.sign_in("olga")

    owner.post("/me/password", old=PASSWORD, new="another good password")

    assert owner.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302
    assert elsewhere.sign_in("olga").status_code == 401
    assert elsewhere.sign_in("olga", "another good password").status_code == 303


def test_a_password_that_is_reset_while_the_old_one_is_checked_stays(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a user whose hash is of an older kind, and is written again when it is checked
    user, reset = create_user("olga", PASSWORD, "owner"), hash_password("another password")
    older = PasswordHasher(time_cost=1, memory_cost=19_456, parallelism=1)
    User.update(password_hash=older.hash(PASSWORD)).execute()

    # When an owner resets the password meanwhile
    check = passwords.is_password_of_stranger

    def check_slowly(hashed: str | None, password: str) -> bool:
        right = check(hashed, password)
        User.update(password_hash=reset).execute()
        return right

    monkeypatch.setattr(passwords, "is_password_of_stranger", check_slowly)
    answer = stranger.sign_in("olga")

    # Then the old one is refused, and the new one stays
    assert answer.location.startswith("/sign-in")
    assert not SignInSession.select().exists()
    assert User.get_by_id(user.id).password_hash == reset


def test_a_deactivated_user_is_signed_out_at_once(owner: Browser, viewer: Browser) -> None:
    vera = User.get(User.name == "vera")

    owner.post(f"/users/{vera.id}/switch", on="/users/")

    assert viewer.get("/").status_code == 302
    assert viewer.sign_in("vera").status_code == 401


def test_the_last_owner_cannot_be_locked_out(owner: Browser) -> None:
    me = User.get(User.name == "olga")

    owner.post(f"/users/{me.id}/role", on="/users/", role="viewer")
    owner.post(f"/users/{me.id}/switch", on="/users/")

    me = User.get(User.name == "olga")
    assert (me.role, me.active) == ("owner", True)


def test_sign_out_needs_a_form(owner: Browser) -> None:
    assert owner.get("/sign-out").status_code == 405
    assert owner.get("/").status_code == 200

    assert owner.post("/sign-out").status_code == 303

    assert owner.get("/").status_code == 302


def test_an_old_cookie_opens_nothing_after_signing_out(app: Flask, owner: Browser) -> None:
    # Given a copy of the cookie of a signed-in browser
    thief = Browser(app)
    stolen = owner.client.get_cookie("storymill")
    assert stolen is not None
    thief.client.set_cookie("storymill", stolen.value)
    assert thief.get("/").status_code == 200

    # When the person signs out
    owner.post("/sign-out")

    # Then the copy opens no page and sends no form, and the end is in the audit log
    assert thief.get("/").status_code == 302
    assert thief.post("/stories/paste", on="/sign-in", title="x").status_code == 401
    assert not SignInSession.select().exists()
    assert AuditEntry.select().order_by(AuditEntry.id.desc()).get().action == "user.sign_out"


def test_the_cookie_is_hidden_from_scripts_other_sites_and_plain_http(
    settings: Settings, record: None
) -> None:
    create_user("olga", PASSWORD, "owner")
    secure = settings.model_copy(update={"public_url": "https://office.example"})
    client = create_app(secure).test_client()

    page = client.get("/sign-in", base_url="https://office.example")
    cookie = page.headers["Set-Cookie"]

    assert cookie.startswith("__Host-storymill=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    # and from then on browsers use HTTPS only, here and below
    policy = page.headers["Strict-Transport-Security"]
    assert int(policy.split(";")[0].removeprefix("max-age=")) >= 365 * 86_400
    assert "includeSubDomains" in policy
    plain = create_app(settings).test_client().get("/sign-in")
    assert "Strict-Transport-Security" not in plain.headers


def test_passwords_are_stored_as_argon2id_only(record: None) -> None:
    user = create_user("olga", PASSWORD, "owner")

    assert user.password_hash.startswith("$argon2id$")
    with pytest.raises(InputError, match="already"):
        create_user("olga", PASSWORD, "owner")
    with pytest.raises(InputError, match="role"):
        create_user("otto", PASSWORD, "king")
