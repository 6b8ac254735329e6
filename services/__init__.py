"""Embedded PostgreSQL and Redis, with their data under ``var/services``.

If ``DATABASE_URL`` or ``REDIS_URL`` is set, that server is used instead.

Example::

    addresses = ensure_running(root)
    os.environ |= addresses.environment()
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.errors import ConfigurationError
from services.configured import check_broker, check_database, configured
from services.home import Home
from services.postgres import Postgres
from services.redis import Redis
from services.server import HOST, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["ServiceAddresses", "ServiceStatus", "ensure_running", "status", "stop"]

SERVICES: tuple[tuple[str, type[Server]], ...] = (("DATABASE_URL", Postgres), ("REDIS_URL", Redis))
CHECKS = {"DATABASE_URL": check_database, "REDIS_URL": check_broker}


@dataclass(frozen=True, slots=True)
class ServiceAddresses:
    """URLs including passwords: for the processes' environment, not for printing."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """An embedded server, or one that a variable names."""

    name: str
    embedded: bool
    running: bool
    where: str
    """Host, port and data directory, or the variable with its address; never a password."""


def ensure_running(
    root: Path, *, durable: bool = True, environ: Mapping[str, str] = os.environ
) -> ServiceAddresses:
    """Start what is not running and not configured; safe to call from several processes at once.

    Args:
        root: the clone; servers live in its ``var/services``.
        durable: False makes writes faster, but a machine crash may lose them: for tests.
        environ: where ``DATABASE_URL`` and ``REDIS_URL``, or their ``_FILE``, are looked up.

    Raises:
        ConfigurationError: a server does not start, or a configured one can't be used.
    """
    urls = []
    with _one_at_a_time(root):
        for variable, kind in SERVICES:
            url = configured(environ, variable)
            if url:
                CHECKS[variable](url)
            else:
                url = kind(Home.of(root), durable=durable).ensure_running()
            urls.append(url)
    return ServiceAddresses(*urls)


def stop(root: Path) -> None:
    """Stop the embedded servers of this clone; configured ones are not ours to stop."""
    with _one_at_a_time(root):
        for _, kind in SERVICES:
            kind(Home.of(root)).stop()


def status(root: Path, *, environ: Mapping[str, str] = os.environ) -> list[ServiceStatus]:
    """Which servers are running.

    Raises:
        ConfigurationError: a configured server can't be used, or this user lacks access.
    """
    with _one_at_a_time(root):
        return [_status_of(kind, variable, root, environ) for variable, kind in SERVICES]


def _status_of(
    kind: type[Server], variable: str, root: Path, environ: Mapping[str, str]
) -> ServiceStatus:
    url = configured(environ, variable)
    if url:
        CHECKS[variable](url)
        return ServiceStatus(kind.name, embedded=False, running=True, where=f"from {variable}")
    server = kind(Home.of(root))
    endpoint, running = server.endpoint(), server.is_running()
    port = f"{HOST}:{endpoint.port}, " if endpoint and running else ""
    return ServiceStatus(kind.name, embedded=True, running=running, where=f"{port}{server.data}")


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    folder = root / "var" / "services"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise ConfigurationError(
            f"{error.filename} belongs to another user: run this as the user who started the "
            "services first, or use a clone of your own."
        ) from None
