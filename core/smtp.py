"""The mail server, read from one address."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

SCHEMES: dict[str, tuple[Literal["tls", "starttls", "none"], int]] = {
    "smtps": ("tls", 465),
    "smtp+starttls": ("starttls", 587),
    "smtp": ("none", 25),
}
"""How the connection is secured, and the default port (RFC 8314, RFC 6409)."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The server that sends mail, and who signs in there."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read ``smtps://user:password@host:465``; user and password percent-encoded.

        Raises:
            ValueError: it can't be used; the message says why and never quotes it.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            host.encode("idna")
        except ValueError:  # UnicodeError is one too
            raise ValueError("must have the form smtps://user:password@host:465") from None
        if parts.scheme not in SCHEMES:
            raise ValueError(f"must begin with one of {', '.join(f'{s}://' for s in SCHEMES)}")
        if not host or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(
                "must have the form smtps://user:password@host:465; write /, ?, #, @ and : in a "
                "password as %2F, %3F, %23, %40 and %3A"
            )
        security, usual_port = SCHEMES[parts.scheme]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not (user + password).isascii():
            raise ValueError("must have a user and a password of ASCII characters")
        if bool(user) != bool(password):
            raise ValueError("must have both a user and a password, or neither")
        if user and security == "none" and not _is_this_machine(host):
            raise ValueError(
                "would send its password unencrypted: use smtps:// or smtp+starttls://"
            )
        return cls(host, port or usual_port, security, user, password)


def is_mail_address(text: str) -> bool:
    """Whether ``text`` is a plain ``name@host``, without a display name."""
    name, at, host = text.rpartition("@")
    odd = set(text) & set(' \t\r\n,;:<>()[]\\"@')
    return bool(name and at and host) and text.isascii() and text.isprintable() and odd == {"@"}


def addresses(text: str) -> tuple[str, ...]:
    """The addresses in a comma-separated list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
