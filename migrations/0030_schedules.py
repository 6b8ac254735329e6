"""A row for each periodic task: when it is due, how it last ran, and whether it is paused."""

from typing import Any

UP = """
CREATE TABLE scheduled_task (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    name VARCHAR(40) NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ,
    planned_at TIMESTAMPTZ,
    missed INTEGER NOT NULL,
    fence BIGINT NOT NULL,
    lease_until TIMESTAMPTZ,
    crashes INTEGER NOT NULL,
    last_started_at TIMESTAMPTZ,
    last_ended_at TIMESTAMPTZ,
    last_outcome VARCHAR(10) NOT NULL CHECK (last_outcome IN ('', 'done', 'failed')),
    last_sentence TEXT NOT NULL,
    asked_at TIMESTAMPTZ,
    asked_by VARCHAR(60) NOT NULL,
    paused_at TIMESTAMPTZ,
    paused_by VARCHAR(60) NOT NULL,
    paused_reason TEXT NOT NULL
);
CREATE UNIQUE INDEX scheduled_task_name ON scheduled_task (name);
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("DROP TABLE scheduled_task")
