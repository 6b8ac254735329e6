"""Accounts have groups, count failures, and say why they are paused; their queues have an index."""

from typing import Any

UP = """
ALTER TABLE account ADD COLUMN paused_cause VARCHAR(10) NOT NULL DEFAULT ''
    CHECK (paused_cause IN ('', 'person', 'all', 'refused', 'grant', 'failures'));
ALTER TABLE account ALTER COLUMN paused_cause DROP DEFAULT;
UPDATE account SET paused_cause = CASE (
        SELECT actor FROM audit_entry
        WHERE subject = 'account ' || account.id AND action = 'account.pause'
        ORDER BY audit_entry.id DESC LIMIT 1
    ) WHEN 'storymill' THEN 'refused' ELSE 'person' END
    WHERE paused_at IS NOT NULL;
ALTER TABLE account ADD COLUMN failed_in_a_row INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ALTER COLUMN failed_in_a_row DROP DEFAULT;
ALTER TABLE account ADD COLUMN groups JSONB NOT NULL DEFAULT '[]';
ALTER TABLE account ALTER COLUMN groups DROP DEFAULT;
CREATE INDEX post_queued ON post (account_id, scheduled_at) WHERE state = 'planned';
CREATE INDEX post_stopped ON post (account_id, id) WHERE state IN ('failed', 'parked');
"""

DOWN = """
DROP INDEX post_stopped;
DROP INDEX post_queued;
ALTER TABLE account DROP COLUMN groups;
ALTER TABLE account DROP COLUMN failed_in_a_row;
ALTER TABLE account DROP COLUMN paused_cause;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
