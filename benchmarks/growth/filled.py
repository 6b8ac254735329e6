"""Fills the database as months of work leave it: stories, their parts, videos and published posts.

Everything is inserted by a few statements over ``generate_series``. One part was made every five
minutes, up to now, each from a story of its own, and posted on one of the accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from peewee import fn

from benchmarks import statements
from core.db import database, transaction
from models import (
    Account,
    AccountState,
    Channel,
    Job,
    JobState,
    Method,
    Part,
    Post,
    PostState,
    Script,
    Source,
    SourceKind,
    Story,
    Video,
    now,
)

ACCOUNTS = 5
SOURCES = 4
NEVER = "9999-12-31"

MADE = """
DROP TABLE IF EXISTS made;
CREATE TEMP TABLE made AS SELECT n, now() - (%(last)s - n) * interval '5 minutes' AS at
FROM generate_series(%(first)s::int, %(last)s::int) AS n;
ANALYZE made;
"""
STORIES = """
INSERT INTO story (id, created_at, source_id, external_id, url, place, author, score, nsfw, title,
    body, answers, state, reason, narratable_title, narratable_text, language, words, voice,
    sketch, similarity, safety_score, safety_judge, decided_by)
SELECT n, at, 1 + n % %(sources)s, 'bench:' || n, '', 'tales', 'a', 1, false,
       'The lamp of house ' || n, 'It went out.', '[]',
       CASE WHEN n % 10 = 0 THEN 'rejected' WHEN n % 10 = 1 THEN 'skipped' ELSE 'scripted' END, '',
       'The lamp', 'It went out.', 'en', 3, '', '{}', 0, 0, 'rules', 'ada' FROM made;
INSERT INTO intake (created_at, source_id, external_id, title, outcome, reason, story_id)
SELECT at, 1 + n % %(sources)s, 'bench:' || n, 'The lamp', 'taken', '', n FROM made;
INSERT INTO safety_decision (created_at, story_id, judge, label, score, warn_from, flag_from,
    verdict, reason)
SELECT at, n, 'rules', '', 0, 0.6, 0.8, 'pass', '' FROM made;
INSERT INTO audit_entry (created_at, actor, action, subject, reason)
SELECT at, 'ada', 'story.approve', 'story ' || n, '' FROM made;
"""
PARTS = """
INSERT INTO script (id, created_at, story_id, title, hook, hooks, call_to_action, hashtags,
    written_by)
SELECT n, at, n, 'The lamp', '', '[]', '', '[]', 'rules' FROM made;
INSERT INTO part (id, created_at, script_id, number, "of", hook, text, call_to_action, answers)
SELECT n, at, n, 1, 1, '', 'It went out.', '', '[]' FROM made;
INSERT INTO narration (created_at, part_id, key, path, seconds, voice, voice_note, timed_by, words)
SELECT at, n, %(narration)s, 'none', 3, '', '', 'synthesizer',
       '[["It", 0, 1], ["went", 1, 2], ["out.", 2, 3]]' FROM made;
INSERT INTO caption (created_at, part_id, key, narration_key, ass_path, srt_path, vtt_path, style,
    captioned_words)
SELECT at, n, %(captions)s, %(narration)s, %(ass)s, '', '', 'pop', 3 FROM made;
"""
VIDEOS = """
INSERT INTO video_number (created_at, part_id, choice, mood, number)
SELECT at, n, choice, '', n FROM made, (VALUES ('background'), ('music')) AS of (choice);
INSERT INTO video (id, created_at, part_id, key, spoken_key, approved_key, path, cover_path,
    seconds, size_bytes, loudness, true_peak, encoding, state)
SELECT n, at, n, 'v' || n, %(spoken)s, 'v' || n, 'none', 'none', 3, 5, -14, -1, '{}', 'ready'
FROM made;
"""
POSTS = """
INSERT INTO post (id, created_at, video_id, account_id, state, video_key, title, options, allowed,
    scheduled_at, pinned, method, publish_id, bytes_sent, platform_id, address, reason,
    published_at, next_insight_at)
SELECT n, at, n, 1 + n % %(accounts)s, 'published', 'v' || n, 'The lamp', '{}', false, at, false,
       'direct', 'bench-' || n, 5, '', '', '', at, %(never)s FROM made;
INSERT INTO attempt (created_at, post_id, method, bytes_sent, seconds, outcome, reason, platform_id,
    unknown_answers, screenshot)
SELECT at, n, 'direct', 5, 1, 'published', '', '', 0, '' FROM made;
INSERT INTO insight (created_at, post_id, views, likes, comments, shares)
SELECT at, n, count, 1, 1, 1 FROM made, generate_series(1, 3) AS count;
INSERT INTO webhook_event (created_at, digest, event, open_id, publish_id, outcome)
SELECT at, 'bench-' || n, 'post.publish.complete', 'open', 'bench-' || n, 'asks TikTok at once'
FROM made WHERE at > now() - interval '7 days';
"""
JOBS = """
INSERT INTO job (created_at, stage, subject_id, queue, request_id, state, due_at, sent_at, sends,
    waits_for, attempts, crashes, fence, worker, progress, started_at, finished_at, error,
    error_code)
SELECT at, stage, n, queue, 'bench', 'done', at, at, 0, '', 1, 0, 1, 'w', 1, at, at, '', ''
FROM made, (VALUES ('prepare', 'cpu'), ('script', 'network'), ('narrate', 'cpu'),
    ('caption', 'cpu'), ('render', 'gpu'), ('publish', 'network'), ('confirm', 'network')
) AS stages (stage, queue);
INSERT INTO dead_letter (created_at, job_id, stage, subject_id, attempts, error, error_code, trace,
    parked, request_id, resolved_at, resolution)
SELECT job.created_at, job.id, stage, subject_id, 3, 'It failed.', 'http_503', '', false, 'bench',
       job.created_at, 'requeued'
FROM job JOIN made ON job.subject_id = n AND stage = 'publish' WHERE n % 20 = 0;
"""
UNRENDERED = """
DELETE FROM post WHERE id >= %(first)s;
DELETE FROM video WHERE id >= %(first)s;
DELETE FROM video_number WHERE part_id >= %(first)s;
DELETE FROM job WHERE subject_id >= %(first)s AND stage IN ('render', 'publish', 'confirm');
"""
"""Takes back what follows captions."""
SAME_ID: tuple[Any, ...] = (Story, Script, Part, Video, Post)
EVERY_TABLE = (STORIES, PARTS, VIDEOS, POSTS, JOBS)


def prepare_empty() -> None:
    """Two channels, sources with and without one, and accounts: the same at every size."""
    for name, mood in (("one", "rain"), ("two", "")):
        Channel.create(name=name, background=mood)
    for number in range(SOURCES):
        channel = number + 1 if number < 2 else None  # noqa: PLR2004
        Source.create(
            name=f"source {number}", kind=SourceKind.SUBREDDIT, place="tales", channel=channel,
            enabled=False,
        )  # fmt: skip
    for number in range(ACCOUNTS):
        Account.create(
            open_id=f"open {number}", name=f"account {number}", state=AccountState.CONNECTED,
            methods=[Method.MANUAL],
        )  # fmt: skip


def fill(count: int, made_of: Mapping[str, str], *, rendered: bool = True) -> range:
    """Insert everything about ``count`` new parts, and collect statistics.

    Args:
        count: how many parts.
        made_of: ``narration`` and ``captions`` (keys), ``ass`` (a name), ``spoken`` (a part's key).
        rendered: whether they have videos and published posts; otherwise they end with captions.

    Returns:
        Their ids; a part's story, script, video and post have the same id.
    """
    first = 1 + max(table.select(fn.MAX(table.id)).scalar() or 0 for table in SAME_ID)
    last = first + count - 1
    values = {
        "first": first, "last": last, "sources": SOURCES, "accounts": ACCOUNTS, "never": NEVER,
        **made_of,
    }  # fmt: skip
    with transaction():
        statements.run(MADE, values)
        for rows in EVERY_TABLE if rendered else (*EVERY_TABLE, UNRENDERED):
            statements.run(rows, values)
            # Foreign keys are checked by plans made for the tables as they were: without new
            # figures each of the next rows is looked for by reading the whole table.
            database.execute_sql("ANALYZE story, script, part, video, post")
        for table in SAME_ID:
            sequence = f"{table.__name__.lower()}_id_seq"
            database.execute_sql("SELECT setval(%s, %s)", (sequence, last))
    database.execute_sql("VACUUM ANALYZE")
    return range(first, last + 1)


def publish_planned() -> None:
    """Let the planned posts be out since days, so that no queue builds up."""
    days_ago = now() - timedelta(days=2)
    Post.update(state=PostState.PUBLISHED, scheduled_at=days_ago, published_at=days_ago).where(
        Post.state == PostState.PLANNED
    ).execute()
    Job.update(state=JobState.DONE).where(Job.state == JobState.WAITING).execute()
