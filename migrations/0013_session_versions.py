"""Browser sessions have a version, so that a try never writes over newer cookies."""

from typing import Any

UP = """
ALTER TABLE account ADD COLUMN browser_session_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ALTER COLUMN browser_session_version DROP DEFAULT;
"""

DOWN = """
ALTER TABLE account DROP COLUMN browser_session_version;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
