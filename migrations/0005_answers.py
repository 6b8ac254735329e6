"""Answers narrated after a post, and when the card of each is shown."""

from typing import Any

UP = """
ALTER TABLE source ADD COLUMN answers INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source ALTER COLUMN answers DROP DEFAULT;

ALTER TABLE story ADD COLUMN answers JSONB NOT NULL DEFAULT '[]';
ALTER TABLE story ALTER COLUMN answers DROP DEFAULT;

ALTER TABLE part ADD COLUMN answers JSONB NOT NULL DEFAULT '[]';
ALTER TABLE part ALTER COLUMN answers DROP DEFAULT;
"""

# Removes the marks of answers: the release before would read them out.
DOWN = r"""
UPDATE story SET narratable_text = regexp_replace(narratable_text, '^» Answer \d+\n\n', '', 'gn')
WHERE narratable_text ~ '» Answer';

ALTER TABLE part DROP COLUMN answers;
ALTER TABLE story DROP COLUMN answers;
ALTER TABLE source DROP COLUMN answers;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
