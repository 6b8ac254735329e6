"""First steps with checks, hidden by each person.

Accounts whose authorization had ended before accounts paused themselves for it are paused too.
"""

from typing import Any

UP = """
CREATE TABLE setup_check (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    name VARCHAR(20) NOT NULL,
    subject VARCHAR(300) NOT NULL,
    ok BOOLEAN NOT NULL,
    sentence TEXT NOT NULL,
    checked_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX setupcheck_name ON setup_check (name);
ALTER TABLE person ADD COLUMN guide_hidden BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE person ALTER COLUMN guide_hidden DROP DEFAULT;
WITH ended AS (
    UPDATE account SET paused_at = now(), paused_cause = 'grant', paused_reason = last_error
    WHERE state = 'expired' AND paused_at IS NULL AND methods ?| ARRAY['direct', 'inbox']
    RETURNING id, last_error
)
INSERT INTO audit_entry (created_at, actor, action, subject, reason)
SELECT now(), 'storymill', 'account.pause', 'account ' || id, last_error FROM ended;
"""

DOWN = """
ALTER TABLE person DROP COLUMN guide_hidden;
DROP TABLE setup_check;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
