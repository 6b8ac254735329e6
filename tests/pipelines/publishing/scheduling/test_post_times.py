"""The times that planned posts get, and what moves them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest

from core.db import session, transaction
from models import Account, Job, JobState, Post, PostState, Slot, Video, VideoState, now
from pipelines import ledger
from pipelines.publishing.posts import decisions
from pipelines.publishing.scheduling import pins, planning, post_times
from pipelines.publishing.scheduling.slots import local_day, zone
from tests.pipelines.publishing.scheduling.times import (
    MINUTE,
    account,
    copies,
    delivery,
    job_of,
    slots_of,
    times,
    zone_at_noon,
)

MakeVideos = Callable[..., list[Video]]
Plan = Callable[..., list[Post]]
pytestmark = pytest.mark.usefixtures("record")

DAILY = ("08:00", "13:00", "18:30")


# ── scheduling ──────────────────────────────────────────────────────────────────────────────────


def test_without_slots_gap_or_a_full_day_a_post_goes_out_at_once(planned: Plan) -> None:
    account()

    posts = planned(stories=3)

    assert [delivery(post) for post in posts] == [None, None, None]
    assert all(now() - MINUTE < time <= now() for time in times(posts))


def test_with_slots_each_post_has_the_next_one_from_the_moment_it_is_planned(
    planned: Plan,
) -> None:
    of = account(*DAILY)
    expected = slots_of(of, 5)

    posts = planned(stories=5)

    assert times(posts) == expected
    job = job_of(posts[0])
    assert job.due_at == expected[0]
    shown = f"{expected[0].astimezone(zone('Europe/Berlin')):%a %d %b %H:%M}"
    assert ledger.explain(job).endswith(f": its slot is {shown} (Europe/Berlin)")


def test_parts_that_are_ready_in_any_order_are_scheduled_in_order(make_videos: MakeVideos) -> None:
    of = account(*DAILY)
    one, two, three = make_videos(3, state=VideoState.REVIEW)
    expected = slots_of(of, 3)

    def ready(video: Video) -> Post:
        with transaction():
            Video.update(state=VideoState.READY).where(Video.id == video.id).execute()
            return planning.plan(Video.get_by_id(video.id))[0]

    # given later parts that are ready first: they take no time yet
    third, second = ready(three), ready(two)
    assert times([second, third]) == [None, None]
    # when the first is ready too
    first = ready(one)
    # then all parts have a time
    assert times([first, second, third]) == expected


def test_the_days_of_the_cap_are_the_accounts_own(planned: Plan) -> None:
    hourly = [f"{hour:02d}:00" for hour in range(24)]
    account(*hourly, timezone="Pacific/Kiritimati", cap=2)  # UTC+14

    posts = planned(stories=9)

    days = Counter(local_day(zone("Pacific/Kiritimati"), time) for time in times(posts))
    assert list(days.values()) in ([2, 2, 2, 2, 1], [1, 2, 2, 2, 2])


def test_the_cap_counts_what_went_out_today_and_what_may_be_out(planned: Plan) -> None:
    of = account(timezone=zone_at_noon(), cap=3)
    published, parked, failed = posts = planned(stories=3)
    assert [delivery(post) for post in posts] == [None] * 3
    for post, state in (
        (published, PostState.PUBLISHED),
        (parked, PostState.PARKED),
        (failed, PostState.FAILED),
    ):
        Post.update(state=state).where(Post.id == post.id).execute()

    today, tomorrow = times(planned(stories=2))

    assert today <= now()
    where = zone(of.timezone)
    assert f"{tomorrow.astimezone(where):%H:%M}" == "00:00"
    assert local_day(where, tomorrow) == local_day(where, now()) + timedelta(days=1)


def test_posts_keep_the_gap_to_each_neighbour(planned: Plan) -> None:
    account(gap=90)
    first, second, third = posts = planned(stories=3)
    gaps = [later - earlier for earlier, later in pairwise(times(posts))]
    assert all(90 * MINUTE <= gap < 91 * MINUTE for gap in gaps)

    # when one is pinned between two others, they move on both sides
    at = times([second])[0] + 30 * MINUTE
    pins.pin(third.id, at, "ada")
    fourth, fifth = planned(stories=2)

    assert times([first, second, fourth, fifth])[1:] == [at + n * MINUTE for n in (90, 180, 270)]
    assert times([first])[0] <= now()


def test_an_account_with_no_posts_a_day_keeps_posts_waiting(planned: Plan) -> None:
    of = account(cap=0)
    (post,) = planned()

    assert "set to 0 posts a day" in str(delivery(post))

    Account.update(posts_a_day=1).execute()
    post_times.reassign(of.id)
    assert delivery(post) is None


def test_a_long_queue_gets_its_times_quickly(planned: Plan) -> None:
    of = account(*DAILY, cap=2, gap=60)
    posts = copies(planned()[0], 1_000)

    started = time.process_time()
    post_times.reassign(of.id)

    assert time.process_time() - started < 3
    scheduled = times(posts)
    assert len(set(scheduled)) == 1_000
    assert scheduled == sorted(scheduled)


# ── what changes the queue ───────────────────────────────────────────────────────────────────


def test_new_slots_move_the_queue_and_its_jobs(planned: Plan) -> None:
    of = account(*DAILY)
    posts = planned(stories=3)
    Slot.delete().execute()
    for weekday in range(1, 8):
        Slot.create(account=of, weekday=weekday, at="11:11")
    Account.update(timezone="Asia/Tokyo").execute()

    post_times.reassign(of.id)

    assert times(posts) == slots_of(Account.get_by_id(of.id), 3)
    assert [job_of(post).due_at for post in posts] == times(posts)
    assert "11:11 (Asia/Tokyo)" in job_of(posts[0]).waits_for


def test_a_blocked_story_keeps_no_slots(planned: Plan) -> None:
    # given a story whose first part has failed, and another
    of = account(*DAILY)
    one, two = planned(parts=2)
    (other,) = planned()
    slots = slots_of(of, 4)
    assert times([one, two, other]) == slots[:3]
    Post.update(state=PostState.FAILED).where(Post.id == one.id).execute()
    Job.update(state=JobState.DEAD).where(Job.subject_id == one.id).execute()

    post_times.reassign(of.id)
    assert times([two, other]) == [None, slots[0]]

    # when the first part is planned again, its story gets later times
    with transaction():
        post = Post.get_by_id(one.id)
        planning.lock_for_release(post)
        post.move(PostState.PLANNED)
        planning.replan(post)
    assert times([other, one, two]) == slots[:3]
    assert job_of(one).state == JobState.WAITING


def test_a_post_whose_job_is_dead_keeps_no_slot(planned: Plan) -> None:
    of = account(*DAILY)
    stuck, other = planned(stories=2)
    Job.update(state=JobState.DEAD).where(Job.subject_id == stuck.id).execute()

    post_times.reassign(of.id)
    assert times([stuck, other]) == [None, slots_of(of, 1)[0]]

    # when a person requeues it, it gets the next free time
    ledger.requeue(job_of(stuck).id)
    assert delivery(stuck) is not None
    assert times([stuck]) == slots_of(of, 2)[1:]


def test_rescheduling_does_not_wait_for_a_locked_job(planned: Plan) -> None:
    # given a transaction that locks a job and then the account, as a person's cancel does
    of = account(*DAILY)
    first, second = planned(stories=2)
    holds, goes_on = threading.Event(), threading.Event()

    def cancel() -> None:
        with session(), transaction():
            Job.update(worker="x").where(Job.subject_id == second.id).execute()
            holds.set()
            assert goes_on.wait(30)
            planning.lock_for_release(second)

    thread = threading.Thread(target=cancel)
    thread.start()
    assert holds.wait(30)
    Account.update(timezone="Asia/Tokyo").execute()
    with transaction():
        post_times.reassign(of.id)
        goes_on.set()
    thread.join(30)

    assert not thread.is_alive()
    assert times([first, second]) == slots_of(Account.get_by_id(of.id), 2)
    # the job that was locked finds out when it runs
    Job.update(due_at=now()).where(Job.subject_id == second.id).execute()
    assert delivery(second) is not None


def test_a_cancelled_post_gives_its_time_back(planned: Plan) -> None:
    of = account(*DAILY)
    first, second, third = planned(stories=3)
    slots = slots_of(of, 4)

    decisions.cancel(first.id, by="ada")
    post_times.reassign(of.id)

    assert times([second, third]) == slots[:2]
    assert post_times.next_free_after(of, now()) == slots[2]
    assert post_times.next_free_after(of, slots[2] + MINUTE) == slots[3]


def test_planning_on_two_accounts_and_rescheduling_do_not_deadlock(make_videos: MakeVideos) -> None:
    first, second = account(*DAILY), account(*DAILY)
    videos = make_videos(3) + make_videos(3)

    def plan(video: Video) -> None:
        with session(), transaction():
            planning.plan(video)

    def rebook(number: int) -> None:
        with session():
            post_times.reassign((second, first)[number % 2].id)

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(plan, video) for video in videos]
        done += [pool.submit(rebook, number) for number in range(10)]
        for one in done:
            one.result(30)

    for of in (first, second):
        post_times.reassign(of.id)
        assert sorted(times(Post.select().where(Post.account == of))) == slots_of(of, 6)
