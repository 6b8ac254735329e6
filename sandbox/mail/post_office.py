"""Run the mail server: ports, certificate, fault switches, and the list of mails."""

from __future__ import annotations

import email
import email.policy
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Blueprint, jsonify

from sandbox.calls import Wire
from sandbox.faults import Fault
from sandbox.mail.server import MailServer
from sandbox.records import TakenMail

if TYPE_CHECKING:
    from flask import Response

    from sandbox.world import World

CERTIFICATE_DAYS = 3_650


class PostOffice:
    """Both ports of the mail server, each in its own thread; 0 chooses a free port."""

    def __init__(self, world: World, host: str, data_dir: Path, ports: tuple[int, int]) -> None:
        self._certificate = data_dir / "mail.pem"
        if not self._certificate.exists():
            _write_certificate(self._certificate)
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain(self._certificate)
        self._servers = [
            MailServer(host, port, world, trust, implicit=implicit)
            for port, implicit in zip(ports, (False, True), strict=True)
        ]
        plain, secure = (server.server_address[1] for server in self._servers)
        world.mail_addresses = {
            "host": host,
            "smtp_port": plain,
            "smtps_port": secure,
            "certificate": str(self._certificate),
        }

    def start(self) -> None:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()

    def end(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class MailWire(Wire):
    """The switches of the mail server; its calls are the steps of a session."""

    name = "mail"
    calls = ("connect", "auth", "sender", "recipient", "data")
    own_faults = ()
    faults_by_call: ClassVar = {
        "connect": ("refuses", "busy", "slow", "reset", "no_tls"),
        "auth": ("refuses", "busy", "slow", "reset"),
        "sender": ("refuses", "busy", "slow", "reset"),
        "recipient": ("refuses", "busy", "slow", "reset"),
        "data": ("refuses", "busy", "slow", "reset", "lost_response"),
    }

    def refuse(self, fault: Fault, call: str) -> Response:
        raise NotImplementedError(f"{call} is not an HTTP call, so {fault.fault} can't answer it")


def shown(mail: TakenMail) -> dict[str, Any]:
    """The mail as a mail program would show it."""
    message = email.message_from_string(
        mail.message.replace("\r\n", "\n"), policy=email.policy.default
    )
    texts = {
        kind: part.get_content() if (part := message.get_body((kind,))) else ""
        for kind in ("plain", "html")
    }
    return {
        "id": mail.id,
        "at": mail.at,
        "sender": mail.sender,
        "recipients": mail.recipients,
        "secure": mail.secure,
        "signed_in": mail.signed_in,
        "headers": {name: str(value) for name, value in message.items()},
        "subject": str(message["Subject"] or ""),
        "text": texts["plain"],
        "html": texts["html"],
    }


def mails(world: World) -> Blueprint:
    pages = Blueprint("mails", __name__)

    @pages.get("/sandbox/mails")
    def taken() -> Response:
        """All mails, newest first, and the mail server's ports."""
        newest = [shown(mail) for mail in reversed(world.mails.all())]
        return jsonify(mails=newest, **world.mail_addresses)

    return pages


def _write_certificate(path: Path) -> None:
    """Write a self-signed certificate for this machine, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    begins = datetime.now(UTC) - timedelta(days=1)
    hosts = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.touch(mode=0o600)
    path.write_bytes(plain_key + made.public_bytes(serialization.Encoding.PEM))
