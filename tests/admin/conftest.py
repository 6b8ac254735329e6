from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from argon2 import PasswordHasher
from jinja2 import FileSystemBytecodeCache
from pydantic import SecretStr
from werkzeug.routing import Rule

from adapters.music.library import Tunes
from adapters.speech.installed_voices import InstalledVoices
from admin.app import create_app
from admin.auth import create_user, passwords
from benchmarks.admin.office import served
from core import crypto, db, queue
from core.settings import Settings
from tests import browsers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from selenium.webdriver.remote.webdriver import WebDriver
    from werkzeug.test import TestResponse

PASSWORD = "correct horse battery"
IN_PRODUCTION = passwords._hasher  # noqa: SLF001  # to be put back


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Passwords hashed with the least work: most tests sign somebody in."""
    with pytest.MonkeyPatch.context() as patch:
        least = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_hasher", least)
        yield


@pytest.fixture
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords hashed as in production, that of an unknown name too."""
    monkeypatch.setattr(passwords, "_hasher", IN_PRODUCTION)
    passwords.dummy_hash.cache_clear()
    yield
    passwords.dummy_hash.cache_clear()


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Jinja's templates, compiled once for all tests."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session", autouse=True)
def rules_compiled_once() -> Iterator[None]:
    """Werkzeug's rules, compiled once for all tests: a new app takes a sixth of the time."""
    compile_builder = Rule._compile_builder  # noqa: SLF001  # Werkzeug has no other name for it
    compiled: dict[tuple[str, str, bool], Any] = {}

    def once(self: Rule, append_unknown: bool = True) -> Any:
        key = (self.rule, repr(self.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(self, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        yield


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    media = tmp_path / "media"
    media.mkdir()
    voices = tmp_path / "voices"
    voices.mkdir()
    return Settings(
        database_url=SecretStr(database_url),
        redis_url=SecretStr(redis_url),
        cryptography_key=SecretStr(crypto.new_key()),
        secret_key=SecretStr("a secret for tests only"),
        media_dir=media,
        intake_dir=tmp_path / "intake",
        voices_dir=voices,
        run_dir=tmp_path / "var" / "run",
        tiktok_client_key="key",
        approval_seconds=0,
    )


@pytest.fixture
def record(settings: Settings) -> Iterator[None]:
    """Set up the process like ``admin.wsgi``; the test has a connection too."""
    crypto.configure(settings.cryptography_key.get_secret_value())
    db.configure(settings.database_url.get_secret_value())
    queue.connect(settings.redis_url.get_secret_value())
    with db.session():
        yield
    db.database.close_all()


class Browser:
    """A person at the back office: submits forms as a browser does, with the CSRF token."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self._token = ""

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._ask("GET", path, **options)

    def json(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.get(path).get_json()
        return answer

    def post(
        self, path: str, *, on: str | None = None, referrer: str = "", **fields: Any
    ) -> TestResponse:
        """Submit a form with a CSRF token; ``referrer`` is the page's path.

        The token is that of the page ``on``, or the last one if it is still good, or of ``/me/``.
        """
        headers = {"Referer": f"http://localhost{referrer}"} if referrer else {}
        if on is None and self._token:
            data = {**fields, "csrf_token": self._token}
            answer = self._ask("POST", path, data=data, headers=headers)
            if answer.status_code != 400:  # nothing is done without a good token
                return answer
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.get(on or "/me/").text)
        self._token = token[1] if token else ""
        data = {**fields, "csrf_token": self._token}
        return self._ask("POST", path, data=data, headers=headers)

    def after(self, answer: TestResponse) -> str:
        """The page that a browser shows after this answer."""
        return self.get(answer.location).text if answer.location else answer.text

    def sign_in(self, name: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        return self.post("/sign-in", on="/sign-in", name=name, password=password, **fields)

    def _ask(self, method: str, path: str, **options: Any) -> TestResponse:
        # The test's connection belongs to this thread, and a request must start without one.
        with db.closed_for_long_work():
            return self.client.open(path, method=method, **options)


@pytest.fixture
def app(settings: Settings, record: None, compiled_templates: FileSystemBytecodeCache) -> Flask:
    app = create_app(
        settings,
        voices=InstalledVoices(settings.voices_dir, heard=settings.media_dir / "heard"),
        music=Tunes(folder=None, cache=settings.media_dir / "music"),
    )
    app.jinja_env.bytecode_cache = compiled_templates
    return app


@pytest.fixture
def office(app: Flask) -> Iterator[str]:
    """URL of the back office, served over HTTP."""
    with served(app) as url:
        yield url


@pytest.fixture
def chromium() -> Iterator[WebDriver]:
    with browsers.chromium() as driver:
        yield driver


@pytest.fixture
def stranger(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def owner(app: Flask) -> Browser:
    return signed_in(app, "olga", "owner")


@pytest.fixture
def editor(app: Flask) -> Browser:
    return signed_in(app, "emil", "editor")


@pytest.fixture
def viewer(app: Flask) -> Browser:
    return signed_in(app, "vera", "viewer")


def signed_in(app: Flask, name: str, role: str) -> Browser:
    create_user(name, PASSWORD, role)
    browser = Browser(app)
    assert browser.sign_in(name).status_code == 303
    return browser
