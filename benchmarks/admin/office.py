"""The back office in this process: an owner who is signed in, and programs with tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from adapters.music.library import Tunes
from adapters.speech.installed_voices import InstalledVoices
from admin.app import create_app
from admin.auth import create_user
from benchmarks.admin.visits import API
from core import crypto, db
from core.settings import Settings
from models import ApiToken, User
from pipelines.people import api_tokens
from services import ServiceAddresses

NAME, PASSWORD = "olga", "a ladder came home green"  # of nobody
REQUESTS_A_TOKEN = 400
"""The limit of each token is higher."""


class Office:
    """Asks for pages like a browser, and for the API's answers like a program."""

    def __init__(self, place: ServiceAddresses, folder: Path) -> None:
        self.app = _app(place, folder)
        with db.session():
            self._owner = create_user(NAME, PASSWORD, "owner")
        self._browser = self.app.test_client()
        self._program = self.app.test_client(use_cookies=False)
        self._token, self._left = "", 0
        _sign_in(self._browser)

    def get(self, address: str) -> TestResponse:
        if not address.startswith(API):
            return self._browser.get(address)
        return self._program.get(address, headers={"Authorization": f"Bearer {self._token}"})

    def prepare(self, address: str) -> None:
        """Have a token that has requests left."""
        if not address.startswith(API):
            return
        self._left -= 1
        if self._left <= 0:
            with db.session():
                ApiToken.delete().execute()
                user = User.get_by_id(self._owner.id)
                _, self._token = api_tokens.create(user, "bench", list(api_tokens.Scope), 1, NAME)
            self._left = REQUESTS_A_TOKEN


def _app(place: ServiceAddresses, folder: Path) -> Flask:
    for name in ("media", "voices", "intake"):
        (folder / name).mkdir(parents=True)
    settings = Settings(
        database_url=SecretStr(place.database_url),
        redis_url=SecretStr(place.redis_url),
        cryptography_key=SecretStr(crypto.new_key()),
        secret_key=SecretStr(crypto.new_key()),
        media_dir=folder / "media",
        intake_dir=folder / "intake",
        voices_dir=folder / "voices",
        run_dir=folder / "run",
        tiktok_client_key="key",
    )
    return create_app(
        settings,
        voices=InstalledVoices(settings.voices_dir),
        music=Tunes(folder=None, cache=settings.media_dir / "music"),
    )


def _sign_in(browser: FlaskClient) -> None:
    page = browser.get("/sign-in").text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    if token is None:
        raise RuntimeError("the sign-in page has no form")
    fields = {"name": NAME, "password": PASSWORD, "csrf_token": token[1]}
    answer = browser.post("/sign-in", data=fields)
    if answer.status_code != 303:  # noqa: PLR2004  # to the home page
        raise RuntimeError(f"signing in was answered with {answer.status_code}")


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """URL of the back office, served over HTTP."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
