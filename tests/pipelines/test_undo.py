"""A person undoes decisions of their own, as long as nobody has changed anything since."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from core.errors import InputError, Parked
from models import (
    Account,
    AuditEntry,
    DeadLetter,
    Job,
    JobState,
    Part,
    Post,
    PostState,
    Story,
    StoryState,
    Undo,
    Video,
    VideoState,
    now,
)
from pipelines import handover, ledger, undo
from pipelines.production import video_review
from pipelines.publishing.posts import decisions, post_settings
from pipelines.publishing.scheduling import pins, planning
from pipelines.stories import review
from tests.pipelines.production.making import a_part, a_story, claimed
from tests.pipelines.racing import at_once
from tests.pipelines.test_handover import a_video
from tests.pipelines.undoing import approved, decided, planned, states

pytestmark = pytest.mark.usefixtures("record")


def test_many_approvals_are_undone_at_once() -> None:
    undo_id = approved(*(a_story() for _ in range(3)))

    done = undo.undo(undo_id, "ada")

    assert (len(done.ids), done.refused) == (3, [])
    assert states(Story) == [StoryState.WAITING] * 3


def test_a_row_that_somebody_has_changed_since_stays_and_the_others_are_undone() -> None:
    # Given two approved stories, one of which a second person takes back and rejects
    one, other = a_story(), a_story()
    undo_id = approved(one, other)
    handover.withdraw(one.id, "bob")
    review.reject(one.id, "bob", "Boring")

    done = undo.undo(undo_id, "ada")

    assert done.ids == [other.id]
    assert done.refused == [(one.id, "Somebody has changed it since.")]
    assert states(Story) == [StoryState.REJECTED, StoryState.WAITING]


def test_an_approval_after_a_post_has_begun_is_refused_with_a_sentence() -> None:
    post = planned()
    story = post.video.part.script.story
    Story.update(decided_by="ada", decided_at=now()).execute()
    Post.update(state=PostState.UPLOADING).execute()
    facts = undo.facts("story.approve", story.id)

    undo_id = undo.remember("ada", "story.approve", [(story.id, facts, facts)])
    ((_, why),) = undo.undo(undo_id, "ada").refused

    assert why.startswith("This can't be undone, because a post has begun: the one on")


def test_only_the_person_can_undo_a_decision_once_and_for_a_day() -> None:
    undo_id = approved(a_story())

    with pytest.raises(InputError, match="can't be undone"):
        undo.undo(undo_id, "bob")
    undo.undo(undo_id, "ada")
    with pytest.raises(InputError, match="undone already"):
        undo.undo(undo_id, "ada")
    late = approved(a_story())
    Undo.update(created_at=now() - timedelta(days=2)).execute()
    with pytest.raises(InputError, match="more than a day old"):
        undo.undo(late, "ada")
    approved(a_story())
    assert Undo.select().count() == 1


def test_two_clicks_at_once_undo_once() -> None:
    undo_id = approved(a_story())

    assert at_once(*[lambda: undo.undo(undo_id, "ada")] * 2) == []

    withdrawn = AuditEntry.select().where(AuditEntry.action == "story.withdraw")
    assert withdrawn.count() == 1


def test_a_rejection_is_undone() -> None:
    story = a_story()
    act = partial(review.reject, by="ada", reason="Boring")

    undo.undo(decided("story.reject", "ada", act, story.id), "ada")

    known = Story.get_by_id(story.id)
    assert (known.state, known.reason, known.decided_by) == (StoryState.WAITING, "", "")


def test_a_rejection_of_a_video_is_undone() -> None:
    video = a_video(a_part(), VideoState.REVIEW)
    act = partial(video_review.reject, by="ada", reason="Too quiet")

    undo.undo(decided("video.reject", "ada", act, video.id), "ada")

    assert Video.get_by_id(video.id).state == VideoState.REVIEW


def a_failure() -> DeadLetter:
    ledger.set_aside(claimed("narrate", a_part().id), ValueError("No voice."), trace="")
    return DeadLetter.select().order_by(DeadLetter.id.desc()).get()


def job_of(letter: DeadLetter) -> int:
    return int(Job.get(Job.id == letter.job).id)


def test_discards_are_undone() -> None:
    letters = [a_failure(), a_failure()]
    undo_id = decided("failure.discard", "ada", ledger.discard, *(row.id for row in letters))
    assert states(Job) == [JobState.CANCELLED] * 2

    assert undo.undo(undo_id, "ada").refused == []

    assert states(Job) == [JobState.DEAD] * 2
    assert DeadLetter.select().where(DeadLetter.resolved_at.is_null()).count() == 2
    ledger.requeue(job_of(letters[0]))


def test_a_discard_stays_if_its_job_was_started_again() -> None:
    letter = a_failure()
    undo_id = decided("failure.discard", "ada", ledger.discard, letter.id)
    ledger.requeue(job_of(letter))

    [(_, why)] = undo.undo(undo_id, "ada").refused

    assert "Its work has begun again" in why
    assert states(Job) == [JobState.WAITING]


def test_a_cancelled_post_is_scheduled_again() -> None:
    # Given a cancelled post that was pinned to a time
    post = planned()
    moment = now() + timedelta(days=3)
    pins.pin(post.id, moment, "ada")
    act = partial(decisions.cancel, by="ada")
    undo_id = decided("post.cancel", "ada", act, post.id)

    assert undo.undo(undo_id, "ada").refused == []

    known = Post.get_by_id(post.id)
    assert (known.state, known.pinned, known.scheduled_at) == (PostState.PLANNED, True, moment)
    job = Job.get(Job.stage == "publish")
    assert (job.state, job.due_at) == (JobState.WAITING, moment)


def test_a_cancelled_post_that_needed_attention_needs_it_again() -> None:
    post = planned()
    Post.update(state=PostState.PARKED, reason="No privacy is chosen.").execute()
    act = partial(decisions.cancel, by="ada")

    undo.undo(decided("post.cancel", "ada", act, post.id), "ada")

    known = Post.get_by_id(post.id)
    assert (known.state, known.reason) == (PostState.PARKED, "No privacy is chosen.")


def test_a_cancelled_part_stays_cancelled_once_a_later_part_has_begun() -> None:
    # Given two parts on an account, of which the first is cancelled, so that the second goes out
    post = planned()
    part = post.video.part
    second = a_part()
    Part.update(number=2, of=2, script=part.script).where(Part.id == second.id).execute()
    later = planning.plan(a_video(Part.get_by_id(second.id), VideoState.READY))[0]
    act = partial(decisions.cancel, by="ada")
    undo_id = decided("post.cancel", "ada", act, post.id)
    Post.update(state=PostState.UPLOADING).where(Post.id == later.id).execute()

    done = undo.undo(undo_id, "ada")

    why = "A later part of this story has begun on the same account."
    assert done.refused == [(post.id, why)]
    assert Post.get_by_id(post.id).state == PostState.CANCELLED


def test_a_post_that_was_going_out_by_browser_stays_cancelled() -> None:
    post = planned()
    Post.update(state=PostState.UPLOADING, method="browser").execute()
    act = partial(decisions.cancel, by="ada")

    done = undo.undo(decided("post.cancel", "ada", act, post.id), "ada")

    assert done.refused == [(post.id, "It was already being posted, or with a person.")]


def test_a_move_in_the_calendar_is_undone() -> None:
    # Given a queued post that is moved twice
    post = planned()
    queued = Post.get_by_id(post.id).scheduled_at
    early, late = now() + timedelta(days=2), now() + timedelta(days=3)
    first = decided("post.move", "ada", lambda row: pins.pin(row, early, "ada"), post.id)
    second = decided("post.move", "ada", lambda row: pins.pin(row, late, "ada"), post.id)

    # When the first move is undone, then the second one is in the way
    assert undo.undo(first, "ada").refused == [(post.id, "Somebody has changed it since.")]
    # When the second one is undone, then the post is where the first move had put it
    undo.undo(second, "ada")
    assert Post.get_by_id(post.id).scheduled_at == early

    # And a move back to the queue is undone too, and the other way round
    back = decided("post.move", "ada", lambda row: pins.unpin(row, "ada"), post.id)
    undo.undo(back, "ada")
    assert Post.get_by_id(post.id).scheduled_at == early
    pins.unpin(post.id, "ada")
    again = decided("post.move", "ada", lambda row: pins.pin(row, late, "ada"), post.id)
    undo.undo(again, "ada")
    known = Post.get_by_id(post.id)
    assert (known.pinned, known.scheduled_at - queued < timedelta(minutes=5)) == (False, True)


def test_an_approved_video_waits_for_review_again_until_a_post_has_begun() -> None:
    # Given a video that is approved, with a post that waits for some seconds
    Account.create(name="tales", open_id="o", state="connected")
    video = a_video(a_part(), VideoState.REVIEW)
    act = partial(handover.approve_video, by="ada", key=video.key, seconds=10)
    undo_id = decided("video.approve", "ada", act, video.id)
    job = Job.get(Job.stage == "publish")
    assert job.waits_for == "time to undo the approval"
    assert ledger.claim("publish", job.subject_id, "w") is None

    # When that is undone, then it waits again, without its post
    assert undo.undo(undo_id, "ada").refused == []
    again = Video.get()
    assert (again.state, again.approved_key) == (VideoState.REVIEW, "")
    assert Post.select().count() + Job.select().where(Job.stage == "publish").count() == 0

    # When its post has begun, then it stays approved
    undo_id = decided("video.approve", "ada", act, video.id)
    Post.get().move(PostState.CLAIMING, video_key=video.key)
    [(_, why)] = undo.undo(undo_id, "ada").refused
    assert "a post has begun: the one on tales is starting" in why
    assert Video.get().state == VideoState.READY


def test_reconsidered_stories_are_rejected_and_skipped_again() -> None:
    rejected = a_story(state=StoryState.REJECTED, reason="Boring", decided_by="bob")
    skipped = a_story(state=StoryState.SKIPPED, reason="It has 3 words.")
    act = partial(review.reconsider, by="ada")
    undo_id = decided("story.reconsider", "ada", act, rejected.id, skipped.id)
    assert states(Story) == [StoryState.WAITING] * 2

    assert undo.undo(undo_id, "ada").refused == []

    found = [(story.state, story.reason, story.decided_by) for story in Story.select()]
    assert sorted(found) == [("rejected", "Boring", "bob"), ("skipped", "It has 3 words.", "")]


def test_a_retried_post_stops_again_until_its_work_begins() -> None:
    # Given a post that failed and is tried again
    post = planned()
    held = claimed("publish", post.id)
    Post.get().move(PostState.PARKED, reason="Nobody chose.", method="direct")
    ledger.park(held, Parked("Nobody chose.", code="privacy_not_chosen"))
    act = partial(post_settings.requeue, by="ada", seconds=10)
    undo_id = decided("post.requeue", "ada", act, post.id)
    assert (Post.get().state, states(Job)[-1]) == (PostState.PLANNED, JobState.WAITING)

    # When that is undone, then it has stopped as before, and its failure is open again
    assert undo.undo(undo_id, "ada").refused == []
    stopped = Post.get()
    assert (stopped.state, stopped.reason) == (PostState.PARKED, "Nobody chose.")
    assert stopped.method == "direct"
    assert DeadLetter.get().resolved_at is None
    assert (Job.get(Job.stage == "publish").state, Job.get().error) == ("parked", "Nobody chose.")

    # When its work has begun, then it goes on
    undo_id = decided("post.requeue", "ada", partial(post_settings.requeue, by="ada"), post.id)
    Job.update(due_at=now()).execute()
    assert ledger.claim("publish", post.id, "w") is not None
    [(_, why)] = undo.undo(undo_id, "ada").refused
    assert "Its work has begun" in why
