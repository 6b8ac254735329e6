"""Stories keep what could not be read about them, and whether they are only an excerpt."""

from typing import Any

UP = """
ALTER TABLE story
    ALTER COLUMN score DROP NOT NULL,
    ADD COLUMN doubt text NOT NULL DEFAULT '',
    ADD COLUMN excerpt boolean NOT NULL DEFAULT false;
"""

DOWN = """
UPDATE story SET score = 0 WHERE score IS NULL;
ALTER TABLE story
    ALTER COLUMN score SET NOT NULL,
    DROP COLUMN doubt,
    DROP COLUMN excerpt;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
