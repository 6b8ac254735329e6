"""A database for each test, as the migrations create it.

Emptying a database takes a tenth of the work of creating one. So the next test gets this test's
database under another name, which leftovers of this test can't reach; unless its tables changed.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from core.db.migrate import migrate

KEPT_TABLE = "schema_migration"
MANY_ROWS = 500
"""More rows than this are not worth deleting."""

CATALOGUES = ("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_depend", "pg_proc")
FIRST_OID_OF_OURS = {"pg_class": "oid", "pg_attribute": "attrelid", "pg_depend": "objid"}


class Databases:
    """Databases of one test run on one server; needs the right to create them."""

    def __init__(self, server_url: str) -> None:
        self._server = psycopg2.connect(server_url)
        self._server.autocommit = True
        self._server_url = server_url
        self._numbers = itertools.count(1)
        self._template = self._new_name()
        self._execute("CREATE DATABASE {}", self._template)
        migrate(self._url(self._template))
        self._leave(self._template)
        with self._inside(self._template) as cursor:
            self._as_made = _tables_are(cursor)
        self._spare: str | None = None

    def close(self) -> None:
        for name in (self._spare, self._template):
            if name:
                self._drop(name)
        self._server.close()

    @contextmanager
    def one(self) -> Iterator[str]:
        """URL of a migrated, empty database for this block only."""
        name = self._new_name()
        if self._spare:
            self._leave(self._spare)
            self._execute("ALTER DATABASE {} RENAME TO {}", self._spare, name)
            self._spare = None
        else:
            self._leave(self._template)
            self._execute("CREATE DATABASE {} TEMPLATE {}", name, self._template)
        try:
            yield self._url(name)
        finally:
            self._leave(name)
            if self._emptied(name):
                self._spare = name
            else:
                self._drop(name)

    def _emptied(self, name: str) -> bool:
        with self._inside(name) as cursor:
            if _tables_are(cursor) != self._as_made:
                return False
            used = _used_tables(cursor)
            if _delete(cursor, used) > MANY_ROWS:
                return False
            # New rows would otherwise fill gaps, and be read in that order.
            for table in used:
                cursor.execute(sql.SQL("VACUUM {}").format(sql.Identifier(table)))
            cursor.execute(
                "SELECT setval(quote_ident(sequencename)::regclass, start_value, false) "
                "FROM pg_sequences WHERE last_value IS NOT NULL AND sequencename != %s",
                (f"{KEPT_TABLE}_id_seq",),
            )
        return True

    def _leave(self, name: str) -> None:
        """End all connections to a database, and wait for their end."""
        asked = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        with self._server.cursor() as cursor:
            cursor.execute(asked, (name,))
            while cursor.rowcount:
                time.sleep(0.002)
                cursor.execute(asked, (name,))

    def _drop(self, name: str) -> None:
        self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _execute(self, statement: str, *names: str) -> None:
        with self._server.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    @contextmanager
    def _inside(self, name: str) -> Iterator[Any]:
        with closing(psycopg2.connect(self._url(name))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor

    def _new_name(self) -> str:
        return f"storymill_test_{os.getpid()}_{next(self._numbers)}"

    def _url(self, name: str) -> str:
        return urlsplit(self._server_url)._replace(path=f"/{name}").geturl()


def _tables_are(cursor: Any) -> object:
    """Changes with every change of tables or functions, and of the list of migrations."""
    counted = " UNION ALL ".join(
        f"SELECT '{table}', count(*), sum(xmin::text::bigint) FROM {table} "
        f"WHERE {FIRST_OID_OF_OURS.get(table, 'oid')} >= 16384"
        for table in CATALOGUES
    )
    kept = f"SELECT '{KEPT_TABLE}', count(*), sum(xmin::text::bigint) FROM {KEPT_TABLE}"
    cursor.execute(f"{counted} UNION ALL {kept} ORDER BY 1")
    return cursor.fetchall()


def _used_tables(cursor: Any) -> list[str]:
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname != %s "
        "AND relnamespace = 'public'::regnamespace",
        (KEPT_TABLE,),
    )
    asked = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(
            sql.Literal(name), sql.Identifier(name)
        )
        for (name,) in cursor.fetchall()
    ]
    cursor.execute(sql.SQL(" UNION ALL ").join(asked))
    return [name for (name,) in cursor.fetchall()]


def _delete(cursor: Any, tables: list[str]) -> int:
    """Delete all rows in one statement, so that foreign keys are checked when all are gone."""
    if not tables:
        return 0
    deleted = [
        sql.SQL("{0} AS (DELETE FROM {0} RETURNING 1)").format(sql.Identifier(t)) for t in tables
    ]
    counts = [sql.SQL("(SELECT count(*) FROM {})").format(sql.Identifier(t)) for t in tables]
    cursor.execute(
        sql.SQL("WITH {} SELECT {}").format(
            sql.SQL(", ").join(deleted), sql.SQL(" + ").join(counts)
        )
    )
    return int(cursor.fetchone()[0])
