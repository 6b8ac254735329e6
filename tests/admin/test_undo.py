"""Decisions are undone on the pages, and the messages name what was done to what."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from models import (
    DeadLetter,
    Job,
    JobState,
    Part,
    Post,
    PostState,
    Story,
    StoryState,
    VideoState,
    now,
)
from pipelines import handover
from pipelines.stories import review
from tests.admin import records

if TYPE_CHECKING:
    from core.settings import Settings
    from tests.admin.conftest import Browser


def state(story: Story) -> str:
    return str(Story.get_by_id(story.id).state)


def undo_in(page: str) -> str:
    """Where the page's first Undo button leads."""
    found = re.search(r'action="(/undo/\d+)', page)
    assert found
    return found[1]


def test_a_decision_can_be_undone(editor: Browser) -> None:
    story = records.story()

    page = editor.get(editor.post(f"/stories/{story.id}/approve").location).text
    assert "Approved “The green ladder”." in page
    undone = editor.post(f"{undo_in(page)}?on_page=1")
    assert undone.location == f"/stories/{story.id}"
    assert state(story) == StoryState.WAITING

    page = editor.get(editor.post(f"/stories/{story.id}/reject", reason="Boring").location).text
    editor.post(undo_in(page))
    assert state(story) == StoryState.WAITING
    again = editor.post(undo_in(page))
    assert "This can&#39;t be undone: it was undone already" in editor.after(again)


def test_decisions_stay_listed_for_undo_and_say_why_one_stays(editor: Browser) -> None:
    one, other = records.story("The red ladder"), records.story("The blue ladder")
    editor.post("/stories/decide", decision="approve", id=[one.id, other.id])
    handover.withdraw(one.id, "bob")
    review.reject(one.id, "bob", "Boring")

    listed = editor.get("/undo/").text
    assert "Approved 2 stories: “The red ladder”, “The blue ladder”." in listed
    page = editor.get(editor.post(undo_in(listed)).location).text

    assert "Not undone: “The red ladder”. Somebody has changed it since." in page
    assert "Undone. Waiting for review again: “The blue ladder”." in page
    assert (state(one), state(other)) == (StoryState.REJECTED, StoryState.WAITING)
    assert "Nothing to undo" in editor.get("/undo/").text


def test_an_approval_is_undone_on_the_page_of_a_story_in_production(editor: Browser) -> None:
    story = records.part().script.story

    assert "Undo approval" in editor.get(f"/stories/{story.id}").text
    editor.post(f"/stories/{story.id}/withdraw")
    assert state(story) == StoryState.WAITING
    assert Part.select().count() == 0


def test_bulk_decisions_are_undone_at_once(editor: Browser) -> None:
    stories = [records.story(f"Number {n}") for n in range(5)]

    ids = [story.id for story in stories]
    done = editor.post("/stories/decide", decision="reject", reason="Boring", id=ids)
    page = editor.get(done.location).text
    assert "Rejected 5 stories: “Number 0”, “Number 1”, “Number 2” and 2 more." in page

    undone = editor.get(editor.post(undo_in(page)).location).text
    assert "Undone. Waiting for review again: 5 stories: “Number 0”," in undone
    assert {state(story) for story in stories} == {StoryState.WAITING}


def test_a_discard_is_undone(editor: Browser) -> None:
    letter = records.failure("script", records.story().id)

    page = editor.get(editor.post(f"/failures/{letter.id}/discard").location).text
    assert f"Discarded failure {letter.id} (script)." in page
    page = editor.get(editor.post(undo_in(page)).location).text

    assert f"Undone. Open again: failure {letter.id} (script)." in page
    assert records.job_of(letter).state == JobState.DEAD
    assert DeadLetter.get().resolved_at is None


def test_a_cancelled_and_a_moved_post_are_put_back(settings: Settings, editor: Browser) -> None:
    video = records.video(settings.media_dir, state=VideoState.READY)
    post = records.post(video, records.account(), scheduled_at=now() + timedelta(hours=1))

    page = editor.get(editor.post(f"/posts/{post.id}/cancel").location).text
    assert "Cancelled “The green ladder #storytime”." in page
    editor.post(undo_in(page))
    assert Post.get().state == PostState.PLANNED

    day = f"{now() + timedelta(days=3):%Y-%m-%d}"
    page = editor.get(
        editor.post(f"/calendar/{post.id}/time", date=day, time="18:30").location
    ).text
    assert "Moved “The green ladder #storytime” to " in page
    assert Post.get().pinned
    page = editor.get(editor.post(undo_in(page)).location).text
    assert "Undone. Back where it was: “The green ladder #storytime”." in page
    assert not Post.get().pinned


def test_a_colleagues_decision_is_not_undone(editor: Browser, owner: Browser) -> None:
    story = records.story()
    page = editor.get(editor.post(f"/stories/{story.id}/approve").location).text

    answer = owner.post(undo_in(page))

    assert "This can&#39;t be undone" in owner.get(answer.location).text
    assert "Nothing to undo" in owner.get("/undo/").text
    assert state(story) == StoryState.APPROVED


def test_posting_again_is_undone(settings: Settings, editor: Browser) -> None:
    for before in (PostState.CANCELLED, PostState.FAILED):
        video = records.video(settings.media_dir, records.part(), state=VideoState.READY)
        post = records.post(video, records.account(before), before, reason="Why it ended")

        page = editor.after(editor.post(f"/posts/{post.id}/again", checked="yes"))
        assert "Posting again “The green ladder #storytime”." in page
        assert Post.get_by_id(post.id).state == PostState.PLANNED

        page = editor.after(editor.post(undo_in(page)))
        assert "Undone. Ended as before: “The green ladder #storytime”." in page
        assert (Post.get_by_id(post.id).state, Post.get_by_id(post.id).reason) == (
            before,
            "Why it ended",
        )


def test_buttons_of_the_jobs_page_are_undone(editor: Browser) -> None:
    def press(job_id: int, button: str) -> str:
        return editor.after(editor.post(f"/jobs/{job_id}/{button}"))

    # Given a waiting, a cancelled and a failed job, and one whose work began after its retry
    waiting, cancelled, begun = (
        records.job("script", records.story(f"No. {n}").id, state)
        for n, state in enumerate((JobState.WAITING, *[JobState.CANCELLED] * 2))
    )
    failed = records.job_of(records.failure("script", records.story("No. 4").id))
    for job, button, after, before in (
        (waiting, "cancel", JobState.CANCELLED, JobState.WAITING),
        (cancelled, "requeue", JobState.WAITING, JobState.CANCELLED),
        (failed, "cancel", JobState.CANCELLED, JobState.DEAD),
        (failed, "requeue", JobState.WAITING, JobState.DEAD),
    ):
        # When a button is pressed, then undoing it puts the job back
        page = press(job.id, button)
        assert Job.get_by_id(job.id).state == after
        page = editor.after(editor.post(undo_in(page)))
        assert "Undone." in page
        assert Job.get_by_id(job.id).state == before
    assert DeadLetter.get().resolved_at is None

    # Unless its work has begun
    page = press(begun.id, "requeue")
    Job.get_by_id(begun.id).move(JobState.RUNNING, attempts=1)
    page = editor.after(editor.post(undo_in(page)))
    assert f"Not undone: job {begun.id} (script). Its work has begun" in page
