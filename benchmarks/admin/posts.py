"""Statements that fill the tables from posts to failures, as years of work leave them.

The posts of 200 days, some accounts with ten times as many as others; queues of a month; counts in
the order in which they were read. Of the jobs nearly all are done; thousands wait, and the open
failures are old and new.
"""

from __future__ import annotations

POSTS = """
CREATE TEMP TABLE sent AS
SELECT k, ready.id AS video, (mine + CASE WHEN second THEN 1 + k % (%(accounts)s - 1) ELSE 0 END)
       % %(accounts)s + 1 AS account, at, r, s,
       CASE WHEN k > %(posts)s * 0.96 THEN 'planned'
            WHEN k > %(posts)s * 0.96 - 20 THEN 'processing'
            WHEN s < 0.004 THEN 'failed' WHEN s < 0.005 THEN 'parked' WHEN s < 0.05 THEN 'cancelled'
            WHEN s < 0.053 THEN 'inbox'
            WHEN s < 0.06 AND k > %(posts)s * 0.9 THEN 'manual' ELSE 'published' END AS state,
       CASE WHEN k > %(posts)s * 0.96 THEN '' WHEN r < 0.8 THEN 'direct' WHEN r < 0.88 THEN 'inbox'
            WHEN r < 0.96 AND k < %(posts)s * 0.5 THEN 'browser' WHEN r < 0.97 THEN 'manual'
            ELSE 'direct' END AS method
FROM (SELECT k, 1 + ((k - 1) * %(videos)s::bigint / %(posts)s)::int AS video,
             k > 1 AND (k - 1) * %(videos)s::bigint / %(posts)s
                       = (k - 2) * %(videos)s::bigint / %(posts)s AS second,
             random() AS r, random() AS s,
             CASE WHEN k > %(posts)s * 0.96
                  THEN now() + (k - %(posts)s * 0.96) / (%(posts)s * 0.04) * interval '30 days'
                  ELSE now() - (%(posts)s * 0.96 - k) / (%(posts)s * 0.96) * interval '200 days'
             END AS at
      FROM generate_series(1, %(posts)s) AS k) AS every
CROSS JOIN LATERAL (SELECT floor(%(accounts)s * (every.video::bigint * 7919 % 10007 / 10007.0)
                                  ^ 1.6)::int AS mine) AS zipf
JOIN video AS ready ON ready.id = every.video;
ANALYZE sent;
INSERT INTO post (id, created_at, video_id, account_id, state, video_key, title, options, allowed,
    scheduled_at, pinned, method, publish_id, bytes_sent, platform_id, address, reason,
    published_at, next_insight_at)
SELECT k, least(at, now() - interval '1 day'), video, account,
       CASE WHEN k > %(posts)s * 0.9 THEN 'planned' ELSE state END,
       CASE WHEN state = 'planned' THEN '' ELSE md5('v' || video) END,
       script.title || ' #storytime #tales', '{}', false, date_trunc('minute', at), s > 0.97,
       method, CASE WHEN state IN ('planned', 'cancelled', 'manual') THEN NULL
                    ELSE 'v_pub~' || k END,
       21000000,
       CASE WHEN state = 'published' THEN (7300000000000000000 + k)::text ELSE '' END,
       CASE WHEN state = 'published'
            THEN 'https://www.tiktok.com/@account/video/' || 7300000000000000000 + k ELSE '' END,
       CASE WHEN state IN ('failed', 'parked') THEN 'TikTok refused the video.' ELSE '' END,
       CASE WHEN state = 'published' THEN at END,
       CASE WHEN state = 'published' AND at > now() - interval '30 days'
            THEN now() + r * interval '1 day' WHEN state = 'published' THEN '9999-12-31' END
FROM sent JOIN part ON part.id = video JOIN script ON script.id = script_id ORDER BY k;
ANALYZE post;
UPDATE post SET state = sent.state FROM sent
WHERE post.id = k AND k > %(posts)s * 0.9 AND sent.state <> 'planned';
INSERT INTO attempt (created_at, post_id, method, bytes_sent, seconds, outcome, reason, platform_id,
    unknown_answers, screenshot)
SELECT at, k, method, 21000000, 5, state, '', '', 0, '' FROM sent
WHERE state NOT IN ('planned', 'cancelled') ORDER BY k;
INSERT INTO audit_entry (created_at, actor, action, subject, reason)
SELECT at, 'olga', CASE WHEN k % 3 = 0 THEN 'post.pin' ELSE 'post.cancel' END, 'post ' || k, ''
FROM sent WHERE state = 'cancelled' OR k % 40 = 0 ORDER BY k;
"""

COUNTS = """
INSERT INTO insight (created_at, post_id, views, likes, comments, shares)
SELECT at + age AS counted, k, seen, seen / 12, seen / 150, seen / 400
FROM (SELECT k, at, r, count(*) OVER () AS posts FROM sent WHERE state = 'published') AS shown
CROSS JOIN LATERAL (
    SELECT number ^ 2.5 * interval '20 minutes' AS age,
           (floor(80 / (r + 0.0001) ^ 0.9) * number)::bigint AS seen
    FROM generate_series(1, ceil(2 * r * %(counts)s / posts)::int) AS number
) AS curve
WHERE at + age < now() ORDER BY counted;
ANALYZE insight;
"""

JOBS = """
CREATE TEMP TABLE work AS
SELECT row_number() OVER (ORDER BY at)::int AS id, stage, queue, subject, at, state, r, shade
FROM (
    SELECT 'prepare' AS stage, 'cpu' AS queue, n AS subject, made.at, r1 AS r, r2 AS shade,
           CASE WHEN state = 'fetched' THEN 'waiting' WHEN r5 < 0.0005 THEN 'dead'
                ELSE 'done' END AS state
    FROM made WHERE n > %(stories)s - %(prepared)s
    UNION ALL
    SELECT 'script', 'network', n, scripted.at, r2, r2,
           CASE WHEN n % 2000 = 0 THEN 'dead' ELSE 'done' END FROM scripted
    UNION ALL
    SELECT stage, CASE WHEN stage = 'render' THEN 'gpu' ELSE 'cpu' END, id, piece.at, r2, r2,
           CASE WHEN id <= %(videos)s THEN 'done'
                WHEN stage = 'narrate' AND id > %(videos)s * 1.006 THEN 'waiting'
                WHEN stage = 'render' AND id <= %(videos)s * 1.006
                     THEN CASE WHEN id % 3 = 0 THEN 'dead' WHEN id % 3 = 1 THEN 'cancelled'
                               ELSE 'waiting' END
                WHEN id <= %(videos)s * 1.006 THEN 'done' END
    FROM piece, (VALUES ('narrate'), ('caption'), ('render')) AS of (stage)
    UNION ALL
    SELECT 'publish', 'network', k, sent.at, sent.r, s,
           CASE WHEN state = 'planned' THEN 'waiting' WHEN state = 'failed' THEN 'dead'
                WHEN state IN ('parked', 'cancelled') THEN state ELSE 'done' END FROM sent
) AS every
WHERE state IS NOT NULL;
ANALYZE work;
INSERT INTO job (id, created_at, stage, subject_id, queue, request_id, state, due_at, sent_at,
    sends, waits_for, attempts, crashes, fence, worker, progress, started_at, finished_at, error,
    error_code)
SELECT id, least(at, now()), stage, subject, queue, md5('request ' || id / 4),
       CASE WHEN id > %(jobs)s * 0.95 THEN 'waiting' ELSE state END, at, at, 1,
       CASE WHEN state = 'waiting' AND stage = 'publish' THEN 'its slot' ELSE '' END,
       1, 0, 1, CASE WHEN state = 'done' THEN 'host (process 7)' ELSE '' END, 1, at, at,
       CASE WHEN state IN ('dead', 'parked') THEN 'TikTok refused the video.' ELSE '' END,
       CASE WHEN state IN ('dead', 'parked')
            THEN (%(codes)s::text[])[1 + floor(%(kinds)s * shade ^ 2)::int] ELSE '' END
FROM work ORDER BY id;
ANALYZE job;
UPDATE job SET state = work.state FROM work
WHERE job.id = work.id AND work.id > %(jobs)s * 0.95 AND work.state <> 'waiting';
UPDATE job SET state = 'running', started_at = now(), progress = 0.4,
    lease_until = now() + interval '1 day'
WHERE id IN (SELECT id FROM job WHERE state = 'waiting' AND stage = 'narrate' ORDER BY id LIMIT 6);
INSERT INTO dead_letter (created_at, job_id, stage, subject_id, attempts, error, error_code, trace,
    parked, request_id, account_id, source_id, resolved_at, resolution)
SELECT job.created_at, job.id, stage, subject_id, 3, 'TikTok refused the video.',
       CASE WHEN error_code = '' THEN 'http_503' ELSE error_code END, repeat('File "a.py" ', 60),
       job.state = 'parked', request_id, account_id,
       (SELECT source_id FROM story WHERE story.id = subject_id AND stage IN ('prepare', 'script')),
       CASE WHEN job.state = 'done' THEN job.created_at END,
       CASE WHEN job.state = 'done' THEN 'requeued' ELSE '' END
FROM job LEFT JOIN post ON stage = 'publish' AND post.id = subject_id
WHERE job.state IN ('dead', 'parked') OR job.state = 'done' AND job.id % 50 = 0 ORDER BY job.id;
INSERT INTO webhook_event (created_at, digest, event, open_id, publish_id, outcome)
SELECT at, md5('event ' || k), 'post.publish.complete', 'open-' || account, 'v_pub~' || k,
       'asks TikTok at once' FROM sent WHERE at BETWEEN now() - interval '7 days' AND now();
INSERT INTO webhook_delivery (created_at, subscription_id, event, uuid, payload, state, attempts,
    status, error, delivered_at)
SELECT at, 1 + k % 3, 'post.published', gen_random_uuid(), '{}',
       CASE WHEN k % 500 = 0 THEN 'failed' ELSE 'delivered' END, 1, 200, '', at
FROM sent WHERE at BETWEEN now() - interval '30 days' AND now();
"""
