"""Channels, more kinds of source, the outcome of each fetched row, and all safety decisions."""

from typing import Any

UP = """
CREATE TABLE channel (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    name VARCHAR(80) NOT NULL,
    tone VARCHAR(12) NOT NULL CHECK (tone IN ('plain', 'dramatic', 'warm', 'funny')),
    voice VARCHAR(300) NOT NULL,
    quote_voice VARCHAR(300) NOT NULL,
    words_per_minute INTEGER,
    split_by VARCHAR(12) NOT NULL
        CHECK (split_by IN ('sentence', 'paragraph', 'cliffhanger')),
    part_seconds_min INTEGER,
    part_seconds_max INTEGER,
    look JSONB NOT NULL,
    background VARCHAR(120) NOT NULL,
    music VARCHAR(120) NOT NULL
);
CREATE UNIQUE INDEX channel_name ON channel (name);

ALTER TABLE source ADD COLUMN channel_id INTEGER REFERENCES channel (id) ON DELETE SET NULL;
CREATE INDEX source_channel_id ON source (channel_id);
ALTER TABLE source ADD COLUMN warn_from DOUBLE PRECISION NOT NULL DEFAULT 0.6;
ALTER TABLE source ADD COLUMN flag_from DOUBLE PRECISION NOT NULL DEFAULT 0.8;
ALTER TABLE source ALTER COLUMN warn_from DROP DEFAULT, ALTER COLUMN flag_from DROP DEFAULT;
ALTER TABLE source DROP CONSTRAINT source_kind_check;
ALTER TABLE source ADD CONSTRAINT source_kind_check
    CHECK (kind IN ('subreddit', 'feed', 'saved_listing', 'csv', 'folder', 'paste'));

CREATE TABLE intake (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
    external_id VARCHAR(120) NOT NULL,
    title TEXT NOT NULL,
    fate VARCHAR(10) NOT NULL,
    reason TEXT NOT NULL,
    story_id INTEGER REFERENCES story (id) ON DELETE CASCADE
);
CREATE INDEX intake_source_id ON intake (source_id);
CREATE INDEX intake_story_id ON intake (story_id);
CREATE INDEX intake_source_id_id ON intake (source_id, id);

CREATE TABLE safety_decision (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    story_id INTEGER NOT NULL REFERENCES story (id) ON DELETE CASCADE,
    judge VARCHAR(80) NOT NULL,
    label VARCHAR(40) NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    warn_from DOUBLE PRECISION NOT NULL,
    flag_from DOUBLE PRECISION NOT NULL,
    verdict VARCHAR(10) NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX safety_decision_story_id ON safety_decision (story_id);

ALTER TABLE script ADD COLUMN hooks JSONB NOT NULL DEFAULT '[]';
ALTER TABLE script ALTER COLUMN hooks DROP DEFAULT;
"""

DOWN = """
ALTER TABLE script DROP COLUMN hooks;
DROP TABLE safety_decision;
DROP TABLE intake;
UPDATE source SET kind = 'paste', enabled = FALSE WHERE kind IN ('feed', 'csv', 'folder');
ALTER TABLE source DROP CONSTRAINT source_kind_check;
ALTER TABLE source ADD CONSTRAINT source_kind_check
    CHECK (kind IN ('subreddit', 'saved_listing', 'paste'));
ALTER TABLE source DROP COLUMN flag_from, DROP COLUMN warn_from, DROP COLUMN channel_id;
DROP TABLE channel;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
