"""Posting times and methods, insights, and webhook events."""

from typing import Any

UP = """
ALTER TABLE account ADD COLUMN allow_comment BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN allow_duet BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN allow_stitch BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN ai_label BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE account ADD COLUMN ways JSONB NOT NULL DEFAULT '["direct", "inbox", "browser", "manual"]';
ALTER TABLE account ADD COLUMN timezone VARCHAR(64) NOT NULL DEFAULT 'UTC';
ALTER TABLE account ADD COLUMN posts_a_day INTEGER NOT NULL DEFAULT 15;
ALTER TABLE account ADD COLUMN gap_minutes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN browser_session TEXT;
ALTER TABLE account ADD COLUMN browser_checked_at TIMESTAMPTZ;
ALTER TABLE account ADD COLUMN username VARCHAR(60) NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN browser_error TEXT NOT NULL DEFAULT '';
ALTER TABLE account
    ALTER COLUMN allow_comment DROP DEFAULT,
    ALTER COLUMN allow_duet DROP DEFAULT,
    ALTER COLUMN allow_stitch DROP DEFAULT,
    ALTER COLUMN ai_label DROP DEFAULT,
    ALTER COLUMN ways DROP DEFAULT,
    ALTER COLUMN timezone DROP DEFAULT,
    ALTER COLUMN posts_a_day DROP DEFAULT,
    ALTER COLUMN gap_minutes DROP DEFAULT,
    ALTER COLUMN username DROP DEFAULT,
    ALTER COLUMN browser_error DROP DEFAULT;

CREATE TABLE slot (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    account_id INTEGER NOT NULL,
    weekday INTEGER NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    at VARCHAR(5) NOT NULL,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
);
CREATE INDEX slot_account_id ON slot (account_id);
CREATE UNIQUE INDEX slot_account_id_weekday_at ON slot (account_id, weekday, at);

ALTER TABLE post ADD COLUMN options JSONB NOT NULL DEFAULT '{}';
ALTER TABLE post ADD COLUMN allowed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE post ADD COLUMN scheduled_at TIMESTAMPTZ;
ALTER TABLE post ADD COLUMN pinned BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE post ADD COLUMN way VARCHAR(10) NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN next_insight_at TIMESTAMPTZ;
ALTER TABLE post
    ALTER COLUMN options DROP DEFAULT,
    ALTER COLUMN allowed DROP DEFAULT,
    ALTER COLUMN pinned DROP DEFAULT,
    ALTER COLUMN way DROP DEFAULT,
    ALTER COLUMN address DROP DEFAULT;
UPDATE post SET scheduled_at = published_at WHERE published_at IS NOT NULL;
UPDATE post SET way = attempt.method FROM (
    SELECT DISTINCT ON (post_id) post_id, method FROM attempt ORDER BY post_id, id DESC) attempt
    WHERE attempt.post_id = post.id;
ALTER TABLE post DROP CONSTRAINT post_state_check;
ALTER TABLE post ADD CONSTRAINT post_state_check CHECK (state IN ('planned', 'claiming',
    'uploading', 'processing', 'published', 'inbox', 'manual', 'failed', 'parked', 'cancelled'));
CREATE INDEX post_account_id_scheduled_at ON post (account_id, scheduled_at);
CREATE INDEX post_way_id ON post (way, id);
CREATE INDEX post_next_insight_at ON post (next_insight_at);

ALTER TABLE attempt ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE attempt ADD COLUMN screenshot TEXT NOT NULL DEFAULT '';
ALTER TABLE attempt ALTER COLUMN reason DROP DEFAULT, ALTER COLUMN screenshot DROP DEFAULT;

CREATE TABLE insight (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    post_id INTEGER NOT NULL,
    views BIGINT NOT NULL,
    likes BIGINT NOT NULL,
    comments BIGINT NOT NULL,
    shares BIGINT NOT NULL,
    FOREIGN KEY (post_id) REFERENCES post (id) ON DELETE CASCADE
);
CREATE INDEX insight_post_id ON insight (post_id);
CREATE INDEX insight_post_id_id ON insight (post_id, id);

CREATE TABLE webhook_event (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    digest VARCHAR(64) NOT NULL,
    event VARCHAR(60) NOT NULL,
    open_id VARCHAR(120) NOT NULL,
    publish_id VARCHAR(120) NOT NULL,
    outcome TEXT NOT NULL
);
CREATE UNIQUE INDEX webhook_event_digest ON webhook_event (digest);
"""

DOWN = """
DROP TABLE webhook_event;
DROP TABLE insight;
ALTER TABLE attempt DROP COLUMN screenshot, DROP COLUMN reason;
DROP INDEX post_next_insight_at;
DROP INDEX post_way_id;
DROP INDEX post_account_id_scheduled_at;
UPDATE post SET state = 'parked' WHERE state = 'manual';
ALTER TABLE post DROP CONSTRAINT post_state_check;
ALTER TABLE post ADD CONSTRAINT post_state_check CHECK (state IN ('planned', 'claiming',
    'uploading', 'processing', 'published', 'inbox', 'failed', 'parked', 'cancelled'));
ALTER TABLE post
    DROP COLUMN next_insight_at, DROP COLUMN address, DROP COLUMN way, DROP COLUMN pinned,
    DROP COLUMN scheduled_at, DROP COLUMN allowed, DROP COLUMN options;
DROP TABLE slot;
UPDATE account SET privacy = 'SELF_ONLY' WHERE privacy = '';
ALTER TABLE account
    DROP COLUMN username, DROP COLUMN browser_error, DROP COLUMN browser_checked_at, DROP COLUMN browser_session,
    DROP COLUMN gap_minutes, DROP COLUMN posts_a_day, DROP COLUMN timezone, DROP COLUMN ways,
    DROP COLUMN ai_label, DROP COLUMN allow_stitch, DROP COLUMN allow_duet,
    DROP COLUMN allow_comment;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
