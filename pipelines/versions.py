"""Two people who edit the same thing: the second save is told, instead of replacing the first.

A form holds the version of the values that it shows. It is a hash of them, so what machines change
in a row in the meantime is no other version.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

from core.errors import SavedMeanwhileError
from models import AuditEntry

LETTERS = 32
BOTH_SHOWN = (
    "saved this while you were editing. Both versions are shown where they differ. "
    "Saving again keeps yours."
)


def of(values: Mapping[str, Any]) -> str:
    """The version of these values."""
    written = json.dumps(dict(values), sort_keys=True, default=str)
    return sha256(written.encode()).hexdigest()[:LETTERS]


def check(
    seen: str,
    current: str,
    *subjects: str,
    actions: Collection[str] = (),
    did: str = BOTH_SHOWN,
) -> None:
    """Raises SavedMeanwhileError unless what is there now is what the form began with.

    Call it with the row locked, before the change.

    Args:
        seen: the version that the form began with; empty if it has none.
        current: the version now.
        subjects: as the audit log calls what was saved, to say who did it.
        actions: only these are saves, if others are logged about the same subjects.
        did: what is said after the name of who saved first.
    """
    if not seen or seen == current:
        return
    entries = AuditEntry.select(AuditEntry.actor).where(AuditEntry.subject.in_(subjects))
    if actions:
        entries = entries.where(AuditEntry.action.in_(actions))
    last = entries.order_by(AuditEntry.id.desc()).first()
    who = last.actor if last is not None else "Somebody"
    raise SavedMeanwhileError(f"{who} {did}")
