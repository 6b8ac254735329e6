"""Indexes for the lists of the back office and their filters, and for jobs that are due."""

from typing import Any

UP = """
CREATE INDEX story_newest ON story (state, id DESC NULLS LAST);
CREATE INDEX story_newest_of_source ON story (source_id, state, id DESC NULLS LAST);
DROP INDEX story_source_id;
CREATE INDEX intake_newest ON intake (source_id, outcome, id DESC NULLS LAST);
DROP INDEX intake_source_id;
DROP INDEX intake_source_id_id;
CREATE INDEX video_newest ON video (state, part_id DESC NULLS LAST);
CREATE INDEX post_newest ON post (state, method, id DESC NULLS LAST);
DROP INDEX post_method_id;
CREATE INDEX post_newest_of_account ON post (account_id, state, method, id DESC NULLS LAST);
DROP INDEX post_account_id;
CREATE INDEX job_due ON job (due_at) WHERE state = 'waiting';
CREATE INDEX job_due_of_stage ON job (stage, due_at) WHERE state = 'waiting';
DROP INDEX job_state_due_at;
CREATE INDEX job_newest ON job (state, stage, id DESC NULLS LAST);
DROP INDEX job_state_stage_id;
CREATE INDEX job_code_since ON job (code_since) WHERE state = 'waiting';
CREATE INDEX job_newest_subject ON job (state, stage, subject_id DESC NULLS LAST)
    WHERE state <> 'done';
CREATE INDEX dead_letter_stage_id ON dead_letter (stage, id);
CREATE INDEX dead_letter_error_code_id ON dead_letter (error_code, id);
CREATE INDEX dead_letter_account_id_id ON dead_letter (account_id, id);
CREATE INDEX audit_entry_newest_actor ON audit_entry (actor, id DESC NULLS LAST);
DROP INDEX audit_entry_actor_id;
CREATE INDEX audit_entry_newest_action ON audit_entry (action, id DESC NULLS LAST);
DROP INDEX audit_entry_action;
CREATE INDEX audit_entry_newest_both ON audit_entry (actor, action, id DESC NULLS LAST);
CREATE INDEX webhookdelivery_subscription_id_id ON webhook_delivery (subscription_id, id);
DROP INDEX webhookdelivery_subscription_id;
"""

DOWN = """
CREATE INDEX webhookdelivery_subscription_id ON webhook_delivery (subscription_id);
DROP INDEX webhookdelivery_subscription_id_id;
DROP INDEX audit_entry_newest_both;
CREATE INDEX audit_entry_action ON audit_entry (action);
DROP INDEX audit_entry_newest_action;
CREATE INDEX audit_entry_actor_id ON audit_entry (actor, id);
DROP INDEX audit_entry_newest_actor;
DROP INDEX dead_letter_account_id_id;
DROP INDEX dead_letter_error_code_id;
DROP INDEX dead_letter_stage_id;
DROP INDEX job_newest_subject;
DROP INDEX job_code_since;
CREATE INDEX job_state_stage_id ON job (state, stage, id);
DROP INDEX job_newest;
CREATE INDEX job_state_due_at ON job (state, due_at);
DROP INDEX job_due_of_stage;
DROP INDEX job_due;
CREATE INDEX post_account_id ON post (account_id);
DROP INDEX post_newest_of_account;
CREATE INDEX post_method_id ON post (method, id);
DROP INDEX post_newest;
DROP INDEX video_newest;
CREATE INDEX intake_source_id_id ON intake (source_id, id);
CREATE INDEX intake_source_id ON intake (source_id);
DROP INDEX intake_newest;
CREATE INDEX story_source_id ON story (source_id);
DROP INDEX story_newest_of_source;
DROP INDEX story_newest;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
