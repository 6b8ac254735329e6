"""Jobs know since when they have met the same trouble."""

from typing import Any

UP = """
ALTER TABLE job ADD COLUMN code_since TIMESTAMPTZ;
CREATE INDEX job_held_up ON job (id)
    WHERE state = 'waiting' AND error_code IN ('database_away', 'limits_unknown', 'disk_full');
"""

DOWN = """
DROP INDEX job_held_up;
ALTER TABLE job DROP COLUMN code_since;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
