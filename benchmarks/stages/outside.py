"""What the surveyed worker sees of the outside: the sandbox, and a receiver of webhooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from urllib.parse import urlsplit

from benchmarks.posting.clips import make_clip
from benchmarks.stages import past
from core import crypto
from sandbox.testing import RunningSandbox, running_sandbox

GONE = "/gone"
"""The path at which the receiver asks for no more webhooks."""
TALE = "The letter came ten years late. I answered it the same evening, and nobody was surprised."


@contextmanager
def outside() -> Iterator[tuple[RunningSandbox, str]]:
    """The sandbox and the receiver's address; the settings of this process lead there."""
    with (
        TemporaryDirectory() as name,
        running_sandbox(processing_seconds=0.2, read_a_minute=10_000) as sandbox,
        _receiver() as url,
    ):
        os.environ.update(_settings(Path(name), sandbox, url))
        yield sandbox, url


def _settings(folder: Path, sandbox: RunningSandbox, receiver: str) -> dict[str, str]:
    """The cheapest real voice, picture and encoder setting."""
    (folder / "clips").mkdir()
    (folder / "intake").mkdir()
    (folder / "intake" / past.TABLE).write_text(f"title,text\nA letter,{TALE}\n")
    make_clip(folder / "clips" / "clip.mp4", noise=0)
    known = sandbox.settings
    return {
        "CRYPTOGRAPHY_KEY": crypto.new_key(),
        "SECRET_KEY": crypto.new_key(),
        "MEDIA_DIR": str(folder / "media"),
        "INTAKE_DIR": str(folder / "intake"),
        "BACKGROUND_DIR": str(folder / "clips"),
        "VOICE": "espeak:en-us",
        "X264_PRESET": "ultrafast",
        "LOG_LEVEL": "WARNING",
        "FETCH_ALLOWED_HOSTS": f"{urlsplit(sandbox.url).netloc},{urlsplit(receiver).netloc}",
        "REDDIT_CLIENT_ID": known.reddit_client_id,
        "REDDIT_CLIENT_SECRET": known.reddit_client_secret,
        "REDDIT_URL": sandbox.reddit_url,
        "REDDIT_OAUTH_URL": sandbox.reddit_oauth_url,
        "TIKTOK_CLIENT_KEY": known.tiktok_client_key,
        "TIKTOK_CLIENT_SECRET": known.tiktok_client_secret,
        "TIKTOK_API_URL": sandbox.tiktok_url,
        "TIKTOK_AUTHORIZE_URL": f"{sandbox.tiktok_url}/v2/auth/authorize/",
        "TIKTOK_STUDIO_URL": sandbox.studio_url,
        "OLLAMA_URL": sandbox.ollama_url,
        "SAFETY_MODEL": known.ollama_model,
        "SMTP_URL": sandbox.smtp_url("smtp"),
        "MAIL_FROM": "storymill@bench.example",
        "MAIL_TO": "operator@bench.example",
    }


@contextmanager
def _receiver() -> Iterator[str]:
    """The address of a server that takes every webhook, but for those sent to ``GONE``."""

    class Taken(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(410 if self.path == GONE else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taken)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
