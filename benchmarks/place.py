"""Provide the embedded services with a separate database for a measurement."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg2

from core import crypto, db, log
from core.db import migrate
from core.settings import ROOT
from services import ServiceAddresses, ensure_running

LOGICAL_REDIS = 9


@contextmanager
def empty_database() -> Iterator[ServiceAddresses]:
    """Connect to an empty, migrated database with its own logical Redis; dropped afterwards."""
    addresses = ensure_running(ROOT)
    name = f"bench_{os.getpid()}"
    server = psycopg2.connect(addresses.database_url)
    server.autocommit = True
    server.cursor().execute(f'CREATE DATABASE "{name}"')
    try:
        log.configure("bench", "ERROR")
        crypto.configure(crypto.new_key())
        place = ServiceAddresses(
            urlsplit(addresses.database_url)._replace(path=f"/{name}").geturl(),
            urlsplit(addresses.redis_url)._replace(path=f"/{LOGICAL_REDIS}").geturl(),
        )
        db.configure(place.database_url)
        migrate.forward()
        yield place
        db.database.close_all()
    finally:
        server.cursor().execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.close()
