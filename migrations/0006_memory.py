"""Validators of the last fetch, so that a source can answer that nothing is new."""

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
