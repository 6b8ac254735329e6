"""Times that a person chooses for a post."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from core.errors import InputError
from models import AuditEntry, Post, now
from pipelines.publishing.scheduling import pins, post_times
from tests.pipelines.publishing.scheduling.times import (
    HOUR,
    MINUTE,
    account,
    delivery,
    job_of,
    slots_of,
    times,
    zone_at_noon,
)

Plan = Callable[..., list[Post]]
pytestmark = pytest.mark.usefixtures("record")

DAILY = ("08:00", "13:00", "18:30")


def test_a_pinned_post_takes_its_time_and_the_queue_closes_up(planned: Plan) -> None:
    of = account(*DAILY)
    first, second, third = planned(stories=3)
    slots = slots_of(of, 4)
    at = slots[1] + 17 * MINUTE

    pins.pin(first.id, at, "ada")

    assert times([first, second, third]) == [at, slots[0], slots[1]]
    assert [job_of(post).due_at for post in (first, second)] == [at, slots[0]]
    entry = AuditEntry.get(AuditEntry.action == "post.pin")
    assert (entry.actor, entry.subject) == ("ada", f"post {first.id}")
    # nothing moves it
    post_times.reassign(of.id)
    assert times([first]) == [at]
    # and back in the queue it is where its time was
    pins.unpin(first.id, "ada")
    assert times([second, third, first]) == slots[:3]
    assert AuditEntry.select().where(AuditEntry.action == "post.unpin").count() == 1


def test_a_pinned_post_displaces_one_that_has_its_slot(planned: Plan) -> None:
    of = account(*DAILY)
    first, second = planned(stories=2)
    slots = slots_of(of, 2)

    pins.pin(second.id, slots[0], "ada")

    assert times([first, second]) == [slots[1], slots[0]]


def test_pinned_to_this_minute_it_goes_out_at_once(planned: Plan) -> None:
    account(*DAILY)
    (post,) = planned()

    pins.pin(post.id, now().replace(second=0, microsecond=0), "ada")

    assert delivery(post) is None


def test_what_can_not_be_pinned_is_refused_with_the_reason(planned: Plan) -> None:
    account(cap=3, gap=30, timezone=zone_at_noon())
    gone, pinned, other = planned(stories=3)
    assert delivery(gone) is None
    pins.pin(pinned.id, now() + HOUR, "ada")

    def refused(moment: datetime, sentence: str, post: Post = other) -> None:
        before = times([post])
        with pytest.raises(InputError, match=sentence):
            pins.pin(post.id, moment, "ada")
        assert times([post]) == before

    refused(now() - HOUR, "past")
    refused(now() + timedelta(days=800), "two years")
    refused(now() + 70 * MINUTE, "3 posts a day, 30 minutes apart")  # too close to the pinned one
    refused(now() + HOUR, "only a scheduled post", post=gone)
    with pytest.raises(InputError, match="no post"):
        pins.pin(0, now() + HOUR, "ada")
    with pytest.raises(InputError, match="already in the queue"):
        pins.unpin(other.id, "ada")


def test_a_day_that_is_full_takes_no_more(planned: Plan) -> None:
    account(cap=1, timezone=zone_at_noon())
    gone, other = planned(stories=2)
    assert delivery(gone) is None

    with pytest.raises(InputError, match="allows 1 posts a day"):
        pins.pin(other.id, now() + HOUR, "ada")
    pins.pin(other.id, now() + 25 * HOUR, "ada")


def test_parts_can_not_be_pinned_out_of_order(planned: Plan) -> None:
    account(*DAILY)
    one, two, three = planned(parts=3)
    at_one, at_two, at_three = times([one, two, three])

    with pytest.raises(InputError, match=r"Part 1 of this story .* part 2 can't go out before it"):
        pins.pin(two.id, at_one - MINUTE, "ada")
    pins.pin(two.id, at_two + MINUTE, "ada")
    with pytest.raises(InputError, match=r"Part 2 of this story .* part 1 can't go out after it"):
        pins.pin(one.id, at_two + HOUR, "ada")

    # the unpinned part after it follows
    pins.pin(two.id, at_three + MINUTE, "ada")
    assert times([two])[0] < times([three])[0]
