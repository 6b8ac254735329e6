"""Environment of the demo's processes: the operator's own settings, the sandbox for the rest."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from scripts.local_secrets import local_secrets
from services import ensure_running

SANDBOX_PORT = 8799
SMTP_PORT = 8025
BACK_OFFICE_PORT = 8080


@dataclass(frozen=True, slots=True)
class DemoEnvironment:
    """What the demo runs in.

    Attributes:
        variables: environment of every process.
        stands_in: services that the sandbox stands in for.
        sandbox_url: its address; None if it stands in for nothing.
    """

    variables: dict[str, str]
    stands_in: tuple[str, ...]
    sandbox_url: str | None
    sandbox_port: int
    smtp_port: int
    public_url: str
    admin_password: str


def prepare(root: Path) -> DemoEnvironment:
    """Start PostgreSQL and Redis, and fill in the settings that the environment lacks."""
    addresses = ensure_running(root)
    secrets = local_secrets(root)
    sandbox_port = free_port(SANDBOX_PORT)
    office_port = os.environ.get("PORT") or free_port(BACK_OFFICE_PORT)
    smtp_port = free_port(SMTP_PORT)
    sandbox = f"http://127.0.0.1:{sandbox_port}"
    settled = {
        "DATABASE_URL": addresses.database_url,
        "REDIS_URL": addresses.redis_url,
        "CRYPTOGRAPHY_KEY": secrets["CRYPTOGRAPHY_KEY"],
        "SECRET_KEY": secrets["SECRET_KEY"],
        "PORT": f"{office_port}",
        "PUBLIC_URL": f"http://127.0.0.1:{office_port}",
        "PYTHONUNBUFFERED": "1",
    }
    stands_in: list[str] = []
    if not _given("REDDIT_CLIENT_ID"):
        stands_in.append("Reddit")
        settled |= {
            "REDDIT_CLIENT_ID": "sandbox-reddit-id",
            "REDDIT_CLIENT_SECRET": "sandbox-reddit-secret",
            "REDDIT_URL": f"{sandbox}/reddit",
            "REDDIT_OAUTH_URL": f"{sandbox}/reddit/",
        }
    if not _given("TIKTOK_CLIENT_KEY"):
        stands_in.append("TikTok")
        settled |= {
            "TIKTOK_CLIENT_KEY": "sandbox-client-key",
            "TIKTOK_CLIENT_SECRET": "sandbox-client-secret",
            "TIKTOK_API_URL": f"{sandbox}/tiktok",
            "TIKTOK_AUTHORIZE_URL": f"{sandbox}/tiktok/v2/auth/authorize/",
            "TIKTOK_STUDIO_URL": f"{sandbox}/tiktok/tiktokstudio",
        }
    if not _given("OLLAMA_URL"):
        stands_in.append("Ollama")
        settled |= {"OLLAMA_URL": f"{sandbox}/ollama"}
    if not _given("SMTP_URL"):
        stands_in.append("the mail server")
        settled |= {
            "SMTP_URL": f"smtp://sandbox-mail:sandbox-mail-password@127.0.0.1:{smtp_port}",
            "MAIL_FROM": "storymill@demo.example",
            "MAIL_TO": "operator@demo.example",
        }
    given = {name: os.environ[name] for name in settled if os.environ.get(name)}
    by_file = {name for name in settled if os.environ.get(f"{name}_FILE")}
    variables = {**os.environ, **settled, **given}
    for name in by_file - given.keys():
        del variables[name]
    return DemoEnvironment(
        variables=variables,
        stands_in=tuple(stands_in),
        sandbox_url=sandbox if stands_in else None,
        sandbox_port=sandbox_port,
        smtp_port=smtp_port,
        public_url=variables.get("PUBLIC_URL", f"http://127.0.0.1:{office_port}"),
        admin_password=secrets["ADMIN_PASSWORD"],
    )


def _given(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def free_port(wanted: int) -> int:
    """``wanted``, or any free port if another program uses it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RuntimeError("this machine has no free port")
