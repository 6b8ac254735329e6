"""Codes of an authenticator app, and recovery codes: each works once."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
from pydantic import SecretStr

from admin.app import create_app
from admin.auth import create_user, two_factor
from admin.auth.throttle import NAME
from core import crypto
from core.db import database
from models import AuditEntry, RecoveryCode, SignInSession, User, now
from pipelines import key_rotation
from pipelines.publishing.accounts import token_recovery
from tests.admin.conftest import PASSWORD, Browser, signed_in

if TYPE_CHECKING:
    from flask import Flask

    from core.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture
def app_of_phone(owner: Browser) -> pyotp.TOTP:
    """Olga's phone, set up on her page; its first code is used up."""
    page = owner.post("/me/two-factor").text
    assert "<svg" in page
    phone = pyotp.TOTP(User.get(User.name == "olga").totp_secret)
    spaced = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert spaced
    assert spaced[1].replace(" ", "") == phone.secret
    wrong = owner.post("/me/two-factor/confirm", code="000000")
    assert (wrong.status_code, "shows another code" in wrong.text) == (422, True)
    done = owner.post("/me/two-factor/confirm", code=phone.now())
    assert "never shown again" in done.text
    return phone


@pytest.fixture
def codes(owner: Browser, app_of_phone: pyotp.TOTP) -> list[str]:
    page = owner.post("/me/recovery-codes").text
    return re.findall(r"<li><code>([A-Z0-9-]+)</code>", page)


def later(phone: pyotp.TOTP, monkeypatch: pytest.MonkeyPatch, seconds: int) -> str:
    """The code that the phone shows then; our clock says so too."""
    then = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: then)
    return str(phone.at(then))


def test_the_password_alone_no_longer_signs_in(
    app: Flask, app_of_phone: pyotp.TOTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(app)

    # When the password is right
    first = browser.sign_in("olga", next="/stories/")

    # Then a code is asked for, and no page is open
    assert first.location == "/sign-in/code?next=/stories/"
    assert browser.get("/").status_code == 302
    # And a wrong code is refused, and the next right one signs in, to where the person wanted
    assert browser.post("/sign-in/code", on="/sign-in/code", code="123456").status_code == 401
    code = later(app_of_phone, monkeypatch, 60)
    second = browser.post("/sign-in/code", on="/sign-in/code", code=code, next="/stories/")
    assert second.location == "/stories/"
    assert browser.get("/").status_code == 200


def test_a_code_works_once(
    app: Flask, app_of_phone: pyotp.TOTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = later(app_of_phone, monkeypatch, 60)
    answers = []
    for _ in range(2):
        browser = Browser(app)
        browser.sign_in("olga")
        answers.append(browser.post("/sign-in/code", on="/sign-in/code", code=code).status_code)

    assert answers == [303, 401]
    # nor does an older one after it
    browser.sign_in("olga")
    older = app_of_phone.at(time.time() - two_factor.STEP_SECONDS)
    assert browser.post("/sign-in/code", on="/sign-in/code", code=older).status_code == 401


def test_a_recovery_code_works_once(app: Flask, codes: list[str]) -> None:
    assert len(codes) == 10
    answers = []
    for code in (codes[3].lower(), codes[3], codes[4]):
        browser = Browser(app)
        browser.sign_in("olga")
        answers.append(browser.post("/sign-in/code", on="/sign-in/code", code=code).status_code)

    assert answers == [303, 401, 303]
    assert RecoveryCode.select().count() == 8
    used = AuditEntry.select().where(AuditEntry.action == "user.recovery_code_used")
    assert used.count() == 2


def test_codes_can_not_be_guessed(app: Flask, app_of_phone: pyotp.TOTP) -> None:
    browser = Browser(app)
    browser.sign_in("olga")

    answers = [
        browser.post("/sign-in/code", on="/sign-in/code", code=f"{n:06}").status_code
        for n in range(NAME.free + 3)
    ]

    assert answers == [401] * (NAME.free + 1) + [429] * 2


def test_the_first_step_is_good_for_a_few_minutes_and_one_password(
    app: Flask, app_of_phone: pyotp.TOTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(app)
    assert browser.get("/sign-in/code").location == "/sign-in?next=/"
    browser.sign_in("olga")
    code = later(app_of_phone, monkeypatch, 600)

    answer = browser.post("/sign-in/code", on="/sign-in", code=code)

    assert answer.location == "/sign-in?next=/"
    assert browser.get("/").status_code == 302


def test_secrets_are_encrypted_hashed_and_rotated(
    app_of_phone: pyotp.TOTP, codes: list[str], settings: Settings
) -> None:
    # Given a secret and recovery codes in the database
    stored = database.execute_sql("SELECT totp_secret FROM person").fetchone()[0]
    assert app_of_phone.secret not in stored
    assert all(row.code_hash.startswith("$argon2id$") for row in RecoveryCode.select())

    # When the key is rotated
    old = settings.cryptography_key.get_secret_value()
    token_recovery.configure(settings.media_dir)
    crypto.configure(f"{crypto.new_key()},{old}")
    assert "person.totp_secret" in {str(column) for column in key_rotation.encrypted_columns()}
    key_rotation.rotate()

    # Then the secret is under the new one
    now_stored = database.execute_sql("SELECT totp_secret FROM person").fetchone()[0]
    assert now_stored.startswith(crypto.keyring().newest)
    assert User.get().totp_secret == app_of_phone.secret
    assert codes


def test_turning_codes_on_ends_the_other_sessions_and_off_needs_a_proof(
    app: Flask, owner: Browser, app_of_phone: pyotp.TOTP
) -> None:
    SignInSession.update(proved_at=now() - timedelta(hours=1)).execute()

    asked = owner.post("/me/two-factor/off")

    assert (asked.status_code, "Confirm that it is you" in asked.text) == (200, True)
    assert User.get().totp_since is not None
    owner.post("/me/two-factor/off", proof=PASSWORD)
    assert (User.get().totp_since, RecoveryCode.select().count()) == (None, 0)


def test_an_owner_turns_off_the_codes_of_a_lost_phone(
    app: Flask, owner: Browser, app_of_phone: pyotp.TOTP
) -> None:
    other = signed_in(app, "otto", "owner")
    olga = User.get(User.name == "olga")

    other.post(f"/users/{olga.id}/two-factor/off", on="/users/")

    assert Browser(app).sign_in("olga").location == "/"


@pytest.mark.parametrize(
    ("who", "role", "opens"),
    [
        ("optional", "owner", True),
        ("owners", "owner", False),
        ("owners", "editor", True),
        ("everyone", "viewer", False),
    ],
)
def test_whoever_must_use_codes_comes_no_further_without(
    settings: Settings, record: None, who: str, role: str, *, opens: bool
) -> None:
    settings = settings.model_copy(update={"two_factor": who, "smtp_url": SecretStr("")})
    create_user("olga", PASSWORD, role)
    browser = Browser(create_app(settings))
    browser.sign_in("olga")

    answer = browser.get("/stories/")

    assert (answer.status_code == 200) is opens
    if not opens:
        assert answer.location == "/me/"
        assert "authenticator app" in browser.get("/me/").text
