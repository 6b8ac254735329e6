"""A person decides once; the audit log says who and why, and only then does work start."""

from __future__ import annotations

import re
import threading
from functools import partial

import pytest

from core.db import session
from core.errors import InputError
from models import (
    AuditEntry,
    Job,
    StaleStateError,
    Story,
    StoryState,
)
from pipelines import handover
from pipelines.overtaken import OvertakenError
from pipelines.stories import review
from tests.pipelines.production.making import a_story

pytestmark = pytest.mark.usefixtures("record")


def on_record() -> list[tuple[str, str, str, str]]:
    entries = AuditEntry.select().order_by(AuditEntry.id)
    return [(entry.actor, entry.action, entry.subject, entry.reason) for entry in entries]


def test_an_approved_story_goes_into_production() -> None:
    story = a_story()

    review.approve(story.id, by="ada")

    approved = Story.get_by_id(story.id)
    assert (approved.state, approved.decided_by) == (StoryState.APPROVED, "ada")
    assert approved.decided_at is not None
    assert Job.of("script", story.id) is not None
    assert on_record() == [("ada", "story.approve", f"story {story.id}", "")]


def test_if_two_people_decide_at_once_one_is_too_late() -> None:
    # Given two people who look at the same page
    story = a_story()
    refused: list[StaleStateError] = []

    def approve(by: str) -> None:
        with session():
            try:
                review.approve(story.id, by)
            except StaleStateError as error:
                refused.append(error)

    # When both approve
    threads = [threading.Thread(target=approve, args=(by,)) for by in ("ada", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then one succeeds, and only that is recorded
    assert len(refused) == 1
    assert re.fullmatch("(ada|bob) approved this story just now.", str(refused[0]))
    assert len(on_record()) == 1
    assert Job.select().count() == 1


def test_a_decision_about_a_story_in_production_is_refused() -> None:
    story = a_story(StoryState.SCRIPTED)
    with pytest.raises(StaleStateError, match="is in production and can't become rejected"):
        review.reject(story.id, "ada", "too long")
    assert on_record() == []


def test_a_decision_stands_until_it_is_undone() -> None:
    # Given a story that Ada has approved
    story = a_story()
    review.approve(story.id, "ada")

    # Then nobody decides it again
    with pytest.raises(OvertakenError, match=r"^ada approved this story just now\.$"):
        review.reject(story.id, "bob", "seen before")
    with pytest.raises(OvertakenError, match=r"^You approved this story just now\.$"):
        review.reject(story.id, "ada", "seen before")
    assert Story.get().state == StoryState.APPROVED

    # Unless the approval is undone
    handover.withdraw(story.id, "bob")
    review.reject(story.id, "bob", "seen before")
    assert Story.get().decided_by == "bob"


def test_a_flagged_story_needs_a_reason() -> None:
    story = a_story(StoryState.FLAGGED)

    with pytest.raises(InputError, match="flagged: give a reason"):
        review.approve(story.id, "ada", " ")
    assert Story.get().state == StoryState.FLAGGED
    assert Job.select().count() == 0

    review.approve(story.id, "ada", "It quotes a film.")
    assert Story.get().state == StoryState.APPROVED
    assert on_record() == [("ada", "story.approve", f"story {story.id}", "It quotes a film.")]


def test_a_rejection_needs_a_reason_and_can_be_undone() -> None:
    story = a_story()
    with pytest.raises(InputError, match="Give a reason"):
        review.reject(story.id, "ada", "")

    review.reject(story.id, "ada", "seen before")
    assert (Story.get().state, Story.get().reason) == (StoryState.REJECTED, "seen before")

    review.reconsider(story.id, "bob")
    again = Story.get()
    assert (again.state, again.reason, again.decided_by) == (StoryState.WAITING, "", "")
    assert [action for _, action, _, _ in on_record()] == ["story.reject", "story.reconsider"]


def test_a_story_that_was_skipped_unread_can_be_reconsidered() -> None:
    # Given a story that was skipped for its score, before its text was read
    story = a_story(StoryState.SKIPPED, narratable_title="", narratable_text="", words=0)

    review.reconsider(story.id, "ada")

    # Then it can be read and narrated
    taken = Story.get()
    assert taken.state == StoryState.WAITING
    assert taken.words == len(taken.narratable_text.split()) > 50
    assert taken.narratable_text.count("\n\n") == 1

    # But not one that has nothing to narrate
    empty = a_story(StoryState.SKIPPED, body="https://example.com", narratable_text="")
    with pytest.raises(InputError, match="no text that can be narrated"):
        review.reconsider(empty.id, "ada")


def test_an_edit_changes_the_narrated_text_and_never_the_original() -> None:
    story = a_story(StoryState.FLAGGED)

    review.edit(story.id, "ada", "A piano & a boy", "It was *old*.\n\nHe played it, tbh.")

    edited = Story.get()
    assert edited.narratable_text == "It was old.\n\nHe played it, tbh."
    assert edited.narratable_title == "A piano and a boy"
    assert edited.words == 7
    assert (edited.title, edited.body) == (story.title, story.body)
    assert edited.language == "en"
    assert edited.state == StoryState.FLAGGED, "an edit is no approval"

    with pytest.raises(InputError, match="no words that can be narrated"):
        review.edit(story.id, "ada", "A piano", "https://example.com")
    review.approve(story.id, "ada", "fine now")
    with pytest.raises(OvertakenError, match="You approved this story"):
        review.edit(story.id, "ada", "A piano", "Too late.")


def test_a_wrongly_detected_language_can_be_corrected() -> None:
    story = a_story(language="la")

    review.edit(story.id, "ada", "Ein Klavier", "Es war alt.", "de")

    assert Story.get().language == "de"
    with pytest.raises(InputError, match="a code like en or de"):
        review.edit(story.id, "ada", "Ein Klavier", "Es war alt.", "German")


def test_in_bulk_each_is_decided_on_its_own() -> None:
    # Given two that can be approved, a flagged one, one in production and one that is not there
    good = [a_story().id, a_story().id]
    bad = [a_story(StoryState.FLAGGED).id, a_story(StoryState.SCRIPTED).id, 404]

    done, refused = review.in_bulk(
        [bad[0], good[0], bad[1], bad[2], good[1]], partial(review.approve, by="ada")
    )

    assert done == 2
    assert [sentence.split(":")[0] for sentence in refused] == [f"Story {n}" for n in bad]
    assert "give a reason" in refused[0]
    assert "There is no story 404." in refused[2]
    approved = Story.select().where(Story.state == StoryState.APPROVED)
    assert sorted(story.id for story in approved) == good
