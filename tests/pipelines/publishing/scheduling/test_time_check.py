"""What speaks against a time, and posts that move to another account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from core.errors import InputError
from models import Account, AuditEntry, JobState, Post, PostState, Story, now
from pipelines.publishing.scheduling import pins
from pipelines.publishing.scheduling.account_queue import AccountQueue
from pipelines.publishing.scheduling.slots import at_local, zone
from pipelines.publishing.scheduling.time_check import Verdict, check
from tests.pipelines.publishing.scheduling.times import MINUTE, account, job_of, slots_of, times

Plan = Callable[..., list[Post]]
pytestmark = pytest.mark.usefixtures("record")


def at(of: Account, clock: str, days: int = 2) -> datetime:
    """A clock time of the account, some days ahead."""
    where = zone(of.timezone)
    return at_local(where, (now().astimezone(where) + timedelta(days=days)).date(), clock)


def verdict(of: Account, post: Post, moment: datetime) -> Verdict:
    return check(AccountQueue(of.id, lock=False), post.video.id, moment, post_id=post.id)


def test_a_full_day_and_a_close_post_are_warned_of_because_queued_posts_move(planned: Plan) -> None:
    of = account("08:00", cap=1, gap=45)
    first, second, third = planned(stories=3)
    slots = slots_of(of, 3)

    found = verdict(of, third, slots[1] + 30 * MINUTE)

    assert not found.refusal
    full, close = found.warnings
    assert full.startswith("lamp_tales allows 1 posts a day, and ")
    assert full.endswith("has 1 already: a queued post moves to another day.")
    assert close.endswith("less than 45 minutes away: it moves.")
    # and so they do
    assert pins.pin(third.id, slots[1] + 30 * MINUTE, "ada") == found.warnings
    assert times([first, second, third]) == [slots[0], slots[2], slots[1] + 30 * MINUTE]
    # and where nothing is near, nothing is said
    assert verdict(of, third, slots[2] + timedelta(days=2)) == Verdict("")


def test_the_same_hour_the_same_story_and_an_account_that_waits_are_warned_of(
    planned: Plan,
) -> None:
    of = account()
    post, other = planned(stories=2)
    elsewhere = Account.create(open_id="b", name="bob", state="connected", timezone=of.timezone)
    pins.pin(other.id, at(of, "18:05"), "ada")
    stories = [each.video.part.script.story for each in (post, other)]
    Story.update(similar_to=stories[0], similarity=0.92).where(Story.id == stories[1].id).execute()
    Post.create(
        video=post.video, account=elsewhere, title="", scheduled_at=at(of, "18:50"), pinned=True
    )
    Account.update(paused_at=now()).where(Account.id == of.id).execute()

    paused, same_hour, similar, same_video = verdict(of, post, at(of, "18:30")).warnings

    assert paused == "lamp_tales is paused: the post waits until somebody resumes it."
    assert same_hour.endswith("18:05 (Europe/Berlin).")
    assert "goes out in the same hour" in same_hour
    assert similar.startswith("lamp_tales has a story that is 92% the same")
    assert same_video.startswith("bob posts the same video within the hour")


def test_a_post_moves_to_another_account_with_its_job(planned: Plan) -> None:
    of = account("08:00", "18:00")
    first, second = planned(stories=2)
    slots = slots_of(of, 2)
    other = account("12:00", timezone="Asia/Tokyo")

    pins.pin(first.id, at(other, "12:30"), "ada", account_id=other.id)

    moved = Post.get_by_id(first.id)
    assert (moved.account, moved.scheduled_at, moved.pinned) == (other, at(other, "12:30"), True)
    assert job_of(first).due_at == at(other, "12:30")
    assert times([second]) == [slots[0]]  # the queue that it left closes up
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).get()
    assert entry.reason.endswith("(Asia/Tokyo), from lamp_tales to lamp_tales")
    # and back to its place in the queue
    pins.unpin(first.id, "ada", account_id=of.id, near=slots[0])
    assert times([first, second]) == slots
    assert not Post.get_by_id(first.id).pinned


def test_what_must_stay_on_its_account_is_refused(planned: Plan) -> None:
    account("08:00")
    one, _ = planned(parts=2)
    (single,) = planned()
    other = account()

    def refused(post: Post, sentence: str, to: int = other.id) -> None:
        with pytest.raises(InputError, match=sentence):
            pins.pin(post.id, at(other, "12:30"), "ada", account_id=to)

    refused(one, "part 1 of 2: the parts of a story stay together")
    job_of(single).move(JobState.RUNNING)
    refused(single, "being worked on right now")
    job_of(single).move(JobState.WAITING)
    Post.create(video=single.video, account=other, title="", state=PostState.CANCELLED)
    refused(single, "lamp_tales has this video already")
