"""Videos say how their picture was encoded, and why so."""

from typing import Any

UP = """
ALTER TABLE video ADD COLUMN encoding JSONB NOT NULL DEFAULT '{}';
ALTER TABLE video ALTER COLUMN encoding DROP DEFAULT;
"""

DOWN = """
ALTER TABLE video DROP COLUMN encoding;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
