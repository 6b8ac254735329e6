"""People choose their time zone; empty means the browser's."""

from typing import Any

UP = """
ALTER TABLE person ADD COLUMN timezone VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE person ALTER COLUMN timezone DROP DEFAULT;
"""

DOWN = """
ALTER TABLE person DROP COLUMN timezone;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
