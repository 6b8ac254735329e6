"""Checks PostgreSQL and Redis that somebody else runs. Never prints a password."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg2
import psycopg2.extensions
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_SECONDS = 5


def configured(environ: Mapping[str, str], name: str) -> str | None:
    """The value of ``name``, or the content of the file in ``name_FILE``; None when not set.

    Raises:
        ConfigurationError: that file can't be read.
    """
    if environ.get(name):
        return environ[name]
    file = environ.get(f"{name}_FILE")
    if not file:
        return None
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise ConfigurationError(
            f"{name}_FILE names {file}, which can't be read: {error.strerror}."
        ) from None


def check_database(url: str) -> None:
    """Raises ConfigurationError unless PostgreSQL accepts the URL."""
    try:
        parts = psycopg2.extensions.parse_dsn(url)
        # An unescaped @ in the password makes its tail look like a part of the host.
        host = parts.get("host", "localhost").rpartition("@")[2]
        port = parts.get("port", "5432")
        for number in port.split(","):
            int(number)
    except (psycopg2.ProgrammingError, ValueError):  # their text repeats the URL
        raise ConfigurationError(
            "DATABASE_URL can't be read: it must look like "
            "postgresql://user:password@host:5432/name."
        ) from None
    where = f"PostgreSQL at {host}:{port} (DATABASE_URL)"
    if not host.startswith("/") and "," not in host + port:
        _check_reachable(where, host, int(port))
    try:
        psycopg2.connect(url, connect_timeout=TIMEOUT_SECONDS).close()
    except psycopg2.OperationalError:
        raise ConfigurationError(
            f"{where} answers but refuses {parts.get('user', 'this user')} for the database "
            f"{parts.get('dbname', '')!r}: check the user, password and database name."
        ) from None


def check_broker(url: str) -> None:
    """Raises ConfigurationError unless Redis or the AMQP broker answers."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}.get(
            parts.scheme, 0
        )
    except ValueError:
        port = 0
    if not (port or url.startswith("unix://")):
        raise ConfigurationError(
            "REDIS_URL can't be read: it must look like redis://:password@host:6379/0."
        )
    where = f"The broker at {parts.hostname}:{port} (REDIS_URL)"
    if parts.hostname:
        _check_reachable(where, parts.hostname, port)
    if parts.scheme.startswith("amqp"):
        return
    client = redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, retry=Retry(NoBackoff(), 0))
    try:
        client.ping()
    except redis.AuthenticationError:
        raise ConfigurationError(f"{where} refuses the user or the password.") from None
    except redis.RedisError:
        raise ConfigurationError(f"{where} does not answer like a Redis server.") from None
    finally:
        client.close()


def _check_reachable(where: str, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), TIMEOUT_SECONDS).close()
    except OSError as error:
        raise ConfigurationError(
            f"{where} can't be reached: {error.strerror or 'no answer in time'}. Start it, or "
            "unset the variable to use the embedded one."
        ) from None
