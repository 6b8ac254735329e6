from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from admin import lists
from models import AuditEntry, Job, Part, SafetyDecision, Story, StoryState
from tests.admin import records

if TYPE_CHECKING:
    from tests.admin.conftest import Browser


def state(story: Story) -> str:
    return str(Story.get_by_id(story.id).state)


def test_approving_starts_the_work_and_says_who_did_it(editor: Browser) -> None:
    story = records.story()

    editor.post(f"/stories/{story.id}/approve")

    assert state(story) == StoryState.APPROVED
    assert Job.of("script", story.id) is not None
    entry = AuditEntry.get(AuditEntry.action == "story.approve")
    assert (entry.actor, entry.subject) == ("emil", f"story {story.id}")


def test_a_flagged_story_goes_out_only_with_a_reason(editor: Browser) -> None:
    story = records.story(state=StoryState.FLAGGED, reason="Blood is mentioned.")

    refused = editor.post(f"/stories/{story.id}/approve", on=f"/stories/{story.id}")

    assert state(story) == StoryState.FLAGGED
    assert "say why" in editor.get(refused.location).text
    editor.post(f"/stories/{story.id}/approve", reason="It is a nosebleed.")
    assert state(story) == StoryState.APPROVED


def test_a_rejection_has_a_reason_and_can_be_reconsidered(editor: Browser) -> None:
    story = records.story()

    editor.post(f"/stories/{story.id}/reject")
    assert state(story) == StoryState.WAITING
    editor.post(f"/stories/{story.id}/reject", reason="Told before")
    assert state(story) == StoryState.REJECTED
    assert "Told before" in editor.get(f"/stories/{story.id}").text
    editor.post(f"/stories/{story.id}/reconsider")
    assert state(story) == StoryState.WAITING


def test_of_a_bulk_decision_one_that_is_too_late_stops_none_of_the_others(editor: Browser) -> None:
    waiting = [records.story(f"Number {n}") for n in range(3)]
    decided = records.story(state=StoryState.SCRIPTED)

    ids = [story.id for story in [waiting[0], decided, waiting[1]]]
    answer = editor.post("/stories/decide", decision="approve", id=ids)

    assert [state(story) for story in waiting] == ["approved", "approved", "waiting"]
    page = editor.get(answer.location).text
    assert "Approved 2 of 3." in page
    assert f"{decided.id}: This story is scripted and can" in page


def test_a_decision_on_a_story_leads_to_the_next_that_waits(editor: Browser) -> None:
    older, newer = records.story("The older"), records.story("The newer")

    page = editor.get(f"/stories/{newer.id}").text
    following = re.search(r'name="next_story" value="(\d+)"', page)
    assert following
    assert int(following[1]) == older.id
    answer = editor.post(f"/stories/{newer.id}/approve", next_story=following[1])

    assert answer.location == f"/stories/{older.id}"


def test_editing_changes_what_is_said_and_never_the_original(editor: Browser) -> None:
    story = records.story()

    editor.post(f"/stories/{story.id}/edit", title="The red ladder", text="It came back red.")

    edited = Story.get_by_id(story.id)
    assert (edited.narratable_title, edited.narratable_text) == (
        "The red ladder",
        "It came back red.",
    )
    assert (edited.title, edited.body) == (story.title, records.BODY)


def test_the_page_has_the_original_beside_the_text_and_the_story_it_repeats(
    viewer: Browser,
) -> None:
    first = records.story("The first ladder")
    copy = records.story("The second ladder", like=first, likeness=0.87, safety_score=0.41)

    page = viewer.get(f"/stories/{copy.id}").text

    assert "**April**" in page
    assert "Am I wrong to ask" in page
    assert f'87 % like an earlier story: <a href="/stories/{first.id}">The first ladder' in page
    assert "safety 0.41" in page
    assert "Approve" not in page  # a viewer's page has no buttons to be refused at


def test_long_lists_are_leafed_through_both_ways(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [records.story(f"Number {n}").id for n in range(lists.PAGE * 2 + 1)][::-1]

    def leaf(path: str, rel: str) -> tuple[list[int], str]:
        page = viewer.get(path).text
        link = re.search(rf'rel="{rel}" href="([^"]+)"', page)
        shown = [int(number) for number in re.findall(r'data-id="(\d+)"', page)]
        return shown, link[1].replace("&amp;", "&") if link else ""

    first, older = leaf("/stories/?state=waiting", "next")
    second, oldest = leaf(older, "next")
    third, end = leaf(oldest, "next")
    assert first + second + third == ids
    assert end == ""
    back, newest = leaf(leaf(oldest, "prev")[1], "prev")
    assert back == second
    assert leaf(newest, "prev") == (first, "")


def test_stories_are_found_by_the_beginnings_of_words_or_their_number(viewer: Browser) -> None:
    ladder, parrot = records.story("The green ladder"), records.story("A parrot's doorbell")

    def found(words: str) -> list[str]:
        page = viewer.get("/stories/", query_string={"search": words}).text
        return re.findall(r'data-id="(\d+)"', page)

    assert found("green lad") == [str(ladder.id)]
    assert found("DOOR") == [str(parrot.id)]
    assert found(str(parrot.id)) == [str(parrot.id)]
    assert found("green doorbell") == []
    assert found("') & | !") == []


def test_a_pasted_story_is_taken_in(editor: Browser) -> None:
    editor.post("/stories/paste", title="A kettle", text="It sang on its own one night.")

    story = Story.get()
    assert (story.title, story.state) == ("A kettle", StoryState.FETCHED)
    assert Job.of("prepare", story.id) is not None
    again = editor.post("/stories/paste", title="A kettle", text="It sang on its own one night.")
    assert f"as number {story.id}" in editor.get(again.location).text


def test_the_page_shows_every_safety_decision_and_the_hooks_to_pick_from(editor: Browser) -> None:
    part = records.part()
    script, story = part.script, part.script.story
    script.hooks = [script.hook, "It looked happier that way."]
    script.save()
    SafetyDecision.create(
        story=story,
        judge="ollama/test",
        label="self_harm",
        score=0.71,
        warn_from=0.6,
        flag_from=0.8,
        verdict="warn",
    )

    page = editor.get(f"/stories/{story.id}").text
    for shown in ("ollama/test", "self harm", "0.71", "0.60, 0.80", "It looked happier that way."):
        assert shown in page

    answer = editor.post(f"/stories/{story.id}/hook", hook="It looked happier that way.")
    assert "The first part is made anew." in editor.get(answer.location).text
    assert Part.get_by_id(part.id).hook == "It looked happier that way."
    assert Job.of("narrate", part.id) is not None
