"""An index of what waiting jobs wait for; one of two equal beginnings is dropped."""

from typing import Any

UP = """
CREATE INDEX job_waiting_code ON job (error_code, code_since)
    WHERE state = 'waiting' AND error_code <> '';
DROP INDEX insight_post_id;
"""

DOWN = """
CREATE INDEX insight_post_id ON insight (post_id);
DROP INDEX job_waiting_code;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
