"""The sandbox's state: typed tables in memory; each write also goes to SQLite on disk.

Only one process uses the file, so memory is authoritative. SQLite is for the next start.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar


class Store:
    """Documents by kind and key. Hold ``lock`` around anything that reads and then writes."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")  # survives a killed process
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS document"
            " (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))"
        )

    def rows(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """All documents of a kind, oldest first."""
        with self.lock:
            found = self._db.execute(
                "SELECT key, body FROM document WHERE kind = ? ORDER BY rowid", (kind,)
            ).fetchall()
        return [(key, json.loads(body)) for key, body in found]

    def write(self, kind: str, key: str, body: dict[str, Any]) -> None:
        with self.lock:
            self._db.execute(
                "INSERT INTO document VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                (kind, key, json.dumps(body)),
            )

    def delete(self, kind: str, key: str | None = None) -> None:
        """Delete one document, or all of a kind if no key is given."""
        with self.lock:
            if key is None:
                self._db.execute("DELETE FROM document WHERE kind = ?", (kind,))
            else:
                self._db.execute("DELETE FROM document WHERE kind = ? AND key = ?", (kind, key))

    def close(self) -> None:
        with self.lock:
            self._db.close()


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


Row = TypeVar("Row", bound=_Dataclass)


class Table(Generic[Row]):
    """Rows of one dataclass by key, in order of insertion."""

    def __init__(self, store: Store, row: type[Row]) -> None:
        self._store = store
        self._kind = row.__name__
        self._rows: dict[str, Row] = {key: row(**body) for key, body in store.rows(self._kind)}

    def get(self, key: str) -> Row | None:
        with self._store.lock:
            return self._rows.get(key)

    def all(self) -> list[Row]:
        with self._store.lock:
            return list(self._rows.values())

    def items(self) -> list[tuple[str, Row]]:
        with self._store.lock:
            return list(self._rows.items())

    def put(self, key: str, row: Row) -> Row:
        """Store a row; call again after changing the row."""
        with self._store.lock:
            self._rows[key] = row
            self._store.write(self._kind, key, asdict(row))
        return row

    def take(self, key: str) -> Row | None:
        """Remove and return a row: only one caller gets it."""
        with self._store.lock:
            row = self._rows.pop(key, None)
            if row is not None:
                self._store.delete(self._kind, key)
        return row

    @contextmanager
    def changing(self, key: str) -> Iterator[Row | None]:
        """Give a row to change under the lock, and store it afterwards."""
        with self._store.lock:
            row = self._rows.get(key)
            yield row
            if row is not None and key in self._rows:
                self.put(key, row)

    def clear(self) -> None:
        with self._store.lock:
            self._rows.clear()
            self._store.delete(self._kind)
