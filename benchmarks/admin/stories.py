"""Statements that fill the tables from stories to videos, as years of work leave them.

Stories came in over 540 days. Most are skipped or rejected, thousands wait, and some sources gave
a few stories long ago. Every script has one to four parts; of the newest parts some have no video.
"""

from __future__ import annotations

MADE = """
SELECT setseed(0.5);
CREATE TEMP TABLE made AS
SELECT n, now() - interval '540 days' * (1 - n::float / %(stories)s) ^ 1.3 AS at,
       random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5,
       random() AS r6, ''::text AS state
FROM generate_series(1, %(stories)s) AS n;
UPDATE made SET state = CASE
    WHEN n > %(stories)s * 0.9995 THEN 'fetched' WHEN n > %(stories)s * 0.999 THEN 'approved'
    WHEN r1 < 0.2 THEN 'scripted' WHEN r1 < 0.65 THEN 'skipped' WHEN r1 < 0.93 THEN 'rejected'
    WHEN r1 < 0.94 THEN 'flagged' ELSE 'waiting' END;
ANALYZE made, prose;
"""

STORIES = """
INSERT INTO story (id, created_at, source_id, external_id, url, place, author, score, nsfw, doubt,
    excerpt, written_at, title, body, answers, state, reason, narratable_title, narratable_text,
    language, words, voice, sketch, similarity, safety_score, safety_judge, decided_by, decided_at)
SELECT n, at,
       CASE WHEN n <= 40 THEN 59
            WHEN n < %(stories)s * 0.2 AND r3 < 0.1 THEN 61 + n % 30
            ELSE 1 + floor(58 * r2 ^ 3)::int END,
       'reddit:t3_' || lpad(to_hex(n), 7, '0'),
       'https://www.reddit.com/r/tales/comments/' || lpad(to_hex(n), 7, '0') || '/a_tale/',
       'tales', 'author' || n % 9973, floor(5000 * r4 ^ 8)::int, r5 < 0.02, '', false, at,
       title, title || E'\\n\\n' || prose.body, '[]',
       CASE WHEN n > %(stories)s * 0.95 THEN 'fetched' ELSE state END,
       CASE state WHEN 'skipped' THEN 'It has too few words.'
                  WHEN 'rejected' THEN 'Not for this channel.' ELSE '' END,
       title, narrated, CASE WHEN n % 50 = 0 THEN 'de' ELSE 'en' END, prose.words, '', '{}', 0,
       r6 * 0.5, 'rules', CASE WHEN state IN ('scripted', 'rejected') THEN 'emil' ELSE '' END,
       CASE WHEN state IN ('scripted', 'rejected') THEN at + interval '9 hours' END
FROM made JOIN prose ON prose.number = n % %(texts)s
CROSS JOIN LATERAL (SELECT 'My ' || (%(who)s::text[])[1 + floor(%(whos)s * r2 ^ 3)::int] || ' '
    || (%(did)s::text[])[1 + floor(%(dids)s * r3 ^ 2)::int] || ' the '
    || (%(thing)s::text[])[1 + floor(%(things)s * r4 ^ 2)::int] || ' of '
    || (%(town)s::text[])[1 + floor(%(towns)s * r5)::int] || ' '
    || (%(place)s::text[])[1 + floor(%(places)s * r6)::int] || ', '
    || (%(end)s::text[])[1 + floor(%(ends)s * r1)::int]
    || CASE WHEN n % 50000 = 7 THEN ' ' || %(rarest)s ELSE '' END AS title) AS titles
ORDER BY n;
ANALYZE story;
UPDATE story SET state = made.state FROM made
WHERE story.id = n AND n > %(stories)s * 0.95 AND story.state <> made.state;
INSERT INTO safety_decision (created_at, story_id, judge, label, score, warn_from, flag_from,
    verdict, reason)
SELECT at, n, 'rules', '', r6 * 0.5, 0.6, 0.8, 'pass', '' FROM made
WHERE state IN ('scripted', 'waiting', 'flagged');
INSERT INTO intake (created_at, source_id, external_id, title, outcome, reason, story_id)
SELECT story.created_at, source_id, external_id, title,
       CASE WHEN n % 3 = 0 THEN 'known' WHEN n % 3 = 1 THEN 'skipped' ELSE 'taken' END, '', n
FROM made JOIN story ON story.id = n WHERE n > %(stories)s * 0.8 ORDER BY n;
INSERT INTO audit_entry (created_at, actor, action, subject, reason)
SELECT at + interval '9 hours', CASE WHEN n % 1000 = 1 THEN 'vera' WHEN r2 < 0.7 THEN 'emil'
       ELSE 'olga' END,
       CASE WHEN n % 5000 = 1 THEN 'user.recovery_codes' WHEN n % 200 = 1 THEN 'user.sign_in'
            WHEN state = 'scripted' THEN 'story.approve' ELSE 'story.reject' END,
       'story ' || n, CASE WHEN state = 'rejected' THEN 'Not for this channel.' ELSE '' END
FROM made WHERE state IN ('scripted', 'rejected') ORDER BY n;
"""

PARTS = """
CREATE TEMP TABLE scripted AS
SELECT row_number() OVER (ORDER BY n)::int AS script, n, at + interval '10 hours' AS at, r2,
       1 + (r3 > 0.6)::int + (r3 > 0.85)::int + (r3 > 0.97)::int AS parts
FROM made WHERE state = 'scripted';
CREATE TEMP TABLE piece AS
SELECT row_number() OVER (ORDER BY script, number)::int AS id, script, n, number, parts,
       at + number * interval '20 minutes' AS at, r2
FROM scripted, generate_series(1, parts) AS number;
DELETE FROM piece WHERE id > %(videos)s * 1.012;
ANALYZE scripted, piece;
INSERT INTO script (id, created_at, story_id, title, hook, hooks, call_to_action, hashtags,
    written_by)
SELECT script, at, n, story.title, 'Nobody believed me.', '["Nobody believed me."]', 'And you?',
       '["storytime", "tales"]', 'rules'
FROM scripted JOIN story ON story.id = n
WHERE script <= (SELECT max(script) FROM piece) ORDER BY script;
ANALYZE script;
INSERT INTO part (id, created_at, script_id, number, "of", hook, text, call_to_action, answers)
SELECT piece.id, at, script, piece.number, parts, 'Nobody believed me.', left(body, 1200),
       'And you?', '[]'
FROM piece JOIN prose ON prose.number = n % %(texts)s ORDER BY piece.id;
ANALYZE part;
INSERT INTO narration (created_at, part_id, key, path, seconds, voice, voice_note, timed_by, words)
SELECT at, id, md5('n' || id), 'narration/' || id, 40 + id % 50, 'espeak-ng/1.52/en-us', '',
       'synthesizer', '[["Nobody", 0, 1]]' FROM piece WHERE id <= %(videos)s * 1.006;
INSERT INTO video_number (created_at, part_id, choice, mood, number)
SELECT at, id, choice, '', id FROM piece, (VALUES ('background'), ('music')) AS of (choice)
WHERE id <= %(videos)s;
INSERT INTO caption (created_at, part_id, key, narration_key, ass_path, srt_path, vtt_path, style,
    captioned_words)
SELECT at, id, md5('c' || id), md5('n' || id), '', '', '', 'pop', 190
FROM piece WHERE id <= %(videos)s;
INSERT INTO video (id, created_at, part_id, key, spoken_key, approved_key, path, cover_path,
    seconds, size_bytes, loudness, true_peak, encoding, state)
SELECT id, at, id, md5('v' || id), md5('s' || id), md5('v' || id), 'video/' || id, 'cover/' || id,
       40 + id % 50, 21000000, -14, -1.5, '{}',
       CASE WHEN id > %(videos)s * 0.99 THEN 'review'
            WHEN r2 < 0.05 AND id < %(videos)s * 0.6 THEN 'rejected' ELSE 'ready' END
FROM piece WHERE id <= %(videos)s ORDER BY id;
ANALYZE video;
"""
