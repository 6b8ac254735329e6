"""A mail server that stores mails (RFC 5321), for the mails to people who post by hand.

It listens on two ports: one starts plain and offers STARTTLS, the other uses TLS from the start.
Both accept the sign-in from the settings (AUTH PLAIN and LOGIN) and use the sandbox's own
certificate.
"""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from sandbox.faults import Fault, reset
from sandbox.records import TakenMail

if TYPE_CHECKING:
    from sandbox.world import World

IDLE_SECONDS = 60.0
MOST_BYTES = 10_000_000

NO = {"auth": b"535 5.7.8 wrong user or password", "data": b"554 5.6.0 mail refused"}
NO_OTHERS = b"550 5.7.1 refused"
LATER = b"451 4.7.1 too busy, try again later"


class MailServer(socketserver.ThreadingTCPServer):
    """One port of the mail server; ``implicit`` speaks TLS from the first byte."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self, host: str, port: int, world: World, trust: ssl.SSLContext, *, implicit: bool
    ) -> None:
        self.world, self.trust, self.implicit = world, trust, implicit
        super().__init__((host, port), _Session)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client that disconnects is no error."""


class _Gone(Exception):
    """The session is over."""


class _Session(socketserver.BaseRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.socket: socket.socket = self.request
        self.socket.settimeout(IDLE_SECONDS)
        self.buffer = b""
        self.user = False
        self.offers_tls = True
        self._forget()
        try:
            if self.server.implicit:
                self._secure()
            self._greet()
            while True:
                self._obey(self._line())
        except (_Gone, OSError):
            self.socket.close()

    # ── commands ─────────────────────────────────────────────────────────────────────────────

    def _greet(self) -> None:
        fault = self._strikes("connect")
        if fault is not None and fault.fault == "no_tls":
            self.offers_tls = False
        elif fault is not None:
            self._say(b"421 4.3.2 busy" if fault.fault == "busy" else b"554 5.7.1 sender refused")
            raise _Gone
        self._say(b"220 sandbox ESMTP")

    def _obey(self, line: bytes) -> None:
        word, _, rest = line.partition(b" ")
        match word.upper():
            case b"EHLO":
                self._say(b"250-sandbox", b"250-8BITMIME", *self._offers(), b"250 SIZE 10000000")
            case b"HELO" | b"NOOP":
                self._say(b"250 ok")
            case b"STARTTLS" if self.offers_tls and not self._is_secure:
                self._say(b"220 go ahead")
                self._secure()
            case b"AUTH":
                self._sign_in(rest)
            case b"MAIL" | b"RCPT":
                self._address(word.upper(), rest)
            case b"DATA":
                self._take()
            case b"RSET":
                self._forget()
                self._say(b"250 ok")
            case b"QUIT":
                self._say(b"221 bye")
                raise _Gone
            case _:
                self._say(b"502 5.5.1 unknown")

    def _offers(self) -> list[bytes]:
        starttls = [b"250-STARTTLS"] if self.offers_tls and not self._is_secure else []
        return [*starttls, b"250-AUTH PLAIN LOGIN"]

    def _sign_in(self, rest: bytes) -> None:
        kind, _, first = rest.partition(b" ")
        if kind.upper() == b"PLAIN":
            given = _decoded(first or self._asked(b"334 ")).split(b"\0")[-2:]
        elif kind.upper() == b"LOGIN":
            user = first or self._asked(b"334 VXNlcm5hbWU6")
            given = [_decoded(user), _decoded(self._asked(b"334 UGFzc3dvcmQ6"))]
        else:
            self._say(b"504 5.5.4 unknown method")
            return
        settings = self.server.world.settings
        if not self._passes("auth"):
            return
        self.user = given == [settings.mail_user.encode(), settings.mail_password.encode()]
        self._say(b"235 2.7.0 welcome" if self.user else NO["auth"])

    def _address(self, word: bytes, rest: bytes) -> None:
        """MAIL FROM:<…> and RCPT TO:<…>."""
        address = rest.partition(b"<")[2].partition(b">")[0].decode("ascii", "replace")
        if not self._passes("sender" if word == b"MAIL" else "recipient"):
            return
        if word == b"MAIL":
            self._forget()
            self.sender = address
        else:
            self.recipients.append(address)
        self._say(b"250 ok")

    def _take(self) -> None:
        if not self.recipients:
            self._say(b"503 5.5.1 no recipient")
            return
        self._say(b"354 go on")
        lines, size = [], 0
        while (line := self._line()) != b".":
            size += len(line) + 2
            lines.append(line.removeprefix(b"."))
            if size > MOST_BYTES:
                raise _Gone
        fault = self._strikes("data")
        if fault is not None and fault.fault != "lost_response":
            self._refuse("data", fault)
            return
        taken = TakenMail(
            self.sender,
            self.recipients,
            b"\r\n".join(lines).decode("ascii", "replace"),
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            self._is_secure,
            self.user,
        )
        self.server.world.mails.put(taken.id, taken)
        self._forget()
        if fault is not None:
            self._cut()
        self._say(b"250 2.0.0 accepted")

    def _forget(self) -> None:
        self.sender = ""
        self.recipients: list[str] = []

    # ── switches ─────────────────────────────────────────────────────────────────────────────

    def _passes(self, call: str) -> bool:
        """Whether no fault applies; otherwise it has answered already."""
        fault = self._strikes(call)
        if fault is not None:
            self._refuse(call, fault)
        return fault is None

    def _strikes(self, call: str) -> Fault | None:
        wait, fault = self.server.world.faults.take("mail", call, "")
        time.sleep(wait)
        self._log(call, fault.fault if fault else "slow" if wait else "", wait)
        if fault is not None and fault.fault == "reset":
            self._cut()
        return fault

    def _refuse(self, call: str, fault: Fault) -> None:
        self._say(LATER if fault.fault == "busy" else NO.get(call, NO_OTHERS))

    def _log(self, call: str, fault: str, wait: float) -> None:
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "wire": "mail",
            "call": call,
            "method": "SMTP",
            "path": "",
            "status": None if fault in {"reset", "lost_response"} else 550 if fault else 250,
            "account": "",
            "fault": fault,
            "milliseconds": round(wait * 1000, 1),
            "bytes": 0,
        }
        self.server.world.log.add(entry)

    # ── bytes ────────────────────────────────────────────────────────────────────────────────

    @property
    def _is_secure(self) -> bool:
        return isinstance(self.socket, ssl.SSLSocket)

    def _secure(self) -> None:
        # Earlier input can't be trusted: somebody in between may have inserted it.
        self.buffer = b""
        self.socket = self.server.trust.wrap_socket(self.socket, server_side=True)
        self.socket.settimeout(IDLE_SECONDS)

    def _asked(self, question: bytes) -> bytes:
        self._say(question)
        return self._line()

    def _say(self, *lines: bytes) -> None:
        self.socket.sendall(b"".join(line + b"\r\n" for line in lines))

    def _line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            piece = self.socket.recv(65_536)
            if not piece or len(self.buffer) > MOST_BYTES:
                raise _Gone
            self.buffer += piece
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def _cut(self) -> NoReturn:
        reset(self.socket)
        raise _Gone


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
