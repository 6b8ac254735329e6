"""Columns for token refreshes: when one started, how often it failed, when the next is due."""

from typing import Any

UP = """
ALTER TABLE account ADD COLUMN refresh_begun_at TIMESTAMPTZ;
ALTER TABLE account ADD COLUMN refresh_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ALTER COLUMN refresh_attempts DROP DEFAULT;
ALTER TABLE account ADD COLUMN next_refresh_at TIMESTAMPTZ;
CREATE INDEX account_state_access_expires_at ON account (state, access_expires_at);
"""

DOWN = """
DROP INDEX account_state_access_expires_at;
ALTER TABLE account DROP COLUMN next_refresh_at;
ALTER TABLE account DROP COLUMN refresh_attempts;
ALTER TABLE account DROP COLUMN refresh_begun_at;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
