"""A pasted link is a story, and sources can be archived.

A link used to make a source of its own, which no fetch ever read again. These are archived: their
stories keep their settings, and the lists and filters no longer show them.
"""

from typing import Any

UP = """
ALTER TABLE source ADD COLUMN archived_at TIMESTAMPTZ;
ALTER TABLE source ADD COLUMN removed_at TIMESTAMPTZ;
ALTER TABLE story ADD COLUMN link_key VARCHAR(32);
ALTER TABLE story ADD COLUMN link_address TEXT;
CREATE UNIQUE INDEX story_link_key ON story (link_key);
UPDATE source SET archived_at = now()
    WHERE kind = 'feed' AND starts_with(name, 'Link ') AND NOT enabled AND count = 1
    AND next_fetch_at IS NULL;
"""

DOWN = """
DROP INDEX story_link_key;
ALTER TABLE story DROP COLUMN link_address;
ALTER TABLE story DROP COLUMN link_key;
ALTER TABLE source DROP COLUMN removed_at;
ALTER TABLE source DROP COLUMN archived_at;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
