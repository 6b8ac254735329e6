"""Accounts with slots, their posts, and simulated time, for tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice

from core.db import database
from core.errors import Wait
from models import Account, AccountState, Job, Post, PostState, Slot, now
from pipelines import ledger
from pipelines.publishing.scheduling import admission
from pipelines.publishing.scheduling.slots import SlotTime, moments, zone

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def account(*daily: str, timezone: str = "Europe/Berlin", cap: int = 15, gap: int = 0) -> Account:
    """An account with slots at these times every day."""
    made = Account.create(
        open_id=f"creator {Account.select().count()}",
        name="lamp_tales",
        state=AccountState.CONNECTED,
        timezone=timezone,
        posts_a_day=cap,
        gap_minutes=gap,
    )
    for weekday in range(1, 8):
        for at in daily:
            Slot.create(account=made, weekday=weekday, at=at)
    return made


def zone_at_noon() -> str:
    """A zone where it is about noon, so that no day ends while a test runs."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def times(posts: Iterable[Post]) -> list[datetime]:
    return [Post.get_by_id(post.id).scheduled_at for post in posts]


def slots_of(of: Account, count: int) -> list[datetime]:
    """The account's next slots."""
    rows = Slot.select().where(Slot.account == of)
    daily = [SlotTime(slot.weekday, slot.at) for slot in rows]
    return list(islice(moments(daily, zone(of.timezone), now()), count))


def job_of(post: Post) -> Job:
    return Job.get(Job.stage == "publish", Job.subject_id == post.id)


def delivery(post: Post, *, patient: bool = False) -> Wait | None:
    """Like the publish stage up to the announcement; None if the post went out.

    With ``patient`` a job that is not due is left alone.
    """
    claim = ledger.claim("publish", post.id, "worker")
    if claim is None and patient:
        return None
    assert claim is not None, f"The job is not due: {ledger.explain(job_of(post))}"
    with claim.step():
        fresh = Post.get_by_id(post.id)
        wait = admission.admit(fresh)
        if wait is None:
            fresh.move(PostState.CLAIMING)
    if wait is not None:
        ledger.put_back(claim, wait)
    return wait


def has_gone(post: Post) -> bool:
    return str(Post.get_by_id(post.id).state) != PostState.PLANNED


def pass_time(by: timedelta) -> None:
    """Move all stored times back by this much."""
    Post.update(scheduled_at=Post.scheduled_at - by).execute()
    Job.update(due_at=Job.due_at - by).execute()


def copies(post: Post, count: int) -> list[Post]:
    """This many posts planned for the same time as ``post``, each of a different story."""
    database.execute_sql(
        """
        WITH numbers AS (SELECT generate_series(1000, 999 + %(count)s) AS n),
        stories AS (INSERT INTO story (id, created_at, source_id, external_id, url, place, author,
                score, nsfw, title, body, answers, state, reason, narratable_title, narratable_text,
                language, words, voice, sketch, similarity, safety_score, safety_judge,
                decided_by)
            SELECT n, now(), (SELECT min(id) FROM source), n, '', '', '', 0, false, '', '',
                   '[]', 'scripted', '', '', '', '', 0, '', '{}', 0, 0, '', '' FROM numbers),
        scripts AS (INSERT INTO script (id, created_at, story_id, title, hook, call_to_action,
                hooks, hashtags, written_by)
            SELECT n, now(), n, '', '', '', '[]', '[]', '' FROM numbers),
        parts AS (INSERT INTO part (id, created_at, script_id, number, "of", hook, text,
                call_to_action, answers)
            SELECT n, now(), n, 1, 1, '', '', '', '[]' FROM numbers),
        videos AS (INSERT INTO video (id, created_at, part_id, key, spoken_key, approved_key, path,
                cover_path, seconds, size_bytes, loudness, true_peak, encoding, state)
            SELECT n, now(), n, n, '', n, '', '', 1, 1, 0, 0, '{}', 'ready' FROM numbers),
        posts AS (INSERT INTO post (id, created_at, video_id, account_id, state, video_key, title,
                options, allowed, scheduled_at, pinned, method, bytes_sent, platform_id, address,
                reason)
            SELECT n, now(), n, account_id, state, '', '', '{}', false, scheduled_at, false, '', 0,
                   '', '', '' FROM numbers, post WHERE post.id = %(post)s)
        INSERT INTO job (created_at, stage, subject_id, queue, request_id, state, due_at, sends,
                waits_for, attempts, crashes, fence, worker, progress, error, error_code)
            SELECT now(), 'publish', n, 'network', '', 'waiting', now(), 0, '', 0, 0, 0, '', 0, '',
                   '' FROM numbers
        """,
        {"count": count, "post": post.id},
    )
    return list(Post.select().where(Post.id >= 1000).order_by(Post.id))
