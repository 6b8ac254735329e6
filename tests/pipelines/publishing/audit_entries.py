"""The audit log, as tests compare it."""

from __future__ import annotations

from models import AuditEntry


def entries() -> list[tuple[str, str, str]]:
    return [
        (row.actor, row.action, row.reason) for row in AuditEntry.select().order_by(AuditEntry.id)
    ]
