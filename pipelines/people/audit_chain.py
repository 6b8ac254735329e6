"""Seals the audit log: a chain of hashes in which a changed, missing or inserted row is found.

Writers of the audit log know nothing of the chain: no transaction waits for another. A tick seals
what was committed since, in the order of the ids; an entry of a long transaction, which shows up
late, is sealed late. Each seal's hash covers the seal before and every field of its entry. The
newest seal alone has a witness: its hash, encrypted and authenticated under CRYPTOGRAPHY_KEY, which
is not in the database. The next batch checks the witness, then moves it to its own last seal.

What a passed check proves, and what it doesn't:

- Sealed entries that were changed, and entries and seals that were removed, are found.
- Somebody who writes new hashes up to the end, or removes the newest seals, needs CRYPTOGRAPHY_KEY
  too: without it the newest seal has no valid witness. The next tick logs ``audit_chain_broken``,
  and leaves a mark on that seal, which a check finds as well.
- A database put back to an older state, or a table of seals that was emptied, is only found by
  comparing with a seal that was noted elsewhere. Each batch writes its last seal into the log
  (``audit_sealed``), and ``scripts/manage audit verify --expect`` compares it.
- Nothing protects the minute before an entry is sealed, and a row that somebody adds to the newest
  ones is sealed like an entry of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import structlog

from core import db
from core.errors import ConfigurationError
from models import AuditSeal

log = structlog.get_logger(__name__)

BATCH = 2000
LATE = 10_000
"""How many ids back a tick looks for entries of transactions that ended late."""
MOST_BATCHES = 500
"""In one tick; the first one after an update seals what was there."""
START = "0" * 64
MOST_FAULTS = 20
"""Faults that are named; all are counted."""
BROKEN = "broken"
"""The witness of a seal that had no valid one when the next batch came."""
UNWITNESSED = "was not written by this installation, or newer seals were removed."
_LOCK = 0x5EA1

ENTRY = "entry.id, entry.created_at, entry.actor, entry.action, entry.subject, entry.reason"


@dataclass(slots=True)
class Verified:
    """What a check found.

    Attributes:
        sealed: seals that were checked.
        unsealed: newest entries that no tick has sealed yet.
        last: number and hash of the newest seal, as ``7:ab12…``; empty without any.
        faults: sentences, at most ``MOST_FAULTS``.
        count: all faults.
    """

    sealed: int = 0
    unsealed: int = 0
    last: str = ""
    faults: list[str] = field(default_factory=list)
    count: int = 0

    def fault(self, sentence: str) -> None:
        self.count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(sentence)


def seal() -> int:
    """Seal the entries that have no seal; their number. A doubled tick does no harm."""
    sealed = 0
    for _ in range(MOST_BATCHES):
        new = _seal_batch()
        sealed += new
        if new < BATCH:
            break
    return sealed


def _seal_batch() -> int:
    with db.transaction():
        if not _ask("SELECT pg_try_advisory_xact_lock(%s)", _LOCK)[0][0]:
            return 0  # another tick does it
        newest = _ask("SELECT id, hash, witness FROM audit_seal ORDER BY id DESC LIMIT 1")
        number, last = newest[0][:2] if newest else (0, START)
        late = _ask("SELECT COALESCE(max(entry_id), 0) FROM audit_seal")[0][0] - LATE
        entries = _ask(
            f"SELECT {ENTRY} FROM audit_entry AS entry "
            "WHERE id > %s AND NOT EXISTS (SELECT FROM audit_seal WHERE entry_id = entry.id) "
            "ORDER BY id LIMIT %s",
            late,
            BATCH,
        )
        if not entries:
            return 0
        seals: list[dict[str, Any]] = []
        for entry in entries:
            # Numbered here: a sequence would leave gaps where a batch is rolled back.
            number, last = number + 1, link(last, entry)
            seals.append({"id": number, "entry_id": entry[0], "hash": last, "witness": None})
        seals[-1]["witness"] = last
        if newest:
            _take_witness(*newest[0])
        AuditSeal.insert_many(seals).execute()
    log.info("audit_sealed", seals=len(seals), last=f"{number}:{last}")
    return len(seals)


def _take_witness(number: int, stored: str, witness: str | None) -> None:
    """From the seal that was the newest until now; a mark stays there if its witness is wrong."""
    valid = witness is not None and _agrees(witness, stored)
    if not valid:
        log.error("audit_chain_broken", seal=number)
    AuditSeal.update(witness=None if valid else BROKEN).where(AuditSeal.id == number).execute()


def link(before: str, entry: tuple[Any, ...]) -> str:
    """The hash of an entry's seal, in hexadecimal."""
    row_id, created_at, *texts = entry
    moment: datetime = created_at
    fields = [row_id, moment.astimezone(UTC).isoformat(timespec="microseconds"), *texts]
    return sha256(f"{before}\n{json.dumps(fields, ensure_ascii=True)}".encode()).hexdigest()


def verify(expect: str = "") -> Verified:
    """Check every seal and every entry.

    Args:
        expect: a seal that was noted earlier, as ``number:hash``.
    """
    found, last, number, witnessed = Verified(), START, 0, True
    expected_number, _, expected_hash = expect.partition(":")
    met = not expect
    for seal_id, stored, witness, entry in _seals():
        if seal_id != number + 1:
            found.fault(f"Seals {number + 1} to {seal_id - 1} are missing.")
        number = seal_id
        _check_entry(found, seal_id, stored, last, entry)
        if witness is not None and not _agrees(witness, stored):
            found.fault(f"Seal {seal_id} {UNWITNESSED}")
        witnessed = witness is not None
        if str(seal_id) == expected_number:
            met = stored == expected_hash
        last = stored
        found.sealed += 1
    if found.sealed:
        found.last = f"{number}:{last}"
    if not witnessed:
        found.fault(f"Seal {number} {UNWITNESSED}")
    if not met:
        found.fault(f"Seal {expected_number} is not the one that was noted: {expected_hash}.")
    _check_unsealed(found)
    return found


def _check_entry(
    found: Verified, seal_id: int, stored: str, before: str, entry: tuple[Any, ...] | None
) -> None:
    if entry is None:
        found.fault(f"The entry of seal {seal_id} is missing.")
    elif link(before, entry) != stored:
        found.fault(f"Entry {entry[0]}, or the seal before it, was changed.")


def _check_unsealed(found: Verified) -> None:
    """An entry without a seal is new, or was inserted among those that were sealed long ago."""
    rows = _ask(
        "SELECT id, created_at > now() - interval '10 minutes' FROM audit_entry AS entry "
        "WHERE NOT EXISTS (SELECT FROM audit_seal WHERE entry_id = entry.id) ORDER BY id"
    )
    highest = _ask("SELECT COALESCE(max(entry_id), 0) FROM audit_seal")[0][0]
    for row_id, fresh in rows:
        if row_id > highest or fresh:
            found.unsealed += 1
        else:
            found.fault(f"Entry {row_id} has no seal: it was inserted, or its seal was removed.")


def _seals() -> Iterator[tuple[int, str, str | None, tuple[Any, ...] | None]]:
    """Every seal in order, with its entry; a part at a time."""
    last_id = 0
    while rows := _ask(
        f"SELECT seal.id, seal.hash, seal.witness, {ENTRY} FROM audit_seal AS seal "
        "LEFT JOIN audit_entry AS entry ON entry.id = seal.entry_id "
        "WHERE seal.id > %s ORDER BY seal.id LIMIT %s",
        last_id,
        BATCH,
    ):
        for seal_id, stored, witness, *entry in rows:
            yield seal_id, stored, witness, tuple(entry) if entry[0] is not None else None
        last_id = rows[-1][0]


def _agrees(witness: str, stored: str) -> bool:
    try:
        return AuditSeal.witness.python_value(witness) == stored
    except ConfigurationError as error:
        log.warning("audit_witness_unreadable", reason=str(error))
        return False


def _ask(sql: str, *values: Any) -> list[Any]:
    return list(db.database.execute_sql(sql, values).fetchall())
