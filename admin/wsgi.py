"""The back office process: settings → database, queue and TikTok → ``admin.app.create_app``.

Served by gunicorn as ``admin.wsgi:application()``.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from adapters.music.library import Tunes
from adapters.speech.installed_voices import InstalledVoices
from adapters.tiktok.api.posting import TikTokAuthorizer
from admin.app import create_app
from core import crypto, db, log, queue, settings
from core.db import migrate
from core.errors import ConfigurationError
from pipelines import key_rotation
from pipelines.publishing.accounts import token_recovery

if TYPE_CHECKING:
    from flask import Flask


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
    authorizer = TikTokAuthorizer(
        api_url=config.tiktok_api_url,
        authorize_url=config.tiktok_authorize_url,
        client_key=config.tiktok_client_key,
        client_secret=config.tiktok_client_secret.get_secret_value(),
        scopes=config.scopes,
    )
    return create_app(
        config,
        authorizer,
        InstalledVoices(config.voices_dir, default=config.voice, heard=config.media_dir / "heard"),
        Tunes(folder=config.music_dir, cache=config.media_dir / "music"),
    )
