"""Mail by SMTP (RFC 5321), over TLS from the start, by STARTTLS, or plain.

Errors of ``smtplib`` hold what was said, and the sign-in is part of that. So ours are raised
outside the ``except`` block, and of the server's words they keep its codes only.
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
"""Longest wait for one answer. After the last line of a mail a short one only sends it twice."""
LONGEST_SUBJECT = 200
ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
"""A status code of RFC 3463 in the server's answer."""
REFUSED_FOR_GOOD = 500
"""Codes from here on mean "no", those below "not now" (RFC 5321, 4.2.1)."""

# EmailMessage would be the newer way, but it loses blanks between encoded words of a header
# (Python 3.11), and begins some headers with an empty line.
ENCODING = Charset("utf-8")
ENCODING.body_encoding = QP
"""Every byte is ASCII on the way, so that any server can take the mail."""


class SmtpMailer:
    """Sends to the same people each time.

    Parameters:
      server: where mail is handed in.
      sender: address that the mail is from; also names the domain of Message-IDs.
      recipients: addresses of those who post by hand.
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
            self._hand_in(message)
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
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
        for kind, text in (("plain", mail.text), ("html", mail.html)):  # the last is shown first
            part = MIMENonMultipart("text", kind, charset="utf-8")
            part.set_payload(text, ENCODING)
            message.attach(part)
        return message

    def _hand_in(self, message: MIMEMultipart) -> None:
        smtp = self._connected()
        try:
            refused = smtp.send_message(message, self.sender, self.recipients)
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()  # the mail is taken, whatever is said to the good-bye
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
        "refuses the sign-in",
        "correct user and password in SMTP_URL",
        "login_refused",
    ),
    smtplib.SMTPSenderRefused: (
        "refuses the sender",
        "correct MAIL_FROM, or allow it there",
        "sender_refused",
    ),
    smtplib.SMTPRecipientsRefused: (
        "refuses every recipient",
        "correct MAIL_TO",
        "recipient_refused",
    ),
    smtplib.SMTPDataError: ("refuses the mail itself", "its log says why", "mail_refused"),
}
"""What the server refuses, what to do about it, and its code; by the error that says so."""
NO_SERVICE = ("takes no mail from this machine", "allow it there", "mail_refused")


def failure_of(  # noqa: PLR0911  # one return a decision
    error: smtplib.SMTPException | OSError, server: SmtpServer
) -> StageError:
    """What an error of ``smtplib`` or of the network means for the mail."""
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
            return Retryable(f"{where} broke the connection off.", code="lost_answer")
        case ssl.SSLCertVerificationError():
            return Parked(
                f"{where} can't prove that it is {server.host}: correct the host in SMTP_URL, or "
                "name its certificate authority in SSL_CERT_FILE.",
                code="mail_certificate",
            )
        case ssl.SSLError():
            return Parked(
                f"{where} doesn't speak TLS from the start: try smtp+starttls:// and its port.",
                code="mail_no_tls",
            )
        case smtplib.SMTPException():
            lacks = "STARTTLS or no sign-in" if server.security == "starttls" else "sign-in"
            return Parked(
                f"{where} offers no {lacks}: correct the scheme in SMTP_URL, or the user.",
                code="mail_not_offered",
            )
        case _:
            return Retryable(f"{where} can't be reached.", code="unreachable")


def _answer(
    error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException,
) -> tuple[int, str]:
    """The code that decides, and the codes of the server's answer without its words."""
    said: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = min(error.recipients.values(), key=lambda refusal: int(refusal[0]))
    else:
        code, said = error.smtp_code, error.smtp_error
    words = said if isinstance(said, str) else said.decode("latin-1")
    enhanced = ENHANCED.search(words)
    return int(code), f"{code} {enhanced[0]}" if enhanced else str(code)


def _one_line(text: str) -> str:
    """``text`` as a header can hold it: one line, no control characters, not endless."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"
