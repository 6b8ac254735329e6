"""Insights are read from sums, filled here from what was counted before.

It reads all counts once, the posts of ``STEP`` ids at a time. Counts that a worker of the release
before stores meanwhile reach the sums with their posts' next counts.
"""

from typing import Any

STEP = 10_000

TABLES = """
CREATE TABLE latest_count (
    post_id INTEGER PRIMARY KEY REFERENCES post (id) ON DELETE CASCADE,
    counted_at TIMESTAMPTZ NOT NULL,
    views BIGINT NOT NULL,
    likes BIGINT NOT NULL,
    comments BIGINT NOT NULL,
    shares BIGINT NOT NULL,
    day DATE NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE RESTRICT,
    source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE RESTRICT,
    hour SMALLINT NOT NULL,
    hook SMALLINT,
    part INTEGER
);
CREATE TABLE day_total (
    by VARCHAR(10) NOT NULL CHECK (by IN ('account', 'source', 'hour', 'hook', 'part')),
    day DATE NOT NULL,
    key INTEGER NOT NULL,
    videos INTEGER NOT NULL,
    views BIGINT NOT NULL,
    likes BIGINT NOT NULL,
    comments BIGINT NOT NULL,
    shares BIGINT NOT NULL,
    logs BIGINT NOT NULL,
    log_squares BIGINT NOT NULL,
    PRIMARY KEY (by, day, key)
) WITH (fillfactor = 80);
CREATE TABLE view_gain (
    account_id INTEGER NOT NULL,
    hour TIMESTAMPTZ NOT NULL,
    videos INTEGER NOT NULL,
    views BIGINT NOT NULL,
    likes BIGINT NOT NULL,
    comments BIGINT NOT NULL,
    shares BIGINT NOT NULL,
    PRIMARY KEY (account_id, hour)
) WITH (fillfactor = 80);
"""

LATEST = """
INSERT INTO latest_count (post_id, counted_at, views, likes, comments, shares, day, account_id,
    source_id, hour, hook, part)
SELECT post.id, counts.created_at, views, likes, comments, shares,
       (published_at AT TIME ZONE 'UTC')::date, post.account_id, source_id,
       extract(hour FROM published_at AT TIME ZONE account.timezone),
       CASE WHEN number > 1 OR part.hook = '' THEN NULL
            WHEN part.hook ~ '[?\uff1f\u061f]["”»\u2019'')]*$' THEN 1
            WHEN part.hook ~ '^["“„«»\u2018]' THEN 2
            WHEN part.hook ~ '[0-9]' THEN 3
            WHEN cardinality(regexp_split_to_array(part.hook, '\\s+')) <= 8 THEN 4 ELSE 5 END,
       CASE WHEN part.of > 1 THEN 100 * part.of + number END
FROM post CROSS JOIN LATERAL (
         SELECT * FROM insight WHERE post_id = post.id ORDER BY created_at DESC, id DESC LIMIT 1
     ) AS counts
     JOIN account ON account.id = post.account_id JOIN video ON video.id = video_id
     JOIN part ON part.id = part_id JOIN script ON script.id = script_id
     JOIN story ON story.id = story_id
WHERE post.id BETWEEN %(first)s AND %(last)s AND published_at IS NOT NULL
ORDER BY post.id
"""

TOTALS = """
INSERT INTO day_total AS total
SELECT by, day, key, count(*), sum(views), sum(likes), sum(comments), sum(shares), sum(log),
       sum(log * log)
FROM latest_count CROSS JOIN LATERAL (
         SELECT round(10000 * ln(1 + greatest(views, 0)::float8))::bigint AS log
     ) AS of_views
     CROSS JOIN LATERAL (VALUES ('account', account_id), ('source', source_id), ('hour', hour),
         ('hook', hook), ('part', part)) AS keyed (by, key)
WHERE post_id BETWEEN %(first)s AND %(last)s AND key IS NOT NULL GROUP BY by, day, key
ON CONFLICT (by, day, key) DO UPDATE SET videos = total.videos + EXCLUDED.videos,
    views = total.views + EXCLUDED.views, likes = total.likes + EXCLUDED.likes,
    comments = total.comments + EXCLUDED.comments, shares = total.shares + EXCLUDED.shares,
    logs = total.logs + EXCLUDED.logs, log_squares = total.log_squares + EXCLUDED.log_squares
"""

GAINS = """
WITH counted AS (
    SELECT post_id, date_trunc('hour', created_at, 'UTC') AS hour,
           lag(id) OVER counts IS NULL AS new,
           views - lag(views, 1, 0::bigint) OVER counts AS views,
           likes - lag(likes, 1, 0::bigint) OVER counts AS likes,
           comments - lag(comments, 1, 0::bigint) OVER counts AS comments,
           shares - lag(shares, 1, 0::bigint) OVER counts AS shares
    FROM insight WHERE post_id BETWEEN %(first)s AND %(last)s
    WINDOW counts AS (PARTITION BY post_id ORDER BY created_at, id)
)
INSERT INTO view_gain AS gain
SELECT gained.account_id, counted.hour, count(*) FILTER (WHERE new), sum(counted.views), sum(counted.likes),
       sum(counted.comments), sum(counted.shares)
FROM counted JOIN latest_count USING (post_id)
     CROSS JOIN LATERAL (VALUES (0), (latest_count.account_id)) AS gained (account_id)
GROUP BY gained.account_id, counted.hour
ON CONFLICT (account_id, hour) DO UPDATE SET videos = gain.videos + EXCLUDED.videos,
    views = gain.views + EXCLUDED.views, likes = gain.likes + EXCLUDED.likes,
    comments = gain.comments + EXCLUDED.comments, shares = gain.shares + EXCLUDED.shares
"""

INDEXES = """
CREATE INDEX latestcount_day_post_id ON latest_count (day, post_id);
CREATE INDEX latestcount_day_views ON latest_count (day, views);
CREATE INDEX latestcount_account_id_day_post_id ON latest_count (account_id, day, post_id);
ANALYZE latest_count, day_total, view_gain;
"""

DOWN = """
DROP TABLE view_gain;
DROP TABLE day_total;
DROP TABLE latest_count;
"""


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(TABLES)
    fill(db)
    db.execute_sql(INDEXES)


def fill(db: Any) -> None:
    """Fill the empty tables from the table ``insight``."""
    newest = db.execute_sql("SELECT COALESCE(max(post_id), 0) FROM insight").fetchone()[0]
    for first in range(1, newest + 1, STEP):
        for statement in (LATEST, TOTALS, GAINS):
            db.execute_sql(statement, {"first": first, "last": first + STEP - 1})


def down(_migrator: Any, db: Any) -> None:
    db.execute_sql(DOWN)
