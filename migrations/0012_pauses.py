"""Accounts can be paused and say what they get of begun stories; attempts count unclear answers."""

from typing import Any

UP = """
ALTER TABLE account ADD COLUMN paused_at TIMESTAMPTZ;
ALTER TABLE account ADD COLUMN paused_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE account ALTER COLUMN paused_reason DROP DEFAULT;
ALTER TABLE account ADD COLUMN late_stories VARCHAR(16) NOT NULL DEFAULT ''
    CHECK (late_stories IN ('', 'from_part_one', 'skip'));
ALTER TABLE account ALTER COLUMN late_stories DROP DEFAULT;
CREATE TABLE late_story (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    script_id INTEGER NOT NULL REFERENCES script (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX late_story_account_id_script_id ON late_story (account_id, script_id);
CREATE INDEX late_story_account_id ON late_story (account_id);
CREATE INDEX late_story_script_id ON late_story (script_id);
CREATE INDEX post_new_drafts ON post (id) WHERE state = 'inbox' AND next_insight_at IS NULL;
ALTER TABLE attempt ADD COLUMN unknown_answers INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ALTER COLUMN unknown_answers DROP DEFAULT;
"""

DOWN = """
ALTER TABLE attempt DROP COLUMN unknown_answers;
DROP INDEX post_new_drafts;
DROP TABLE late_story;
ALTER TABLE account DROP COLUMN late_stories;
ALTER TABLE account DROP COLUMN paused_reason;
ALTER TABLE account DROP COLUMN paused_at;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
