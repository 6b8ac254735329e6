"""Opens the database for a command, and the queue for its wake-ups."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from core import crypto, db, log, queue, settings
from core.db import migrate
from core.settings import ROOT, Settings
from pipelines import key_rotation
from pipelines.publishing.accounts import token_recovery


@contextmanager
def record(*, migrated: bool = True) -> Iterator[Settings]:
    """Settings checked, PostgreSQL reached and migrated; closed after the block.

    Without ``migrated`` the tables stay unchanged, for the commands that migrate them. Embedded
    servers are started if ``DATABASE_URL`` or ``REDIS_URL`` is not set.
    """
    settle()
    config = settings.current()
    log.configure("manage", "WARNING")
    crypto.configure(config.cryptography_key.get_secret_value())
    db.configure(config.database_url.get_secret_value(), max_connections=4)
    db.check(config.database_url.get_secret_value())
    token_recovery.configure(config.media_dir)
    if migrated:
        migrate.forward()
        key_rotation.check_readable()
    queue.connect(config.redis_url.get_secret_value())
    with db.session():
        yield config


def settle() -> None:
    """Fill in what the environment lacks: embedded services, and keys stored under ``var``."""
    from scripts.local_secrets import local_secrets
    from services import ensure_running

    addresses = ensure_running(ROOT)
    os.environ.setdefault("DATABASE_URL", addresses.database_url)
    os.environ.setdefault("REDIS_URL", addresses.redis_url)
    for name, value in local_secrets(ROOT).items():
        if not os.environ.get(f"{name}_FILE"):
            os.environ.setdefault(name, value)
