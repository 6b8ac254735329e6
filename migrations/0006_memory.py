"""What a source gave to be asked by, so that it can say that nothing is new."""

from typing import Any

UP = """
ALTER TABLE source ADD COLUMN memory JSONB NOT NULL DEFAULT '{}';
ALTER TABLE source ALTER COLUMN memory DROP DEFAULT;
"""

DOWN = """
ALTER TABLE source DROP COLUMN memory;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
