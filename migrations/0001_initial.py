"""The first tables."""

from typing import Any

UP = """
CREATE TABLE person (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    name VARCHAR(80) NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    role VARCHAR(10) NOT NULL
        CHECK (role IN ('owner', 'editor', 'viewer')),
    active BOOLEAN NOT NULL,
    failed_sign_ins INTEGER NOT NULL,
    locked_until TIMESTAMPTZ,
    last_sign_in_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX person_name ON person (name);
CREATE TABLE audit_entry (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    actor VARCHAR(80) NOT NULL,
    action VARCHAR(60) NOT NULL,
    subject VARCHAR(80) NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX audit_entry_action ON audit_entry (action);
CREATE INDEX audit_entry_actor_id ON audit_entry (actor, id);
CREATE INDEX audit_entry_subject_id ON audit_entry (subject, id);
CREATE TABLE source (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    name VARCHAR(120) NOT NULL,
    kind VARCHAR(20) NOT NULL
        CHECK (kind IN ('subreddit', 'saved_listing', 'paste')),
    place VARCHAR(500) NOT NULL,
    listing VARCHAR(10) NOT NULL,
    time_filter VARCHAR(10) NOT NULL,
    count INTEGER NOT NULL,
    min_score INTEGER NOT NULL,
    min_words INTEGER NOT NULL,
    max_words INTEGER NOT NULL,
    nsfw VARCHAR(10) NOT NULL
        CHECK (nsfw IN ('skip', 'flag', 'allow')),
    language VARCHAR(8) NOT NULL,
    interval_minutes INTEGER NOT NULL,
    enabled BOOLEAN NOT NULL,
    next_fetch_at TIMESTAMPTZ,
    last_fetched_at TIMESTAMPTZ,
    last_error TEXT NOT NULL
);
CREATE UNIQUE INDEX source_name ON source (name);
CREATE TABLE story (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    source_id INTEGER NOT NULL,
    external_id VARCHAR(120) NOT NULL,
    url TEXT NOT NULL,
    place VARCHAR(120) NOT NULL,
    author VARCHAR(120) NOT NULL,
    score INTEGER NOT NULL,
    nsfw BOOLEAN NOT NULL,
    written_at TIMESTAMPTZ,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    state VARCHAR(12) NOT NULL
        CHECK (state IN ('fetched', 'skipped', 'flagged', 'waiting', 'approved', 'rejected', 'scripted')),
    reason TEXT NOT NULL,
    narratable_title TEXT NOT NULL,
    narratable_text TEXT NOT NULL,
    language VARCHAR(8) NOT NULL,
    words INTEGER NOT NULL,
    sketch BIGINT[] NOT NULL,
    like_id INTEGER,
    likeness REAL NOT NULL,
    safety_score REAL NOT NULL,
    safety_judge VARCHAR(60) NOT NULL,
    decided_by VARCHAR(80) NOT NULL,
    decided_at TIMESTAMPTZ,
    FOREIGN KEY (source_id) REFERENCES source (id) ON DELETE RESTRICT,
    FOREIGN KEY (like_id) REFERENCES story (id) ON DELETE SET NULL
);
CREATE INDEX story_source_id ON story (source_id);
CREATE UNIQUE INDEX story_external_id ON story (external_id);
CREATE INDEX story_sketch ON story USING GIN (sketch);
CREATE INDEX story_like_id ON story (like_id);
CREATE INDEX story_state_id ON story (state, id);
CREATE INDEX story_title_words ON story USING gin (to_tsvector('english', title));
CREATE TABLE script (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    story_id INTEGER NOT NULL,
    title TEXT NOT NULL,
    hook TEXT NOT NULL,
    call_to_action TEXT NOT NULL,
    hashtags JSONB NOT NULL,
    written_by VARCHAR(80) NOT NULL,
    FOREIGN KEY (story_id) REFERENCES story (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX script_story_id ON script (story_id);
CREATE TABLE part (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    script_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    of INTEGER NOT NULL,
    hook TEXT NOT NULL,
    text TEXT NOT NULL,
    call_to_action TEXT NOT NULL,
    FOREIGN KEY (script_id) REFERENCES script (id) ON DELETE CASCADE
);
CREATE INDEX part_script_id ON part (script_id);
CREATE UNIQUE INDEX part_script_id_number ON part (script_id, number);
CREATE TABLE narration (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    part_id INTEGER NOT NULL,
    key VARCHAR(64) NOT NULL,
    path TEXT NOT NULL,
    seconds REAL NOT NULL,
    voice VARCHAR(200) NOT NULL,
    timed_by VARCHAR(20) NOT NULL,
    words JSONB NOT NULL,
    FOREIGN KEY (part_id) REFERENCES part (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX narration_part_id ON narration (part_id);
CREATE INDEX narration_key ON narration (key);
CREATE TABLE caption (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    part_id INTEGER NOT NULL,
    key VARCHAR(64) NOT NULL,
    ass_path TEXT NOT NULL,
    srt_path TEXT NOT NULL,
    vtt_path TEXT NOT NULL,
    style VARCHAR(20) NOT NULL,
    captioned_words INTEGER NOT NULL,
    FOREIGN KEY (part_id) REFERENCES part (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX caption_part_id ON caption (part_id);
CREATE INDEX caption_key ON caption (key);
CREATE TABLE video (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    part_id INTEGER NOT NULL,
    key VARCHAR(64) NOT NULL,
    path TEXT NOT NULL,
    cover_path TEXT NOT NULL,
    seconds REAL NOT NULL,
    size_bytes BIGINT NOT NULL,
    loudness REAL NOT NULL,
    true_peak REAL NOT NULL,
    state VARCHAR(10) NOT NULL
        CHECK (state IN ('review', 'ready', 'rejected')),
    FOREIGN KEY (part_id) REFERENCES part (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX video_part_id ON video (part_id);
CREATE INDEX video_key ON video (key);
CREATE INDEX video_state_id ON video (state, id);
CREATE INDEX video_created_at ON video (created_at);
CREATE TABLE account (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    platform VARCHAR(20) NOT NULL,
    open_id VARCHAR(120) NOT NULL,
    name VARCHAR(120) NOT NULL,
    scopes TEXT NOT NULL,
    state VARCHAR(14) NOT NULL
        CHECK (state IN ('connected', 'expired', 'disconnected')),
    access_token TEXT,
    refresh_token TEXT,
    access_expires_at TIMESTAMPTZ,
    refresh_expires_at TIMESTAMPTZ,
    last_refreshed_at TIMESTAMPTZ,
    last_error TEXT NOT NULL,
    privacy VARCHAR(40) NOT NULL
);
CREATE UNIQUE INDEX account_platform_open_id ON account (platform, open_id);
CREATE TABLE source_account (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    source_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    FOREIGN KEY (source_id) REFERENCES source (id) ON DELETE CASCADE,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
);
CREATE INDEX source_account_source_id ON source_account (source_id);
CREATE INDEX source_account_account_id ON source_account (account_id);
CREATE UNIQUE INDEX source_account_source_id_account_id ON source_account (source_id, account_id);
CREATE TABLE oauth_handshake (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    state VARCHAR(64) NOT NULL,
    verifier TEXT NOT NULL,
    session_id VARCHAR(64) NOT NULL,
    used_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX oauth_handshake_state ON oauth_handshake (state);
CREATE TABLE post (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    video_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    state VARCHAR(12) NOT NULL
        CHECK (state IN ('planned', 'claiming', 'uploading', 'processing', 'published', 'inbox', 'failed', 'parked', 'cancelled')),
    title TEXT NOT NULL,
    publish_id VARCHAR(120),
    upload_url TEXT,
    bytes_sent BIGINT NOT NULL,
    platform_id VARCHAR(120) NOT NULL,
    reason TEXT NOT NULL,
    published_at TIMESTAMPTZ,
    FOREIGN KEY (video_id) REFERENCES video (id) ON DELETE RESTRICT,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE RESTRICT
);
CREATE INDEX post_video_id ON post (video_id);
CREATE INDEX post_account_id ON post (account_id);
CREATE UNIQUE INDEX post_publish_id ON post (publish_id);
CREATE UNIQUE INDEX post_video_id_account_id ON post (video_id, account_id);
CREATE INDEX post_state_id ON post (state, id);
CREATE INDEX post_published_at ON post (published_at);
CREATE TABLE attempt (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    post_id INTEGER NOT NULL,
    method VARCHAR(20) NOT NULL,
    bytes_sent BIGINT NOT NULL,
    seconds REAL NOT NULL,
    outcome VARCHAR(60) NOT NULL,
    platform_id VARCHAR(120) NOT NULL,
    FOREIGN KEY (post_id) REFERENCES post (id) ON DELETE CASCADE
);
CREATE INDEX attempt_post_id ON attempt (post_id);
CREATE TABLE job (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    stage VARCHAR(20) NOT NULL,
    subject_id INTEGER NOT NULL,
    queue VARCHAR(20) NOT NULL,
    request_id VARCHAR(32) NOT NULL,
    state VARCHAR(10) NOT NULL
        CHECK (state IN ('waiting', 'running', 'done', 'dead', 'parked', 'cancelled')),
    due_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    sends INTEGER NOT NULL,
    waits_for TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    fence BIGINT NOT NULL,
    worker VARCHAR(160) NOT NULL,
    lease_until TIMESTAMPTZ,
    progress REAL NOT NULL,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    error TEXT NOT NULL,
    error_code VARCHAR(60) NOT NULL
);
CREATE UNIQUE INDEX job_stage_subject_id ON job (stage, subject_id);
CREATE INDEX job_state_due_at ON job (state, due_at);
CREATE INDEX job_state_stage_id ON job (state, stage, id);
CREATE TABLE dead_letter (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    job_id INTEGER,
    stage VARCHAR(60) NOT NULL,
    subject_id INTEGER,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    error_code VARCHAR(60) NOT NULL,
    trace TEXT NOT NULL,
    resolved_at TIMESTAMPTZ,
    resolution VARCHAR(20) NOT NULL,
    FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE SET NULL
);
CREATE INDEX dead_letter_job_id ON dead_letter (job_id);
CREATE INDEX dead_letter_open ON dead_letter (id) WHERE resolved_at IS NULL;
CREATE TABLE limit_setting (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    name VARCHAR(60) NOT NULL,
    count INTEGER NOT NULL,
    seconds REAL NOT NULL
);
CREATE UNIQUE INDEX limit_setting_name ON limit_setting (name);
"""

TABLES = (
    "limit_setting",
    "dead_letter",
    "job",
    "attempt",
    "post",
    "oauth_handshake",
    "source_account",
    "account",
    "video",
    "caption",
    "narration",
    "part",
    "script",
    "story",
    "source",
    "audit_entry",
    "person",
)


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    for table in TABLES:
        db.execute_sql(f"DROP TABLE {table}")
