"""When a post may go out: too early, too late, too many, and all at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest

from core.db import session, transaction
from core.errors import AccountFullError
from models import Account, Job, Post, PostState, Video, now
from pipelines import ledger
from pipelines.publishing.scheduling import admission, pins, planning
from pipelines.publishing.scheduling.slots import local_day, zone
from tests.pipelines.publishing.scheduling.times import (
    HOUR,
    MINUTE,
    account,
    copies,
    delivery,
    has_gone,
    job_of,
    pass_time,
    slots_of,
    times,
    zone_at_noon,
)

MakeVideos = Callable[..., list[Video]]
Plan = Callable[..., list[Post]]
pytestmark = pytest.mark.usefixtures("record")

DAILY = ("08:00", "13:00", "18:30")


def test_a_post_that_is_woken_too_early_waits_and_spends_no_attempt(planned: Plan) -> None:
    of = account(*DAILY)
    (post,) = planned()
    Job.update(due_at=now()).execute()

    assert "its slot is" in str(delivery(post))

    assert not has_gone(post)
    assert abs(job_of(post).due_at - slots_of(of, 1)[0]) < timedelta(seconds=2)
    assert job_of(post).attempts == 0


def test_a_part_waits_for_the_one_before_it(planned: Plan) -> None:
    account()
    first, second = planned(parts=2)
    with transaction():
        ledger.enqueue("publish", second.id)  # as a person's requeue can

    assert "part 1 of this story" in str(delivery(second))

    assert delivery(first) is None
    with transaction():
        planning.lock_for_release(first)
        Post.update(state=PostState.PUBLISHED).where(Post.id == first.id).execute()
        planning.release_next(first)
    assert delivery(second) is None


def test_a_cap_that_was_lowered_after_scheduling_holds(planned: Plan) -> None:
    account(cap=5, timezone=zone_at_noon())
    posts = planned(stories=3)
    Account.update(posts_a_day=2).execute()

    assert [delivery(post) is None for post in posts] == [True, True, False]
    assert times(posts)[2] > now() + HOUR
    assert job_of(posts[2]).due_at > now() + HOUR


@pytest.mark.parametrize(("cap", "gap", "go"), [(5, 0, 5), (15, 10, 1)])
def test_many_at_the_same_moment_stay_within_cap_and_gap(
    planned: Plan, cap: int, gap: int, go: int
) -> None:
    # given thirty posts that are all due, although cap or gap forbid it
    of = account(timezone=zone_at_noon())
    posts = copies(planned()[0], 30)
    Post.update(state=PostState.CANCELLED).where(Post.id < posts[0].id).execute()
    Account.update(posts_a_day=cap, gap_minutes=gap).execute()
    start = threading.Barrier(6)

    def worker(mine: list[Post]) -> None:
        with session():
            start.wait(30)
            for post in mine:
                delivery(post, patient=True)

    # when six workers take them all at once
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(worker, [posts[n::6] for n in range(6)]))

    # then exactly as many as allowed went out, and the others have times that fit
    assert sum(has_gone(post) for post in posts) == go
    at = sorted(times(posts))
    assert max(Counter(local_day(zone(of.timezone), time) for time in at).values()) <= cap
    assert all(later - earlier >= gap * MINUTE for earlier, later in pairwise(at))


def test_a_post_that_was_interrupted_goes_on_or_is_planned_again(planned: Plan) -> None:
    # given a worker that died while it announced a post
    account(gap=60)
    post, other = planned(stories=2)
    assert delivery(post) is None
    with transaction():
        interrupted = Post.get_by_id(post.id)
        assert admission.admit(interrupted) is None
    assert interrupted.state == PostState.CLAIMING

    # when another one went out meanwhile
    Post.update(state=PostState.PUBLISHED, scheduled_at=now()).where(Post.id == other.id).execute()
    with transaction():
        wait = admission.admit(interrupted)

    assert wait is not None
    assert not has_gone(post)
    assert times([post])[0] == times([other])[0] + HOUR


# ── late, and too many ───────────────────────────────────────────────────────────────────────


def test_posts_that_are_late_after_downtime_get_the_next_slots_in_order(
    planned: Plan,
) -> None:
    of = account(*DAILY)
    posts = planned(stories=10)
    pass_time(slots_of(of, 1)[0] - now() + timedelta(days=2, minutes=16))
    due = [post for post in posts if job_of(post).due_at <= now()]
    assert len(due) >= 6

    # when all due posts are processed, the last one first
    went = [post for post in reversed(due) if job_of(post).due_at <= now() and not delivery(post)]

    # then there is no burst, the order is kept and nothing is lost
    assert went == []
    assert times(posts) == slots_of(of, 10)
    in_time = timedelta(seconds=2)
    assert all(
        abs(job_of(post).due_at - time) < in_time
        for post, time in zip(posts, times(posts), strict=True)
    )


def test_without_slots_late_posts_keep_order_and_gap(planned: Plan) -> None:
    account(gap=60)
    posts = planned(stories=4)
    pass_time(10 * HOUR)

    # the last is claimed first, which reschedules all; only the first may go out
    assert delivery(posts[3]) is not None
    assert delivery(posts[0]) is None

    gaps = [later - earlier for earlier, later in pairwise(times(posts))]
    assert gaps[1:] == [HOUR, HOUR]
    assert HOUR - MINUTE < gaps[0] <= HOUR


def test_a_few_minutes_late_a_post_still_goes_out(planned: Plan) -> None:
    of = account(*DAILY)
    first, second = planned(stories=2)
    pass_time(slots_of(of, 1)[0] - now() + 10 * MINUTE)

    assert delivery(first) is None
    assert not has_gone(second)


def test_a_pinned_post_that_was_missed_goes_out_as_soon_as_possible(planned: Plan) -> None:
    account(*DAILY, gap=30, timezone=zone_at_noon())
    first, second = planned(stories=2)
    pins.pin(first.id, now() + HOUR, "ada")
    pins.pin(second.id, now() + 2 * HOUR, "ada")
    pass_time(timedelta(days=1))

    assert delivery(first) is None
    assert delivery(second) is not None

    assert times([second])[0] == times([first])[0] + 30 * MINUTE
    assert Post.get_by_id(second.id).pinned


def test_when_the_platform_takes_no_more_the_queue_moves_to_the_next_slots(
    planned: Plan,
) -> None:
    of = account(*DAILY)
    posts = planned(stories=3)
    pass_time(slots_of(of, 1)[0] - now() + MINUTE)
    assert delivery(posts[0]) is None

    with transaction():
        refused = Post.get_by_id(posts[0].id)
        error = admission.defer(refused)

    assert isinstance(error, AccountFullError)
    assert "its slot is" in str(error)
    assert refused.state == PostState.PLANNED
    assert times(posts) == slots_of(of, 3)
    assert abs(now() + timedelta(seconds=error.after or 0) - times(posts)[0]) < 5 * MINUTE / 60


def test_without_slots_the_account_pauses_for_six_hours(planned: Plan) -> None:
    account(timezone=zone_at_noon())
    posts = planned(stories=3)
    assert delivery(posts[0]) is None

    with transaction():
        admission.defer(Post.get_by_id(posts[0].id))
    posts += planned()

    assert all(abs(time - now() - 6 * HOUR) < MINUTE for time in times(posts))
    assert all(job_of(post).due_at > now() + 5 * HOUR for post in posts[1:])
