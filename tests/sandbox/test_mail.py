"""The sandbox's mail server, used with the standard library's client."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.testing import RunningSandbox

SENDER, RECIPIENT = "mill@example.com", "hand@example.com"


@contextmanager
def client(sandbox: RunningSandbox, scheme: str) -> Iterator[smtplib.SMTP]:
    url = urlsplit(sandbox.smtp_url(scheme))
    assert url.hostname
    assert url.port
    trust = ssl.create_default_context(cafile=sandbox.mail_certificate)
    if scheme == "smtps":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(url.hostname, url.port, timeout=5, context=trust)
    else:
        smtp = smtplib.SMTP(url.hostname, url.port, timeout=5)
    try:
        if scheme == "smtp+starttls":
            smtp.starttls(context=trust)
        smtp.login(url.username or "", url.password or "")
        yield smtp
    finally:
        smtp.close()


def letter() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Grüße"
    message.set_content("One\n.\n..two\n")
    message.add_alternative("<p>One</p>", subtype="html")
    return message


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls", "smtp"])
def test_a_mail_is_accepted_and_shown_unchanged(sandbox: RunningSandbox, scheme: str) -> None:
    with client(sandbox, scheme) as smtp:
        smtp.send_message(letter(), SENDER, [RECIPIENT])
        smtp.quit()

    (mail,) = sandbox.mails()
    assert (mail["sender"], mail["recipients"]) == (SENDER, [RECIPIENT])
    assert (mail["subject"], mail["text"]) == ("Grüße", "One\n.\n..two\n")
    assert mail["html"].strip() == "<p>One</p>"
    assert (mail["secure"], mail["signed_in"]) == (scheme != "smtp", True)


def test_a_wrong_password_is_refused(sandbox: RunningSandbox) -> None:
    sandbox.change(mail_password="another")
    with pytest.raises(smtplib.SMTPAuthenticationError), client(sandbox, "smtps"):
        pass


@pytest.mark.parametrize(
    ("call", "fault", "code"),
    [
        ("connect", "busy", 421),
        ("auth", "busy", 451),
        ("sender", "refuses", 550),
        ("recipient", "refuses", 550),
        ("data", "refuses", 554),
        ("data", "busy", 451),
    ],
)
def test_switches_answer_with_their_codes(
    sandbox: RunningSandbox, call: str, fault: str, code: int
) -> None:
    # a client that is refused one sign-in method tries the next one
    sandbox.fault("mail", call, fault, times=2 if call == "auth" else 1)

    with pytest.raises(smtplib.SMTPException) as caught, client(sandbox, "smtp") as smtp:
        smtp.send_message(letter(), SENDER, [RECIPIENT])

    error = caught.value
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        assert error.recipients[RECIPIENT][0] == code
    else:
        assert isinstance(error, smtplib.SMTPResponseException)
        assert error.smtp_code == code
    assert sandbox.mails() == []
    with client(sandbox, "smtp") as smtp:
        smtp.send_message(letter(), SENDER, [RECIPIENT])
    assert len(sandbox.mails()) == 1


def test_a_lost_answer_leaves_a_mail_behind(sandbox: RunningSandbox) -> None:
    sandbox.fault("mail", "data", "lost_response")
    with pytest.raises(smtplib.SMTPServerDisconnected), client(sandbox, "smtp") as smtp:
        smtp.send_message(letter(), SENDER, [RECIPIENT])
    assert len(sandbox.mails()) == 1
    assert sandbox.log(wire="mail", fault="lost_response")


def test_a_client_that_requires_tls_fails_without_it(sandbox: RunningSandbox) -> None:
    sandbox.fault("mail", "connect", "no_tls")
    with pytest.raises(smtplib.SMTPNotSupportedError), client(sandbox, "smtp+starttls"):
        pass


def test_it_refuses_unknown_switches(sandbox: RunningSandbox) -> None:
    wrong = {"wire": "mail", "call": "sender", "fault": "lost_response"}
    assert requests.post(f"{sandbox.url}/sandbox/faults", json=wrong, timeout=5).status_code == 400
