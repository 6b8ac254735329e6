"""People choose their time zone (empty means the browser's); posts are found by their time."""

from typing import Any

UP = """
ALTER TABLE person ADD COLUMN timezone VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE person ALTER COLUMN timezone DROP DEFAULT;
CREATE INDEX post_by_time ON post (scheduled_at, id) WHERE state <> 'cancelled';
"""

DOWN = """
DROP INDEX post_by_time;
ALTER TABLE person DROP COLUMN timezone;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
