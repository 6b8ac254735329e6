"""Mail over the sandbox's real SMTP: what arrives, and which error every refusal becomes."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from adapters.mail.smtp import SmtpMailer
from adapters.ports import Mail
from core.errors import Parked, Retryable, StageError
from core.smtp import SmtpServer
from sandbox.testing import RunningSandbox

MAIL = Mail(
    key="post-7.a1",
    thread="post-7",
    subject="Post by hand: Die grüne Leiter 🪜",
    text="Download: https://office.example/download/canary-link\n" + "long " * 600 + "\n",
    html="<p>Die grüne Leiter</p>",
)
PASSWORD = "sandbox-mail-password"


@pytest.fixture
def sandbox(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """The sandbox, whose mail server is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(sandbox.mail_certificate))
    return sandbox


def mailer(
    sandbox: RunningSandbox, scheme: str = "smtp+starttls", seconds: float = 5
) -> SmtpMailer:
    return SmtpMailer(
        server=SmtpServer.parse(sandbox.smtp_url(scheme)),
        sender="mill@example.com",
        recipients=("hand@example.com", "other@example.org"),
        seconds=seconds,
    )


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls", "smtp"])
def test_a_mail_arrives_unchanged(sandbox: RunningSandbox, scheme: str) -> None:
    mailer(sandbox, scheme).send(MAIL)

    (arrived,) = sandbox.mails()
    assert arrived["subject"] == MAIL.subject
    assert (arrived["text"], arrived["html"].strip()) == (MAIL.text, MAIL.html)
    assert arrived["recipients"] == ["hand@example.com", "other@example.org"]
    assert arrived["secure"] == (scheme != "smtp")
    headers = arrived["headers"]
    assert headers["From"] == "Storymill <mill@example.com>"
    assert headers["To"] == "hand@example.com, other@example.org"
    assert headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("length", [60, 69, 78, 120, 199])
@pytest.mark.parametrize("words", ["word ", "ü", "a ü "])
def test_subjects_of_any_length_arrive(sandbox: RunningSandbox, length: int, words: str) -> None:
    subject = " ".join((words * length)[:length].split())
    mailer(sandbox, "smtp").send(replace(MAIL, subject=subject))
    (arrived,) = sandbox.mails()
    assert arrived["headers"]["Subject"] == subject


def test_the_same_mail_has_the_same_name_and_one_thread(sandbox: RunningSandbox) -> None:
    for mail in (MAIL, MAIL, replace(MAIL, key="post-7.b2")):
        mailer(sandbox).send(mail)

    third, second, first = (mail["headers"] for mail in sandbox.mails())
    assert first["Message-ID"] == second["Message-ID"] == "<post-7.a1@example.com>"
    assert third["Message-ID"] == "<post-7.b2@example.com>"
    assert {each["References"] for each in (first, second, third)} == {"<post-7@example.com>"}


def test_a_title_adds_no_header_and_no_recipient(sandbox: RunningSandbox) -> None:
    title = "Ladder\r\nBcc: thief@example.net\r\n\r\nBody\x00\u2028" + "x" * 3000

    mailer(sandbox).send(replace(MAIL, subject=title, text="plain\n.\nend\n"))

    (arrived,) = sandbox.mails()
    assert arrived["subject"].startswith("Ladder Bcc: thief@example.net Body xxx")
    assert len(arrived["subject"]) == 200
    assert "Bcc" not in arrived["headers"]
    assert arrived["text"] == "plain\n.\nend\n"
    assert "thief@example.net" not in arrived["recipients"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "fault", "kind", "expected"),
    [
        ("connect", "busy", Retryable, ("mail_busy", "is busy (421 4.3.2)")),
        ("connect", "refuses", Parked, ("mail_refused", "accepts no mail from this machine (554")),
        ("connect", "reset", Retryable, ("lost_answer", "closed the connection")),
        ("connect", "no_tls", Parked, ("mail_not_offered", "offers no STARTTLS")),
        ("auth", "busy", Retryable, ("mail_busy", "is busy (451")),
        ("auth", "refuses", Parked, ("login_refused", "correct user and password in SMTP_URL")),
        ("sender", "refuses", Parked, ("sender_refused", "correct MAIL_FROM")),
        ("sender", "busy", Retryable, ("mail_busy", "is busy (451")),
        ("recipient", "refuses", Parked, ("recipient_refused", "correct MAIL_TO")),
        ("recipient", "busy", Retryable, ("mail_busy", "is busy (451")),
        ("data", "refuses", Parked, ("mail_refused", "rejects the mail itself (554 5.6.0)")),
        ("data", "busy", Retryable, ("mail_busy", "is busy (451")),
        ("data", "lost_response", Retryable, ("lost_answer", "closed the connection")),
    ],
)
def test_every_refusal_becomes_an_error_with_a_sentence(
    sandbox: RunningSandbox,
    call: str,
    fault: str,
    kind: type[StageError],
    expected: tuple[str, str],
) -> None:
    sandbox.fault("mail", call, fault, times=None)

    with pytest.raises(kind) as caught:
        mailer(sandbox).send(MAIL)

    assert caught.value.code == expected[0]
    assert expected[1] in str(caught.value)
    assert_no_secret(caught.value)
    assert len(sandbox.mails()) == (1 if fault == "lost_response" else 0)


def test_one_refused_recipient_does_not_stop_the_others(sandbox: RunningSandbox) -> None:
    sandbox.fault("mail", "recipient", "refuses", times=1)
    mailer(sandbox).send(MAIL)
    assert sandbox.mails()[0]["recipients"] == ["other@example.org"]


def test_a_wrong_password_is_named_and_not_shown(sandbox: RunningSandbox) -> None:
    sandbox.change(mail_password="something else")
    rejected = r"rejects the sign-in \(535 5\.7\.8\)"
    with pytest.raises(Parked, match=rejected) as caught:
        mailer(sandbox).send(MAIL)
    assert_no_secret(caught.value)
    with pytest.raises(Parked, match=rejected) as caught:
        mailer(sandbox).check()
    assert_no_secret(caught.value)


def test_a_check_signs_in_and_sends_nothing(sandbox: RunningSandbox) -> None:
    mailer(sandbox).check()
    assert sandbox.mails() == []


def test_a_server_that_hangs_times_out(sandbox: RunningSandbox) -> None:
    sandbox.fault("mail", "sender", "slow", seconds=2)
    with pytest.raises(Retryable, match="closed the connection"):
        mailer(sandbox, seconds=0.3).send(MAIL)


def test_an_unreachable_server_is_tried_again(sandbox: RunningSandbox) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = SmtpServer("127.0.0.1", unused.getsockname()[1], "none")
        with pytest.raises(Retryable, match="can't be reached") as caught:
            SmtpMailer(server=server, sender="a@b.example", recipients=("c@d.example",)).send(MAIL)
    assert caught.value.code == "unreachable"


def test_a_server_without_a_valid_certificate_gets_no_password(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a certificate that no authority has signed
    monkeypatch.delenv("SSL_CERT_FILE")
    for scheme in ("smtps", "smtp+starttls"):
        with pytest.raises(Parked, match=r"has no valid certificate for 127\.0") as caught:
            mailer(sandbox, scheme).send(MAIL)
        assert caught.value.code == "mail_certificate"
    assert not sandbox.log(wire="mail", call="auth")


def test_tls_on_a_plain_port_is_explained(sandbox: RunningSandbox) -> None:
    server = replace(SmtpServer.parse(sandbox.smtp_url("smtp")), security="tls")
    wrong = SmtpMailer(server=server, sender="a@b.example", recipients=("c@d.example",))
    with pytest.raises(Parked, match=r"doesn't use TLS from the start: try smtp\+starttls://"):
        wrong.send(MAIL)


def assert_no_secret(error: BaseException) -> None:
    """Neither in the error's message, nor in an error that caused it."""
    assert error.__cause__ is None
    assert error.__context__ is None
    for secret in (PASSWORD, "canary-link", "sandbox-mail"):
        assert secret not in repr(error)
