"""Decisions can be undone for a day."""

from typing import Any

UP = """
CREATE TABLE undo (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    by VARCHAR(80) NOT NULL,
    action VARCHAR(60) NOT NULL,
    changes JSONB NOT NULL
);
CREATE INDEX undo_created_at ON undo (created_at);
"""

DOWN = """
DROP TABLE undo;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
