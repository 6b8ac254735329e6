"""Settings are read once, and every problem is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import crypto
from core.errors import ConfigurationError
from core.settings import Settings, read

GOOD = {
    "DATABASE_URL": "postgresql://user:hush@db:5432/storymill",
    "REDIS_URL": "redis://:hush@queue:6379/0",
    "CRYPTOGRAPHY_KEY": crypto.new_key(),
    "SECRET_KEY": "a-long-enough-session-key",
}


def test_good_settings_are_read_with_their_defaults() -> None:
    settings = read(GOOD)
    assert settings.database_url.get_secret_value() == GOOD["DATABASE_URL"]
    assert settings.voice == "espeak:en-us"
    assert settings.redirect_uri == "http://127.0.0.1:8080/accounts/callback"


def test_every_problem_is_listed_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read({"CRYPTOGRAPHY_KEY": "short", "VOICE": "gramophone", "BACKGROUND_DIR": "/no/such"})
    sentences = str(caught.value)
    for variable in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CRYPTOGRAPHY_KEY", "VOICE"):
        assert variable in sentences
    assert "the folder /no/such does not exist: create it or unset the variable" in sentences


@pytest.mark.parametrize("key", ["short", "x" * 44, "ä" * 44, "AAAA,"])
def test_a_garbled_key_is_named_without_being_repeated(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read({**GOOD, "CRYPTOGRAPHY_KEY": key})
    assert "is not a Fernet key" in str(caught.value)
    assert "scripts/manage new-key" in str(caught.value)
    assert key.strip(",") not in str(caught.value)


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "database_url"
    secret.write_text(GOOD["DATABASE_URL"] + "\n")
    without = {name: value for name, value in GOOD.items() if name != "DATABASE_URL"}
    settings = read({**without, "DATABASE_URL_FILE": str(secret)})
    assert settings.database_url.get_secret_value() == GOOD["DATABASE_URL"]

    with pytest.raises(ConfigurationError, match="DATABASE_URL_FILE: can't read /no/such"):
        read({**without, "DATABASE_URL_FILE": "/no/such"})


def test_settings_never_show_their_secrets() -> None:
    assert "hush" not in repr(read(GOOD))
    assert GOOD["CRYPTOGRAPHY_KEY"] not in repr(read(GOOD))


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())
