"""Backups that were made, and whether each was found to be good."""

from typing import Any

UP = """
CREATE TABLE backup (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    state VARCHAR(10) NOT NULL
        CHECK (state IN ('waiting', 'running', 'done', 'failed', 'removed')),
    by VARCHAR(80) NOT NULL,
    due_at TIMESTAMPTZ,
    name VARCHAR(40) NOT NULL,
    finished_at TIMESTAMPTZ,
    verified_at TIMESTAMPTZ,
    error TEXT NOT NULL,
    database_bytes BIGINT NOT NULL,
    files INTEGER NOT NULL,
    file_bytes BIGINT NOT NULL,
    new_bytes BIGINT NOT NULL,
    missing_files INTEGER NOT NULL,
    encrypted_with VARCHAR(8) NOT NULL
);
CREATE UNIQUE INDEX backup_due_at ON backup (due_at);
CREATE INDEX backup_state ON backup (state, id DESC NULLS LAST);
"""

DOWN = "DROP TABLE backup;"


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
