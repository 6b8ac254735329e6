"""Channels say how words are pronounced; narrations say why another voice told them."""

from typing import Any

UP = """
ALTER TABLE channel ADD COLUMN pronunciations JSONB NOT NULL DEFAULT '[]';
ALTER TABLE channel ALTER COLUMN pronunciations DROP DEFAULT;
ALTER TABLE narration ADD COLUMN voice_note TEXT NOT NULL DEFAULT '';
ALTER TABLE narration ALTER COLUMN voice_note DROP DEFAULT;
"""

DOWN = """
ALTER TABLE narration DROP COLUMN voice_note;
ALTER TABLE channel DROP COLUMN pronunciations;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
