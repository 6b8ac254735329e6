"""Indexes for the statements of stages and ticks, which must not read what is over."""

from typing import Any

UP = """
CREATE INDEX post_new_videos ON post (published_at)
    WHERE state = 'published' AND next_insight_at IS NULL;
CREATE INDEX webhook_event_unsettled ON webhook_event (id) WHERE outcome = '';
CREATE INDEX webhookevent_created_at ON webhook_event (created_at);
CREATE INDEX webhook_event_post ON webhook_event (publish_id) WHERE publish_id <> '';
CREATE INDEX intake_source_id_created_at ON intake (source_id, created_at);
CREATE INDEX intake_source_id_external_id ON intake (source_id, external_id);
"""

DOWN = """
DROP INDEX intake_source_id_external_id;
DROP INDEX intake_source_id_created_at;
DROP INDEX webhook_event_post;
DROP INDEX webhookevent_created_at;
DROP INDEX webhook_event_unsettled;
DROP INDEX post_new_videos;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
