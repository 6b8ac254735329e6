"""Sessions, second factors and tries are kept at the server; the audit log is sealed."""

from typing import Any

UP = """
ALTER TABLE person ADD COLUMN email TEXT;
ALTER TABLE person ADD COLUMN totp_secret TEXT;
ALTER TABLE person ADD COLUMN totp_since TIMESTAMPTZ;
ALTER TABLE person ADD COLUMN totp_last_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE person ALTER COLUMN totp_last_step DROP DEFAULT;
ALTER TABLE person ADD COLUMN reset_asked_at TIMESTAMPTZ;
ALTER TABLE person ADD COLUMN reset_mailed_at TIMESTAMPTZ;
ALTER TABLE person DROP COLUMN failed_sign_ins;
ALTER TABLE person DROP COLUMN locked_until;
CREATE TABLE sign_in_session (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    user_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    token_hash VARCHAR(64) NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    proved_at TIMESTAMPTZ NOT NULL,
    address VARCHAR(45) NOT NULL,
    agent VARCHAR(60) NOT NULL
);
CREATE INDEX signinsession_user_id ON sign_in_session (user_id);
CREATE UNIQUE INDEX signinsession_token_hash ON sign_in_session (token_hash);
CREATE TABLE recovery_code (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    user_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    code_hash VARCHAR(255) NOT NULL
);
CREATE INDEX recoverycode_user_id ON recovery_code (user_id);
CREATE UNIQUE INDEX recoverycode_user_id_number ON recovery_code (user_id, number);
CREATE TABLE old_password (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    user_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    password_hash VARCHAR(255) NOT NULL
);
CREATE INDEX oldpassword_user_id ON old_password (user_id);
CREATE TABLE sign_in_tries (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    key VARCHAR(64) NOT NULL,
    tries INTEGER NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    blocked_until TIMESTAMPTZ
);
CREATE UNIQUE INDEX signintries_key ON sign_in_tries (key);
CREATE TABLE audit_seal (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    entry_id INTEGER NOT NULL,
    hash VARCHAR(64) NOT NULL,
    witness TEXT
);
CREATE UNIQUE INDEX auditseal_entry_id ON audit_seal (entry_id);
CREATE INDEX audit_seal_witness ON audit_seal (id) WHERE witness IS NOT NULL;
"""

DOWN = """
DROP TABLE audit_seal;
DROP TABLE sign_in_tries;
DROP TABLE old_password;
DROP TABLE recovery_code;
DROP TABLE sign_in_session;
ALTER TABLE person ADD COLUMN failed_sign_ins INTEGER NOT NULL DEFAULT 0;
ALTER TABLE person ALTER COLUMN failed_sign_ins DROP DEFAULT;
ALTER TABLE person ADD COLUMN locked_until TIMESTAMPTZ;
ALTER TABLE person DROP COLUMN reset_mailed_at;
ALTER TABLE person DROP COLUMN reset_asked_at;
ALTER TABLE person DROP COLUMN totp_last_step;
ALTER TABLE person DROP COLUMN totp_since;
ALTER TABLE person DROP COLUMN totp_secret;
ALTER TABLE person DROP COLUMN email;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
