"""Videos know what was approved and what they say, and have numbers; paths are below MEDIA_DIR."""

from typing import Any

from core import settings

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

# As they were counted before: all earlier parts with the same mood, over all channels.
NUMBERS = """
CREATE TABLE video_number (
    id SERIAL NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    part_id INTEGER NOT NULL REFERENCES part (id) ON DELETE CASCADE,
    choice VARCHAR(12) NOT NULL,
    mood VARCHAR(120) NOT NULL,
    number INTEGER NOT NULL
);
INSERT INTO video_number (created_at, part_id, choice, mood, number)
SELECT now(), part.id, of.choice, of.mood,
       row_number() OVER (PARTITION BY of.choice, of.mood ORDER BY part.id) - 1
FROM part JOIN script ON script.id = part.script_id JOIN story ON story.id = script.story_id
     JOIN source ON source.id = story.source_id LEFT JOIN channel ON channel.id = source.channel_id
     CROSS JOIN LATERAL (VALUES ('background', COALESCE(channel.background, '')),
                                ('music', COALESCE(channel.music, ''))) AS of (choice, mood)
ORDER BY part.id, of.choice;
CREATE INDEX video_number_part_id ON video_number (part_id);
CREATE UNIQUE INDEX video_number_part_id_choice_mood ON video_number (part_id, choice, mood);
CREATE UNIQUE INDEX video_number_choice_mood_number ON video_number (choice, mood, number);
"""

FILES = {
    "narration": ("path",),
    "caption": ("ass_path", "srt_path", "vtt_path"),
    "video": ("path", "cover_path"),
    "attempt": ("screenshot",),
}
# By their form, so also where MEDIA_DIR was moved since.
BELOW = r"^.*/((narration|captions|video)/[0-9a-f]{2}/[^/]+|screenshots/[^/]+)$"

KEYS_BACK = """
ALTER TABLE post DROP COLUMN video_key;
ALTER TABLE video DROP COLUMN approved_key, DROP COLUMN spoken_key;
ALTER TABLE caption DROP COLUMN narration_key;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(KEYS)
    db.execute_sql(WORDS)
    db.execute_sql(NUMBERS)
    for table, column in _columns():
        db.execute_sql(
            f"UPDATE {table} SET {column} = regexp_replace({column}, %s, '\\1') "
            f"WHERE {column} ~ %s",
            (BELOW, BELOW),
        )


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql("DROP TABLE video_number")
    db.execute_sql(KEYS_BACK)
    for table, column in _columns():
        rows = db.execute_sql(
            f"SELECT id FROM {table} WHERE {column} <> '' AND NOT starts_with({column}, '/')"
        ).fetchall()
        if rows:
            folder = settings.current().media_dir.resolve()
            db.execute_sql(
                f"UPDATE {table} SET {column} = %s || {column} WHERE id = ANY(%s)",
                (f"{folder}/", [row_id for (row_id,) in rows]),
            )


def _columns() -> list[tuple[str, str]]:
    return [(table, column) for table, columns in FILES.items() for column in columns]
