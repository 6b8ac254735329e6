"""Videos know which content was approved and which words they say; posts know what they sent."""

from typing import Any

KEYS = """
ALTER TABLE caption ADD COLUMN narration_key VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE video ADD COLUMN spoken_key VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE video ADD COLUMN approved_key VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN video_key VARCHAR(64) NOT NULL DEFAULT '';
UPDATE video SET approved_key = key WHERE state = 'ready';
UPDATE post SET video_key = video.key FROM video
    WHERE video.id = post.video_id AND post.state NOT IN ('planned', 'cancelled');
"""

# Where a stage of the part has not ended well, nobody knows which words these are of.
WORDS = """
UPDATE caption SET narration_key = narration.key FROM narration
    WHERE narration.part_id = caption.part_id AND NOT EXISTS (
        SELECT FROM job WHERE job.stage IN ('narrate', 'caption', 'render')
        AND job.subject_id = caption.part_id AND job.state <> 'done');
UPDATE video SET spoken_key = encode(sha256(convert_to(concat_ws(E'\\n\\n',
        NULLIF(part.hook, ''), NULLIF(part.text, ''), NULLIF(part.call_to_action, '')
    ), 'UTF8')), 'hex')
    FROM part WHERE part.id = video.part_id AND NOT EXISTS (
        SELECT FROM job WHERE job.stage IN ('narrate', 'caption', 'render')
        AND job.subject_id = part.id AND job.state <> 'done');
ALTER TABLE caption ALTER COLUMN narration_key DROP DEFAULT;
ALTER TABLE video ALTER COLUMN spoken_key DROP DEFAULT, ALTER COLUMN approved_key DROP DEFAULT;
ALTER TABLE post ALTER COLUMN video_key DROP DEFAULT;
"""

KEYS_BACK = """
ALTER TABLE post DROP COLUMN video_key;
ALTER TABLE video DROP COLUMN approved_key, DROP COLUMN spoken_key;
ALTER TABLE caption DROP COLUMN narration_key;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(KEYS)
    db.execute_sql(WORDS)


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(KEYS_BACK)
