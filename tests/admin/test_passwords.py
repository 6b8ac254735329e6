"""Which passwords can be chosen, and how a forgotten one is replaced."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from adapters.ports import Mail
from admin.app import create_app
from admin.auth import create_user, users
from core.errors import InputError, Retryable
from models import AuditEntry, OldPassword, SignInSession, SignInTries, User, now
from pipelines.people import reset_links, reset_mail
from pipelines.people.reset_links import ResetLinks
from tests.admin.conftest import PASSWORD, Browser, signed_in

if TYPE_CHECKING:
    from flask import Flask

    from core.settings import Settings

NEW = "lantern gravel otter"


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "10 to 200"),
        ("x" * 201, "10 to 200"),
        ("password1234", "common"),
        ("1234567890", "common"),
        ("qwertyuiop", "common"),
        ("aaaaaaaaaaaaaaa", "easy to guess"),
        ("olga.petersen1", "Choose another"),
        ("storymill1234", "Choose another"),
    ],
)
def test_common_and_guessable_passwords_are_refused(
    record: None, password: str, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        create_user("olga.petersen", password, "owner")


def test_a_long_password_of_any_letters_is_fine(record: None) -> None:
    for number, password in enumerate((NEW, "Ünï çödé 🦦 пароль", "z9" * 3 + NEW * 8)):
        create_user(f"olga{number}", password, "owner")


@pytest.mark.slow
def test_the_last_passwords_can_not_be_chosen_again(record: None) -> None:
    user = create_user("olga", PASSWORD, "owner")
    for number in range(users.KEPT_PASSWORDS + 1):
        users.set_password(user, f"{NEW} {number}", "olga")
        with pytest.raises(InputError, match="used before"):
            users.set_password(user, f"{NEW} {number}", "olga")

    with pytest.raises(InputError, match="used before"):
        users.set_password(user, f"{NEW} 1", "olga")
    users.set_password(user, PASSWORD, "olga")  # long ago
    assert OldPassword.select().count() <= users.KEPT_PASSWORDS + 1


class Post:
    """A mail server that keeps what it gets."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.sent: list[tuple[str, Mail]] = []

    def to(self, recipient: str) -> Post:
        self.recipient = recipient
        return self

    def send(self, mail: Mail) -> None:
        if self.away:
            raise Retryable("The mail server is away.")
        self.sent.append((self.recipient, mail))


@pytest.fixture
def mailing(settings: Settings, record: None) -> Flask:
    """A back office with a mail server, and a user who has an address."""
    create_user("olga", PASSWORD, "owner", email="olga@example.com")
    return create_app(settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:25")}))


@pytest.mark.slow
def test_a_forgotten_password_is_replaced_by_a_mailed_link(
    mailing: Flask, settings: Settings
) -> None:
    # Given a signed-in browser, and strangers whose guesses block the name
    elsewhere, stranger, post = Browser(mailing), Browser(mailing), Post()
    elsewhere.sign_in("olga")
    for _ in range(6):
        stranger.sign_in("olga", "not it")

    # When the person asks for a link, and follows it
    stranger.post("/forgot-password", on="/forgot-password", name="olga")
    assert reset_mail.send_due(post.to, ResetLinks.of(settings)) == 1
    recipient, mail = post.sent[0]
    assert recipient == "olga@example.com"
    found = re.search(r"https?://\S+(/new-password/\S+)", mail.text)
    assert found
    page = stranger.get(found[1])
    assert page.headers["Referrer-Policy"] == "no-referrer"
    refused = stranger.post(found[1], on=found[1], new="password1234")
    assert (refused.status_code, "common" in refused.text) == (422, True)
    assert stranger.post(found[1], on=found[1], new=NEW).location == "/sign-in"

    # Then the old password and every session are gone, and the new one works
    assert elsewhere.get("/").status_code == 302
    assert stranger.sign_in("olga", NEW).status_code == 303
    # And the link works once
    again = stranger.get(found[1])
    assert (again.status_code, "used already" in again.text) == (410, True)


@pytest.mark.slow
def test_the_answer_says_nothing_about_who_exists(mailing: Flask, settings: Settings) -> None:
    create_user("otto", PASSWORD, "viewer")  # without an address
    post, answers = Post(), set()
    for name in ("olga", "otto", "nobody"):
        browser = Browser(mailing)
        answer = browser.post("/forgot-password", on="/forgot-password", name=name)
        shown = browser.get(answer.location).text
        answers.add((answer.status_code, answer.location, "If this user exists" in shown))

    assert answers == {(303, "/sign-in", True)}
    assert reset_mail.send_due(post.to, ResetLinks.of(settings)) == 1


def test_at_most_one_mail_in_five_minutes_and_none_for_ever(
    mailing: Flask, settings: Settings
) -> None:
    post, links = Post(), ResetLinks.of(settings)
    for _ in range(3):
        reset_mail.ask("olga")
        reset_mail.send_due(post.to, links)
    assert len(post.sent) == 1

    # Given that the mail server is away, the mail is tried again, but not for ever
    User.update(reset_mailed_at=None).execute()
    reset_mail.ask("olga")
    away = Post(away=True)
    reset_mail.send_due(away.to, links)
    assert User.get().reset_asked_at is not None
    User.update(reset_asked_at=now() - reset_mail.TRIED_FOR - timedelta(minutes=1)).execute()
    reset_mail.send_due(away.to, links)
    assert User.get().reset_asked_at is None


def test_a_link_ends(mailing: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    links = ResetLinks.of(settings)
    token = links.address(User.get(), timedelta(minutes=30)).rpartition("/")[2]
    assert links.user(token).name == "olga"

    for broken in (token[:-2], "x", "", token + "a"):
        with pytest.raises(InputError, match="incomplete"):
            links.user(broken)
    later = now() + timedelta(minutes=31)
    monkeypatch.setattr(reset_links, "now", lambda: later)
    with pytest.raises(InputError, match="expired"):
        links.user(token)


def test_without_a_mail_server_nobody_can_ask(stranger: Browser) -> None:
    assert stranger.get("/forgot-password").status_code == 404
    assert "Forgot" not in stranger.get("/sign-in").text


@pytest.mark.slow
def test_an_owner_adds_somebody_by_a_link(app: Flask, owner: Browser) -> None:
    page = owner.post("/users/new", on="/users/", name="ada", role="editor").text
    found = re.search(r'value="https?://[^/]+(/new-password/[^"]+)"', page)
    assert found
    ada = Browser(app)
    assert ada.sign_in("ada", "").status_code == 401

    ada.post(found[1], on=found[1], new=NEW)

    assert ada.sign_in("ada", NEW).status_code == 303
    by = [(entry.actor, entry.action) for entry in AuditEntry.select().order_by(AuditEntry.id)]
    assert ("olga", "user.add") in by
    assert ("ada", "user.reset_password") in by


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/users/1/role", {"role": "viewer"}),
        ("/users/new", {"name": "ada", "role": "viewer"}),
        ("/limits/reddit_fetch/set", {"count": "3", "seconds": "60"}),
        ("/accounts/1/disconnect", {}),
        ("/me/email", {"email": "olga@example.com"}),
    ],
)
def test_what_matters_most_asks_for_a_fresh_password(
    app: Flask, owner: Browser, path: str, fields: dict[str, str]
) -> None:
    # Given a session whose password was given an hour ago
    signed_in(app, "vera", "viewer")
    SignInSession.update(proved_at=now() - timedelta(hours=1)).execute()
    entries = AuditEntry.select().count()

    # When it is sent, the password is asked for, and what was typed goes along
    asked = owner.post(path, **fields)
    assert (asked.status_code, "Confirm that it is you" in asked.text) == (200, True)
    assert all(f'name="{name}" value="{value}"' in asked.text for name, value in fields.items())
    wrong = owner.post(path, **fields, proof="not it")
    assert (wrong.status_code, "not your password" in wrong.text) == (403, True)
    assert AuditEntry.select().where(AuditEntry.action != "user.proof_failed").count() == entries

    # Then the password lets it through, and counts for ten minutes
    assert owner.post(path, **fields, proof=PASSWORD).status_code in {200, 303, 404, 422}
    again = owner.post(path, **fields)
    assert again.status_code in {200, 303, 404, 422}
    assert "Confirm that it is you" not in again.text
    assert SignInTries.select().where(SignInTries.tries > 4).count() == 0


@pytest.mark.parametrize(
    ("path", "fields", "page"),
    [
        ("/limits/reddit_fetch/reset", {}, "/limits/"),
        ("/me/sessions/end", {}, "/me/"),
    ],
)
def test_after_a_fresh_password_one_is_back_on_the_page_with_the_form(
    owner: Browser, path: str, fields: dict[str, str], page: str
) -> None:
    # Given a form that was interrupted by the question for a password
    SignInSession.update(proved_at=now() - timedelta(hours=1)).execute()
    asked = owner.post(path, referrer=page, **fields)
    back = re.search(r'name="back" value="([^"]+)"', asked.text)
    assert back

    # When the password is sent from the page that asked
    sent = owner.post(path, referrer=path, **fields, back=back[1], proof=PASSWORD)

    # Then the person is back on the page with the form, not on the address that only takes forms
    assert (sent.status_code, sent.location) == (303, page)
