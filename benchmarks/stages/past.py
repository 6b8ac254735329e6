"""What years of work have left where the surveyed worker works.

The source that is fetched and the account that posts have much of it, so that a statement that
reads all of one account's past is found as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from peewee import fn
from psycopg2.extras import execute_values

from adapters.ports import NO_MUSIC
from benchmarks import plans, statements
from core import db
from core.db import database
from models import (
    Account,
    Channel,
    Job,
    JobState,
    SignInSession,
    SignInTries,
    Source,
    SourceKind,
    Story,
    StoryState,
    User,
    WebhookSubscription,
    now,
)
from pipelines.people import audit_chain
from pipelines.stories.text import similarity
from pipelines.subscriptions.events import WORDS

SOURCE = 1
"""The source with the most stories."""
PLACE = "surveyed"
"""Its subreddit."""
TABLE = "tales.csv"
"""The file of another source with many outcomes."""

EACH = 25
"""Of so many stories, one may have near-duplicates."""
STRANGE = 8
"""Values in the sketch of any other."""
FILLED = 10
"""Percent of a page that rows fill."""

HELD = """
UPDATE job SET due_at = now() + interval '1 day' WHERE state = 'waiting' AND due_at <= now();
"""
"""Nothing that waits from before is due: only what the survey begins is done."""
AGED = """
DELETE FROM intake WHERE created_at < now() - interval '30 days 1 hour';
UPDATE webhook_event SET created_at = created_at - interval '1 day';
UPDATE webhook_delivery SET created_at = created_at - interval '1 day';
UPDATE intake SET source_id = CASE WHEN id % 2 = 0 THEN 1 ELSE %(table)s END WHERE id % 4 < 3;
UPDATE job SET state = 'running', lease_until = now() - interval '1 minute', crashes = id % 3,
    started_at = now()
WHERE id IN (SELECT id FROM job WHERE state = 'waiting' AND stage = 'prepare' ORDER BY id LIMIT 3);
UPDATE source SET next_fetch_at = now() + interval '1 day';
"""
"""Periodic work was done an hour or a day ago; just now a worker died."""
POSTS = """
CREATE TEMP TABLE moved AS
SELECT id, CASE id % 80 WHEN 0 THEN %(inbox)s WHEN 8 THEN %(browser)s WHEN 16 THEN %(manual)s
                        ELSE %(direct)s END AS account_id
FROM (SELECT min(id) AS id FROM post WHERE scheduled_at < now() - interval '2 days'
      GROUP BY video_id) AS first WHERE id % 8 = 0;
INSERT INTO moved SELECT id, %(direct)s FROM (SELECT min(id) AS id FROM post
    WHERE scheduled_at > now() GROUP BY video_id) AS planned WHERE id % 16 = 0;
ANALYZE moved;
UPDATE post SET account_id = moved.account_id FROM moved WHERE post.id = moved.id;
UPDATE latest_count SET account_id = moved.account_id FROM moved WHERE post_id = moved.id;
DROP TABLE moved;
"""
"""The history of the accounts of each method: the direct one has 5 % of all posts, as many as the
busiest of 200 accounts has."""
SKETCHED = """
UPDATE story SET sketch = ARRAY(
    SELECT (random() * 9e18)::bigint FROM generate_series(1, %(strange)s) WHERE story.id > 0);
UPDATE story SET sketch = sketched.sketch FROM sketched
WHERE narratable_text = text AND story.id % %(each)s = 0;
DROP TABLE sketched;
"""
"""Few stories are near-duplicates, and the others share next to nothing."""
DUE = """
UPDATE post SET next_insight_at = now() WHERE id IN (SELECT id FROM post
    WHERE account_id = %(direct)s AND state = 'published' ORDER BY id DESC LIMIT 40);
UPDATE account SET access_expires_at = now() WHERE id = %(inbox)s;
UPDATE account SET access_expires_at = now(), refresh_attempts = 1, next_refresh_at = now()
WHERE id = %(browser)s;
UPDATE account SET access_token = refresh_token, refresh_expires_at = now() - interval '8 days'
WHERE id = %(manual)s;
INSERT INTO webhook_event (created_at, digest, event, open_id, publish_id, outcome)
SELECT now(), 'due ' || event || post.id, event, open_id, publish_id, ''
FROM post JOIN account ON account.id = account_id,
     (VALUES ('post.publish.publicly_available'), ('post.publish.no_longer_publicaly_available'),
             ('post.publish.failed')) AS of (event)
WHERE post.id IN (SELECT max(id) FROM post WHERE publish_id IS NOT NULL GROUP BY state);
INSERT INTO webhook_event (created_at, digest, event, open_id, publish_id, outcome)
SELECT now(), 'due removed', 'authorization.removed', open_id, '', '' FROM account
WHERE id = %(inbox)s;
"""
"""What each tick looks for."""


def spread() -> None:
    """Let the large tables take more pages for as many rows, so that reading one whole costs more.

    Statistics can be multiplied, but pages are counted.
    """
    for table in plans.LARGE:
        database.execute_sql(f"ALTER TABLE {table} SET (fillfactor = {FILLED})")


def hold() -> None:
    with db.session():
        database.execute_sql(HELD)


def is_swept() -> bool:
    """Whether every job that is due has been woken again."""
    due = (Job.state == JobState.WAITING) & (Job.due_at <= now())
    unsent = Job.sent_at.is_null() | (Job.sent_at < now() - timedelta(minutes=5))
    return not Job.select().where(due, unsent).exists()


def leave(accounts: Mapping[str, Account], receiver: str, gone: str) -> None:
    """Let the source, the accounts and the subscriptions have a past.

    Args:
        accounts: by method.
        receiver: address that every subscription is told at, but for the last one.
        gone: the address of the last one.
    """
    table = Source.create(
        name="a table", kind=SourceKind.CSV, place=TABLE, count=10, min_words=5, enabled=True
    )
    statements.run(AGED, {"table": table.id})
    statements.run(POSTS, {method: account.id for method, account in accounts.items()})
    _sketched()
    audit_chain.seal()
    last = WebhookSubscription.select(fn.MAX(WebhookSubscription.id)).scalar()
    WebhookSubscription.update(events=list(WORDS), address=receiver).execute()
    WebhookSubscription.update(address=gone).where(WebhookSubscription.id == last).execute()
    Channel.update(music=NO_MUSIC).execute()
    Source.update(place=PLACE, count=10, min_words=5, time_filter="all").where(
        Source.id == SOURCE
    ).execute()
    Source.update(next_fetch_at=None).where(Source.id.in_((SOURCE, table.id))).execute()


def grow(times: float) -> None:
    """Let PostgreSQL plan as at the full size."""
    database.execute_sql("ANALYZE")
    plans.grow(times)
    [[name]] = database.execute_sql("SELECT quote_ident(current_database())").fetchall()
    database.execute_sql(f"ALTER DATABASE {name} SET seq_page_cost = {times * FILLED / 100}")


def _sketched() -> None:
    """Near-duplicates are looked for among stories with sketches."""
    texts = database.execute_sql("SELECT DISTINCT narratable_text FROM story").fetchall()
    sketched = [(text, list(similarity.sketch(text))) for (text,) in texts]
    database.execute_sql("CREATE TEMP TABLE sketched (text text, sketch bigint[])")
    execute_values(database.cursor(), "INSERT INTO sketched VALUES %s", sketched)
    statements.run(SKETCHED, {"each": EACH, "strange": STRANGE})


def make_due(accounts: Mapping[str, Account]) -> None:
    """Give each tick work: rows of the past, and of what the survey has posted, are due."""
    statements.run(DUE, {method: account.id for method, account in accounts.items()})
    user = User.create(
        name="emil", password_hash="", role="owner", email="emil@bench.example",
        reset_asked_at=now(),
    )  # fmt: skip
    SignInSession.create(
        user=user, token_hash="", last_seen_at=now() - SignInSession.LONGEST, address="", agent=""
    )
    SignInTries.create(key="k", tries=1, last_at=now() - timedelta(days=9))


def sketched_story() -> Story:
    """A story that another one can be a near-duplicate of."""
    sketched = fn.CARDINALITY(Story.sketch) > STRANGE
    found: Story = Story.select().where(sketched, Story.state != StoryState.SKIPPED).first()
    return found
