"""Deletes what is no longer needed to know who signs in."""

from __future__ import annotations

from datetime import timedelta

import structlog

from core import db
from models import SignInSession

log = structlog.get_logger(__name__)

TRIES_KEPT = timedelta(days=1)
"""Longer than every block."""


def forget_ended() -> int:
    """Delete sessions that ended by themselves, and old counts of tries; the ended sessions.

    Each session's end is written into the audit log.
    """
    with db.transaction():
        ended = db.database.execute_sql(
            """
            WITH ended AS (
                DELETE FROM sign_in_session
                WHERE last_seen_at < now() - %(idle)s OR created_at < now() - %(longest)s
                RETURNING user_id, agent
            )
            INSERT INTO audit_entry (created_at, actor, action, subject, reason)
            SELECT now(), name, 'user.session_expired', 'user ' || user_id, agent
            FROM ended JOIN person ON person.id = user_id
            """,
            {"idle": SignInSession.IDLE, "longest": SignInSession.LONGEST},
        ).rowcount
        db.database.execute_sql(
            "DELETE FROM sign_in_tries WHERE last_at < now() - %s "
            "AND (blocked_until IS NULL OR blocked_until < now())",
            (TRIES_KEPT,),
        )
    if ended:
        log.info("sessions_expired", sessions=ended)
    return int(ended)
