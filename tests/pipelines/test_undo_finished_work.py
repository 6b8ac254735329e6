"""Undoing a retry leaves work that was finished before finished."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from core.errors import Parked
from models import (
    DeadLetter,
    Job,
    JobState,
    Part,
    Post,
    PostState,
    now,
)
from pipelines import failures, job_decisions, ledger, undo
from pipelines.production import part_text
from pipelines.publishing.posts import decisions, post_settings
from tests.pipelines.production.making import a_part, claimed
from tests.pipelines.undoing import decided, planned

pytestmark = pytest.mark.usefixtures("record")


def finished(stage: str, subject_id: int) -> Job:
    """A job that is done, since an hour."""
    with claimed(stage, subject_id).finish():
        pass
    Job.update(finished_at=now() - timedelta(hours=1)).where(Job.stage == stage).execute()
    return Job.get(Job.stage == stage, Job.subject_id == subject_id)


def ended(job: Job) -> tuple[object, ...]:
    known = Job.get_by_id(job.id)
    return known.state, known.finished_at, known.progress


def test_a_retry_of_finished_work_leaves_it_finished() -> None:
    job = finished("narrate", a_part().id)
    decision = job_decisions.retry(job.id, "ada", seconds=10)
    undo_id = decided(decision.action, "ada", decision.act, decision.row_id)
    assert Job.get_by_id(job.id).state == JobState.WAITING

    assert undo.undo(undo_id, "ada").refused == []

    assert ended(job) == (JobState.DONE, job.finished_at, 1)


def test_a_repaired_part_keeps_its_finished_stages() -> None:
    # Given a part that is narrated, and whose video could not be made
    part = a_part()
    narrated = finished("narrate", part.id)
    ledger.set_aside(claimed("render", part.id), ValueError("No disk."), trace="")
    letter = DeadLetter.get()
    words = part_text.PartWords(part.hook, "The lamp went out for good.", part.call_to_action)
    act = partial(failures.repair_part, by="ada", words=words, voice="", seconds=10)
    undo_id = decided("failure.repair", "ada", act, letter.id)
    assert Job.get_by_id(narrated.id).state == JobState.WAITING

    assert undo.undo(undo_id, "ada").refused == []

    assert ended(narrated) == (JobState.DONE, narrated.finished_at, 1)
    assert Job.get(Job.stage == "render").state == JobState.DEAD
    assert Part.get_by_id(part.id).text == part.text


@pytest.mark.parametrize(
    ("action", "cancelled"),
    [
        ("post.again", False),
        ("post.again", True),
        ("post.requeue", False),
        ("failure.requeue", False),
    ],
)
def test_a_post_that_was_sent_stays_sent(action: str, cancelled: bool) -> None:
    # Given a post whose upload is done, and whose confirmation needs a person
    post = planned()
    sent = finished("publish", post.id)
    held = claimed("confirm", post.id)
    Post.get().move(PostState.PARKED, reason="TikTok says no.", method="direct")
    ledger.park(held, Parked("TikTok says no.", code="refused"))
    if cancelled:
        decisions.cancel(post.id, "ada")
    confirming = Job.get(Job.stage == "confirm").state
    acts: dict[str, tuple[int, Callable[[int], object]]] = {
        "post.again": (post.id, partial(decisions.post_again, by="ada", seconds=10)),
        "post.requeue": (post.id, partial(post_settings.requeue, by="ada", seconds=10)),
        "failure.requeue": (DeadLetter.get().id, partial(failures.requeue, by="ada", seconds=10)),
    }
    row_id, act = acts[action]
    undo_id = decided(action, "ada", act, row_id)
    assert Job.get_by_id(sent.id).state == JobState.WAITING

    assert undo.undo(undo_id, "ada").refused == []

    assert ended(sent) == (JobState.DONE, sent.finished_at, 1)
    assert Job.get(Job.stage == "confirm").state == confirming
