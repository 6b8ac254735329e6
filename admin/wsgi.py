"""The back office process: settings → database, queue and TikTok → ``admin.app.create_app``.

Served by gunicorn as ``admin.wsgi:application()``.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from adapters.llm.ollama_chat import OllamaChat
from adapters.mail.smtp import SmtpMailer
from adapters.music.library import Tunes
from adapters.ports import Authorizer, Services, Voices
from adapters.reddit.api import RedditSource
from adapters.speech.installed_voices import InstalledVoices
from adapters.tiktok.api.posting import TikTokAuthorizer
from admin.app import create_app
from core import crypto, db, log, queue, settings, telemetry
from core.db import migrate
from core.errors import ConfigurationError
from core.settings import Settings
from core.smtp import SmtpServer, addresses
from core.telemetry import endpoint
from pipelines import key_rotation
from pipelines.publishing.accounts import token_recovery

if TYPE_CHECKING:
    from flask import Flask


CHECK_SECONDS = 8.0
"""Longest wait for an answer to a check of the first steps."""
BOOT_ERROR = 3
"""The exit code that tells gunicorn not to restart the worker."""


def application() -> Flask:
    """Set up the process and create its application; exit when the configuration is wrong."""
    try:
        return _application()
    except ConfigurationError as error:
        print(f"The back office can't start. {error}", file=sys.stderr)
        sys.exit(BOOT_ERROR)


def _application() -> Flask:
    config = settings.current()
    endpoint.check_host(config.metrics_host)
    log.configure("web", config.log_level)
    for name in ("gunicorn.access", "gunicorn.error"):  # URLs may be download links
        logging.getLogger(name).addFilter(log.Scrubbed())
    crypto.configure(config.cryptography_key.get_secret_value())
    db.configure(config.database_url.get_secret_value())
    db.check(config.database_url.get_secret_value())
    migrate.forward()
    token_recovery.configure(config.media_dir)
    key_rotation.check_readable()
    config.media_dir.mkdir(parents=True, exist_ok=True)
    queue.connect(config.redis_url.get_secret_value())
    telemetry.start("web", config)
    return create_app(
        config,
        authorizer(config),
        voices(config),
        Tunes(folder=config.music_dir, cache=config.media_dir / "music"),
        services(config),
    )


def authorizer(config: Settings) -> Authorizer:
    return TikTokAuthorizer(
        api_url=config.tiktok_api_url,
        authorize_url=config.tiktok_authorize_url,
        client_key=config.tiktok_client_key,
        client_secret=config.tiktok_client_secret.get_secret_value(),
        scopes=config.scopes,
    )


def voices(config: Settings) -> Voices:
    return InstalledVoices(
        config.voices_dir, default=config.voice, heard=config.media_dir / "heard"
    )


def services(config: Settings) -> Services:
    """Questions to the services that the settings name."""
    reddit: RedditSource | None = None
    if config.reddit_client_id:
        reddit = RedditSource(
            client_id=config.reddit_client_id,
            client_secret=config.reddit_client_secret.get_secret_value(),
            user_agent=config.reddit_user_agent,
            reddit_url=config.reddit_url,
            oauth_url=config.reddit_oauth_url,
        )
    ollama: OllamaChat | None = None
    if config.ollama_url:
        ollama = OllamaChat(
            url=config.ollama_url,
            model=config.ollama_model,
            timeout_seconds=CHECK_SECONDS,
            setting="OLLAMA_MODEL",
        )
    mail: SmtpMailer | None = None
    if config.smtp_url.get_secret_value():
        mail = SmtpMailer(
            server=SmtpServer.parse(config.smtp_url.get_secret_value()),
            sender=config.mail_from,
            recipients=addresses(config.mail_to),
            seconds=CHECK_SECONDS,
        )
    return Services(
        reddit=reddit.check_key if reddit else None,
        ollama=ollama.check if ollama else None,
        mail=mail.check if mail else None,
    )
