"""Dead letters for all that needs a person; voices of stories; indexes for the search."""

from typing import Any

UP = """
ALTER TABLE story ADD COLUMN voice VARCHAR(300) NOT NULL DEFAULT '';
ALTER TABLE story ALTER COLUMN voice DROP DEFAULT;
ALTER TABLE dead_letter
    ADD COLUMN parked BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN request_id VARCHAR(32) NOT NULL DEFAULT '',
    ADD COLUMN account_id INTEGER REFERENCES account (id) ON DELETE SET NULL,
    ADD COLUMN source_id INTEGER REFERENCES source (id) ON DELETE SET NULL;
INSERT INTO dead_letter (created_at, job_id, stage, subject_id, attempts, error, error_code, trace,
                         parked, resolution)
SELECT COALESCE(finished_at, created_at), id, stage, subject_id, attempts, error, error_code, '',
       true, ''
FROM job WHERE state = 'parked' ORDER BY id;
INSERT INTO dead_letter (created_at, job_id, stage, subject_id, attempts, error, error_code, trace,
                         parked, resolution)
SELECT now(), job.id, job.stage, post.id, job.attempts, post.reason, 'stranded', '', true, ''
FROM post JOIN job ON job.stage = 'publish' AND job.subject_id = post.id
WHERE post.state = 'parked' AND NOT EXISTS (
    SELECT FROM dead_letter JOIN job AS failed ON failed.id = job_id
    WHERE resolved_at IS NULL AND failed.stage IN ('publish', 'confirm', 'mail')
          AND failed.subject_id = post.id);
UPDATE dead_letter SET request_id = job.request_id FROM job WHERE job.id = job_id;
UPDATE dead_letter SET account_id = post.account_id FROM post
WHERE post.id = subject_id AND stage IN ('publish', 'confirm', 'mail');
UPDATE dead_letter SET account_id = account.id FROM account
WHERE account.id = subject_id AND stage IN ('browser', 'revoke');
UPDATE dead_letter SET source_id = source.id FROM source
WHERE source.id = subject_id AND stage = 'fetch';
UPDATE dead_letter SET source_id = story.source_id FROM story
WHERE story.id = subject_id AND stage IN ('page', 'prepare', 'judge', 'script');
UPDATE dead_letter SET source_id = story.source_id
FROM part JOIN script ON script.id = script_id JOIN story ON story.id = story_id
WHERE part.id = subject_id AND stage IN ('narrate', 'caption', 'render');
UPDATE dead_letter SET source_id = story.source_id
FROM post JOIN video ON video.id = video_id JOIN part ON part.id = part_id
     JOIN script ON script.id = script_id JOIN story ON story.id = story_id
WHERE post.id = subject_id AND stage IN ('publish', 'confirm', 'mail');
ALTER TABLE dead_letter ALTER COLUMN parked DROP DEFAULT, ALTER COLUMN request_id DROP DEFAULT;
CREATE INDEX dead_letter_open_error_code ON dead_letter (error_code, id) WHERE resolved_at IS NULL;
CREATE INDEX dead_letter_open_account_id ON dead_letter (account_id, id) WHERE resolved_at IS NULL;
CREATE INDEX dead_letter_open_source_id ON dead_letter (source_id, id) WHERE resolved_at IS NULL;
CREATE INDEX story_url ON story USING hash (url) WHERE url <> '';
CREATE INDEX post_platform_id ON post (platform_id) WHERE platform_id <> '';
CREATE INDEX job_request ON job USING hash (request_id);
"""

DOWN = """
DROP INDEX story_url;
DROP INDEX post_platform_id;
DROP INDEX job_request;
ALTER TABLE story DROP COLUMN voice;
DELETE FROM dead_letter WHERE parked;
DROP INDEX dead_letter_open_error_code;
ALTER TABLE dead_letter DROP COLUMN parked, DROP COLUMN request_id, DROP COLUMN account_id,
    DROP COLUMN source_id;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(UP)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
