"""Encryption keys of stored values: all are checked at the start, and they can be rotated.

A rotation works while everything else runs. Each value is read, encrypted with the new key, and
written back only if it is still the value that was read. So another writer's value is never
overwritten. Readers find a value under the old key or the new one, and have both keys. The values
themselves show what is done, so a rotation that was killed can simply be run again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import structlog

from core import crypto, db
from core.errors import ConfigurationError
from models import TABLES
from pipelines.publishing.accounts import token_recovery

log = structlog.get_logger(__name__)

BATCH = 200
MAX_PASSES = 5
"""Times to look again for values that were written under an old key meanwhile."""

Uses = dict[str, Counter[str | None]]
"""For each place, the number of values under each key; None counts values without encryption."""


@dataclass(frozen=True, slots=True)
class Column:
    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


@dataclass(slots=True)
class Rotation:
    """What a rotation did; ``unreadable`` lists column and row of values it had to skip."""

    rewritten: int = 0
    unreadable: set[tuple[str, int]] = field(default_factory=set)


def encrypted_columns() -> list[Column]:
    """Every column of every table that holds encrypted text."""
    return [
        Column(model._meta.table_name, column.column_name)  # noqa: SLF001  # peewee's public name
        for model in TABLES
        for column in model._meta.sorted_fields  # noqa: SLF001  # the same
        if isinstance(column, crypto.EncryptedTextField)
    ]


def uses() -> Uses:
    """Count the stored values by their key; places without any are left out."""
    found: Uses = {}
    with db.session():
        for column in encrypted_columns():
            rows = db.database.execute_sql(
                f"SELECT substring({column.name} FROM %s) AS key, count(*) FROM {column.table} "
                f"WHERE {column.name} IS NOT NULL GROUP BY 1",  # a table may have a column "key"
                (crypto.KEY_ID_PATTERN,),
            )
            found[str(column)] = Counter(dict(rows.fetchall()))
    found[str(token_recovery.folder())] = Counter(token_recovery.key_ids())
    return {place: keys for place, keys in found.items() if keys}


def check_readable() -> None:
    """Check that every stored value's key is on the key ring; needs the tables.

    Raises:
        ConfigurationError: which keys are missing, for how many values, and what to do.
    """
    missing: dict[str | None, list[str]] = {}
    for place, keys in uses().items():
        for name, values in keys.items():
            if name not in crypto.keyring().keys:
                missing.setdefault(name, []).append(f"{values} in {place}")
    sentences = [
        f"Stored secrets ({', '.join(places)}) need the key with id {name}, which is missing from "
        f"CRYPTOGRAPHY_KEY: {crypto.ADD_KEY}. If the key is lost, see docs/runbooks/rotate-keys.md."
        if name is not None
        else f"Stored secrets ({', '.join(places)}) are not encrypted: restore them from a "
        "backup, or set them to NULL and connect the accounts again."
        for name, places in missing.items()
    ]
    if sentences:
        raise ConfigurationError("\n".join(sentences))


def under_other_keys() -> int:
    """How many stored values a rotation has to rewrite."""
    newest = crypto.keyring().newest
    return sum(keys.total() - keys[newest] for keys in uses().values())


def rotate(*, batch: int = BATCH, tell: Callable[[int], None] = lambda _: None) -> Rotation:
    """Rewrite every stored value under the newest key.

    Args:
        batch: values rewritten in one statement; their rows are locked for a few milliseconds.
        tell: called after each batch with the number of values it rewrote.

    Raises:
        peewee's errors: PostgreSQL became unavailable; run the rotation again.
    """
    rotation = Rotation()
    token_recovery.deliver()
    for _ in range(MAX_PASSES):
        before = rotation.rewritten
        for column in encrypted_columns():
            for rewritten in _rotate(column, batch, rotation.unreadable):
                rotation.rewritten += rewritten
                tell(rewritten)
        if rotation.rewritten == before:
            break
    log.info("keys_rotated", rewritten=rotation.rewritten, unreadable=len(rotation.unreadable))
    return rotation


def _rotate(column: Column, batch: int, unreadable: set[tuple[str, int]]) -> Iterator[int]:
    """Rewrite a column batch by batch; gives the number of values of each batch."""
    last_id = 0
    while values := _under_other_keys(column, last_id, batch):
        last_id = values[-1][0]
        fresh = []
        for row_id, stored in values:
            try:
                fresh.append((row_id, stored, _renewed(stored)))
            except ConfigurationError as error:
                unreadable.add((str(column), row_id))
                log.warning("value_not_rotated", place=str(column), row=row_id, reason=str(error))
        yield _replace(column, fresh) if fresh else 0


def _under_other_keys(column: Column, last_id: int, batch: int) -> list[tuple[int, str]]:
    prefix = f"{crypto.keyring().newest}."
    with db.session():
        cursor = db.database.execute_sql(
            f"SELECT id, {column.name} FROM {column.table} WHERE id > %s "
            f"AND {column.name} IS NOT NULL AND NOT starts_with({column.name}, %s) "
            "ORDER BY id LIMIT %s",
            (last_id, prefix, batch),
        )
        return list(cursor.fetchall())


def _renewed(stored: str) -> str:
    ring = crypto.keyring()
    return ring.encrypt(ring.decrypt(stored))


def _replace(column: Column, values: list[tuple[int, str, str]]) -> int:
    """Write the new values where the old ones are unchanged; the number written."""
    ids, stored, fresh = (list(part) for part in zip(*values, strict=True))
    with db.transaction():
        db.database.execute_sql(
            f"SELECT FROM {column.table} WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", (ids,)
        )
        cursor = db.database.execute_sql(
            f"UPDATE {column.table} AS row SET {column.name} = value.fresh "
            "FROM unnest(%s::int[], %s::text[], %s::text[]) AS value (id, stored, fresh) "
            f"WHERE row.id = value.id AND row.{column.name} = value.stored",
            (ids, stored, fresh),
        )
        return int(cursor.rowcount)
