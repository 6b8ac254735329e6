"""Mail by SMTP (RFC 5321), over TLS from the start, with STARTTLS, or unencrypted.

Errors of ``smtplib`` contain what was sent, including the sign-in. So our errors are raised outside
the ``except`` block, and they keep only the codes of the server's answer.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import format_datetime, formataddr

import structlog

from adapters.ports import Mail
from core.errors import Parked, Retryable, StageError
from core.smtp import SmtpServer

log = structlog.get_logger(__name__)

SECONDS = 60.0
"""Longest wait for one answer. A short wait after a mail's last line could send it twice."""
LONGEST_SUBJECT = 200
ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
"""A status code of RFC 3463 in the server's answer."""
REFUSED_FOR_GOOD = 500
"""Codes from this one on are permanent, lower codes temporary (RFC 5321, 4.2.1)."""

# EmailMessage is newer, but it loses spaces between encoded words of a header (Python 3.11), and
# starts some headers with an empty line.
ENCODING = Charset("utf-8")
ENCODING.body_encoding = QP
"""The mail is sent as ASCII, so any server can accept it."""


class SmtpMailer:
    """Sends to the same people each time.

    Parameters:
      server: the mail server.
      sender: the sender's address; Message-IDs use its domain.
      recipients: addresses of the people who post by hand.
      seconds: longest wait for one answer.
    """

    def __init__(
        self,
        *,
        server: SmtpServer,
        sender: str,
        recipients: Sequence[str],
        seconds: float = SECONDS,
    ) -> None:
        self.server = server
        self.sender = sender
        self.recipients = tuple(recipients)
        self.seconds = seconds

    def send(self, mail: Mail) -> None:
        """See ``Mailer.send``."""
        message = self.message(mail)
        failure: StageError
        try:
            self._send(message)
        except (smtplib.SMTPException, OSError) as error:
            failure = failure_of(error, self.server)
        else:
            return
        raise failure

    def check(self) -> None:
        """Connect and sign in, without sending anything; raises as ``send`` does."""
        failure: StageError
        try:
            with self._connected() as smtp:
                smtp.noop()
        except (smtplib.SMTPException, OSError) as error:
            failure = failure_of(error, self.server)
        else:
            return
        raise failure

    def message(self, mail: Mail) -> MIMEMultipart:
        domain, subject = self.sender.rpartition("@")[2], _one_line(mail.subject)
        message = MIMEMultipart("alternative")
        message["From"] = formataddr(("Storymill", self.sender))
        message["To"] = ", ".join(self.recipients)
        charset = "ascii" if subject.isascii() else "utf-8"
        message["Subject"] = Header(subject, charset, header_name="Subject").encode()
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{mail.key}@{domain}>"
        message["References"] = f"<{mail.thread}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents out-of-office replies
        for kind, text in (("plain", mail.text), ("html", mail.html)):  # the last is preferred
            part = MIMENonMultipart("text", kind, charset="utf-8")
            part.set_payload(text, ENCODING)
            message.attach(part)
        return message

    def _send(self, message: MIMEMultipart) -> None:
        smtp = self._connected()
        try:
            refused = smtp.send_message(message, self.sender, self.recipients)
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()  # the mail is accepted, whatever the answer to this is
        finally:
            smtp.close()
        if refused:
            codes = sorted(code for code, _ in refused.values())
            log.warning("mail_recipients_refused", refused=len(refused), codes=codes)

    def _connected(self) -> smtplib.SMTP:
        host, port, trust = self.server.host, self.server.port, ssl.create_default_context()
        if self.server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=self.seconds, context=trust)
        else:
            smtp = smtplib.SMTP(host, port, timeout=self.seconds)
        try:
            if self.server.security == "starttls":
                smtp.starttls(context=trust)
            if self.server.user:
                smtp.login(self.server.user, self.server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


REFUSALS: dict[type[smtplib.SMTPException], tuple[str, str, str]] = {
    smtplib.SMTPAuthenticationError: (
        "rejects the sign-in",
        "correct user and password in SMTP_URL",
        "login_refused",
    ),
    smtplib.SMTPSenderRefused: (
        "rejects the sender",
        "correct MAIL_FROM, or allow this sender on the server",
        "sender_refused",
    ),
    smtplib.SMTPRecipientsRefused: (
        "rejects every recipient",
        "correct MAIL_TO",
        "recipient_refused",
    ),
    smtplib.SMTPDataError: ("rejects the mail itself", "the server's log says why", "mail_refused"),
}
"""For each error of ``smtplib``: what the server does, what to do about it, and our code."""
NO_SERVICE = (
    "accepts no mail from this machine",
    "allow this machine on the server",
    "mail_refused",
)


def failure_of(  # noqa: PLR0911  # one return a decision
    error: smtplib.SMTPException | OSError, server: SmtpServer
) -> StageError:
    """The error to raise for an error of ``smtplib`` or of the network."""
    where = f"The mail server {server.host}:{server.port}"
    match error:
        case smtplib.SMTPRecipientsRefused() | smtplib.SMTPResponseException():
            code, answer = _answer(error)
            if code < REFUSED_FOR_GOOD:
                return Retryable(f"{where} is busy ({answer}).", code="mail_busy")
            does, advice, name = REFUSALS.get(type(error), NO_SERVICE)
            return Parked(f"{where} {does} ({answer}): {advice}.", code=name)
        case (
            smtplib.SMTPServerDisconnected()
            | ConnectionResetError()
            | TimeoutError()
            | ssl.SSLEOFError()
        ):
            return Retryable(
                f"{where} did not answer, or closed the connection.", code="lost_answer"
            )
        case ssl.SSLCertVerificationError():
            return Parked(
                f"{where} has no valid certificate for {server.host}: correct the host in "
                "SMTP_URL, or set SSL_CERT_FILE to its certificate authority.",
                code="mail_certificate",
            )
        case ssl.SSLError():
            return Parked(
                f"{where} doesn't use TLS from the start: try smtp+starttls:// and its port.",
                code="mail_no_tls",
            )
        case smtplib.SMTPException():
            lacks = "STARTTLS or no sign-in" if server.security == "starttls" else "sign-in"
            return Parked(
                f"{where} offers no {lacks}: correct the scheme or the user in SMTP_URL.",
                code="mail_not_offered",
            )
        case _:
            return Retryable(f"{where} can't be reached.", code="unreachable")


def _answer(
    error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException,
) -> tuple[int, str]:
    """The deciding code, and the codes of the server's answer without its text."""
    said: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = min(error.recipients.values(), key=lambda refusal: int(refusal[0]))
    else:
        code, said = error.smtp_code, error.smtp_error
    words = said if isinstance(said, str) else said.decode("latin-1")
    enhanced = ENHANCED.search(words)
    return int(code), f"{code} {enhanced[0]}" if enhanced else str(code)


def _one_line(text: str) -> str:
    """``text`` for a header: one line, no control characters, of limited length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"
