"""Which entries of the audit log a list shows."""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import ModelSelect

from admin.lists.each_of import EachOf
from models import AuditEntry


class Listed(NamedTuple):
    """The entries, and how to find their ids."""

    query: ModelSelect[Any]
    each: EachOf | None
    few: bool
    """An entry's subject has few."""


def listed(*, actor: str, action: str, subject: str) -> Listed:
    """The entries that match; an empty filter matches all."""
    filters = {"actor": actor, "action": action, "subject": subject}
    chosen = {name: value for name, value in filters.items() if value}
    query = AuditEntry.select()
    for name, value in chosen.items():
        query = query.where(getattr(AuditEntry, name) == value)
    each = {name: [value] for name, value in chosen.items()}
    return Listed(query, EachOf(AuditEntry, each) if each and not subject else None, bool(subject))
