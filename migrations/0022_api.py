"""Programs call the API with tokens, and are told about events by webhooks."""

from typing import Any

UP = """
CREATE TABLE api_token (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    user_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    name VARCHAR(80) NOT NULL,
    start VARCHAR(12) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    scopes JSONB NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ
);
CREATE INDEX apitoken_user_id ON api_token (user_id);
CREATE UNIQUE INDEX apitoken_token_hash ON api_token (token_hash);
CREATE TABLE api_answer (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    token_id INTEGER NOT NULL REFERENCES api_token (id) ON DELETE CASCADE,
    key VARCHAR(200) NOT NULL,
    request_hash VARCHAR(64) NOT NULL,
    status INTEGER NOT NULL,
    body TEXT
);
CREATE INDEX apianswer_token_id ON api_answer (token_id);
CREATE UNIQUE INDEX apianswer_token_id_key ON api_answer (token_id, key);
CREATE INDEX apianswer_created_at ON api_answer (created_at);
CREATE TABLE webhook_subscription (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    place VARCHAR(500) NOT NULL,
    address TEXT NOT NULL,
    secret TEXT NOT NULL,
    events JSONB NOT NULL,
    enabled BOOLEAN NOT NULL
);
CREATE TABLE webhook_delivery (
    id SERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    subscription_id INTEGER NOT NULL REFERENCES webhook_subscription (id) ON DELETE CASCADE,
    event VARCHAR(40) NOT NULL,
    uuid VARCHAR(36) NOT NULL,
    payload TEXT NOT NULL,
    state VARCHAR(10) NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts INTEGER NOT NULL,
    status INTEGER,
    error TEXT NOT NULL,
    delivered_at TIMESTAMPTZ
);
CREATE INDEX webhookdelivery_subscription_id ON webhook_delivery (subscription_id);
CREATE UNIQUE INDEX webhookdelivery_uuid ON webhook_delivery (uuid);
CREATE INDEX webhookdelivery_created_at ON webhook_delivery (created_at);
"""

DOWN = """
DROP TABLE webhook_delivery;
DROP TABLE webhook_subscription;
DROP TABLE api_answer;
DROP TABLE api_token;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
