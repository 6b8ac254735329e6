from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest

from admin.lists import paging
from models import (
    AuditEntry,
    Channel,
    Job,
    JobState,
    Part,
    PostState,
    SafetyDecision,
    Story,
    StoryState,
    now,
)
from tests.admin import records

if TYPE_CHECKING:
    from core.settings import Settings
    from tests.admin.conftest import Browser


def state(story: Story) -> str:
    return str(Story.get_by_id(story.id).state)


def test_approving_starts_production_and_is_audited(editor: Browser) -> None:
    story = records.story()

    editor.post(f"/stories/{story.id}/approve")

    assert state(story) == StoryState.APPROVED
    assert Job.of("script", story.id) is not None
    entry = AuditEntry.get(AuditEntry.action == "story.approve")
    assert (entry.actor, entry.subject) == ("emil", f"story {story.id}")


def test_a_flagged_story_is_approved_only_with_a_reason(editor: Browser) -> None:
    story = records.story(state=StoryState.FLAGGED, reason="Blood is mentioned.")

    refused = editor.post(f"/stories/{story.id}/approve", on=f"/stories/{story.id}")

    assert state(story) == StoryState.FLAGGED
    assert "give a reason" in editor.after(refused)
    editor.post(f"/stories/{story.id}/approve", reason="It is a nosebleed.")
    assert state(story) == StoryState.APPROVED


def test_a_rejection_has_a_reason_and_can_be_reconsidered(editor: Browser) -> None:
    story = records.story()

    editor.post(f"/stories/{story.id}/reject")
    assert state(story) == StoryState.WAITING
    editor.post(f"/stories/{story.id}/reject", reason="Duplicate")
    assert state(story) == StoryState.REJECTED
    assert "Duplicate" in editor.get(f"/stories/{story.id}").text
    editor.post(f"/stories/{story.id}/reconsider")
    assert state(story) == StoryState.WAITING


def test_a_refused_story_does_not_stop_a_bulk_decision(editor: Browser) -> None:
    waiting = [records.story(f"Number {n}") for n in range(3)]
    decided = records.story(state=StoryState.SCRIPTED)

    ids = [story.id for story in [waiting[0], decided, waiting[1]]]
    answer = editor.post("/stories/decide", decision="approve", id=ids)

    assert [state(story) for story in waiting] == ["approved", "approved", "waiting"]
    page = editor.get(answer.location).text
    assert "Approved 2 stories: “Number 0”, “Number 1”." in page
    assert "“The green ladder”: This story is in production and can" in page


def test_a_decision_leads_to_the_next_waiting_story(editor: Browser) -> None:
    older, newer = records.story("The older"), records.story("The newer")

    page = editor.get(f"/stories/{newer.id}").text
    following = re.search(r'name="next_story" value="(\d+)"', page)
    assert following
    assert int(following[1]) == older.id
    answer = editor.post(f"/stories/{newer.id}/approve", next_story=following[1])

    assert answer.location == f"/stories/{older.id}"


def test_editing_changes_the_narration_and_never_the_original(editor: Browser) -> None:
    story = records.story()

    editor.post(f"/stories/{story.id}/edit", title="The red ladder", text="It came back red.")

    edited = Story.get_by_id(story.id)
    assert (edited.narratable_title, edited.narratable_text) == (
        "The red ladder",
        "It came back red.",
    )
    assert (edited.title, edited.body) == (story.title, records.BODY)


def test_answers_are_shown_in_narration_order(editor: Browser) -> None:
    # Given a story whose answers an editor has reordered
    answers = [{"author": name, "text": name, "score": 1} for name in ("ada", "bob")]
    text = "I ask.\n\n» Answer 2\n\nYes.\n\nSure.\n\n» Answer 1\n\nNo."
    story = records.story(narratable_text=text, answers=answers)

    page = editor.get(f"/stories/{story.id}").text

    heard = re.findall(r"<h4>(Answer \d)</h4>|<p dir=\"auto\">(\w[^<]*)</p>", page)
    assert ["".join(one) for one in heard] == [
        *("I ask.", "Answer 2", "Yes.", "Sure.", "Answer 1", "No."),
    ]


def test_the_page_shows_the_original_and_the_story_it_is_similar_to(
    viewer: Browser,
) -> None:
    first = records.story("The first ladder")
    text = records.TEXT.replace("in April", "in May")
    known: dict[str, Any] = {"similar_to": first, "similarity": 0.87, "safety_score": 0.41}
    copy = records.story("The second ladder", narratable_text=text, **known)

    page = viewer.get(f"/stories/{copy.id}").text

    assert "**April**" in page
    assert "Am I wrong to ask" in page
    assert "87 % similar to an earlier story" in page
    assert f'<a href="/stories/{first.id}" dir="auto">The first ladder' in page
    assert "borrowed our ladder in <del>April.</del>" in page
    assert "borrowed our ladder in <ins>May.</ins>" in page
    assert "safety 0.41" in page
    assert "Approve" not in page  # viewers have no buttons


@pytest.mark.slow
def test_long_lists_are_paged_both_ways(viewer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [records.story(f"Number {n}").id for n in range(paging.PAGE * 2 + 1)][::-1]

    def turn(path: str, rel: str) -> tuple[list[int], str]:
        page = viewer.get(path).text
        link = re.search(rf'rel="{rel}" href="([^"]+)"', page)
        shown = [int(number) for number in re.findall(r'data-id="(\d+)"', page)]
        return shown, link[1].replace("&amp;", "&") if link else ""

    first, older = turn("/stories/?state=waiting", "next")
    second, oldest = turn(older, "next")
    third, end = turn(oldest, "next")
    assert first + second + third == ids
    assert end == ""
    back, newest = turn(turn(oldest, "prev")[1], "prev")
    assert back == second
    assert turn(newest, "prev") == (first, "")


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


def test_a_pasted_story_is_added(editor: Browser) -> None:
    editor.post("/stories/paste", title="A kettle", text="It sang on its own one night.")

    story = Story.get()
    assert (story.title, story.state) == ("A kettle", StoryState.FETCHED)
    assert Job.of("prepare", story.id) is not None
    again = editor.post("/stories/paste", title="A kettle", text="It sang on its own one night.")
    assert f"as number {story.id}" in editor.after(again)


@pytest.mark.slow
def test_the_page_shows_every_safety_decision_and_the_hooks(editor: Browser) -> None:
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
    for shown in (
        "ollama/test",
        "self harm",
        "0.71",
        "0.60",
        "0.80",
        "It looked happier that way.",
    ):
        assert shown in page

    answer = editor.post(f"/stories/{story.id}/hook", hook="It looked happier that way.")
    assert "Part 1 is being produced again." in editor.get(answer.location).text
    assert Part.get_by_id(part.id).hook == "It looked happier that way."
    assert Job.of("narrate", part.id) is not None


def test_production_is_stopped_and_resumed(editor: Browser) -> None:
    part = records.part()
    story = part.script.story
    narrate = records.job("narrate", part.id)

    assert f'action="/stories/{story.id}/stop"' in editor.get(f"/stories/{story.id}").text
    editor.post(f"/stories/{story.id}/stop")
    assert Job.get_by_id(narrate.id).state == JobState.CANCELLED
    assert "Resume production" in editor.get(f"/stories/{story.id}").text
    editor.post(f"/stories/{story.id}/resume")
    assert Job.get_by_id(narrate.id).state == JobState.WAITING


def test_a_queue_wraps_around_and_ends_at_the_list(editor: Browser) -> None:
    oldest, newest = records.story("The oldest"), records.story("The newest")

    page = editor.get(f"/stories/{oldest.id}").text
    assert f'rel="next" href="/stories/{newest.id}"' in page
    editor.post(f"/stories/{newest.id}/approve")
    assert 'rel="next"' not in editor.get(f"/stories/{oldest.id}").text
    answer = editor.post(f"/stories/{oldest.id}/approve", on_page="1")
    assert answer.location == "/stories/?state=waiting"


def test_an_edited_story_can_be_approved_at_once(editor: Browser) -> None:
    story = records.story()

    form = {"title": "The red ladder", "text": "It came back red.", "then": "approve"}
    editor.post(f"/stories/{story.id}/edit", **form)

    assert state(story) == StoryState.APPROVED
    assert Story.get_by_id(story.id).narratable_text == "It came back red."


def test_stories_are_listed_by_channel_or_source(viewer: Browser) -> None:
    channel = Channel.create(name="Night tales")
    night = records.source("r/nights", channel=channel)
    evening = records.source("r/evenings")
    ours, other = records.story(source=night), records.story(source=evening)

    def listed(origin: str) -> list[str]:
        page = viewer.get("/stories/", query_string={"of": origin, "state": "waiting"}).text
        return re.findall(r'data-id="(\d+)"', page)

    assert listed(f"c{channel.id}") == [str(ours.id)]
    assert listed(f"s{evening.id}") == [str(other.id)]
    assert listed("") == [str(other.id), str(ours.id)]
    assert viewer.get("/stories/?of=x1").status_code == 400


def test_the_tabs_count_what_they_show(viewer: Browser) -> None:
    # Given stories of two sources, one of which has a channel
    channel = Channel.create(name="Night tales")
    night, evening = records.source("r/nights", channel=channel), records.source("r/evenings")
    ladder = records.story("The green ladder", source=night)
    records.story("A red ladder", source=night, state=StoryState.SKIPPED)
    records.story("The ladder of glass", source=evening)
    records.story("A parrot's doorbell", source=evening)

    def counted(**filters: str) -> dict[str, int]:
        page = viewer.get("/stories/", query_string=filters).text
        tabs = re.findall(r'href="([^"]+)"[^>]*>(\w+) <span class="count">([^<]+)</span>', page)
        for address, _, number in tabs:
            shown = re.findall(r'data-id="\d+"', viewer.get(html.unescape(address)).text)
            assert len(shown) == int(number)
        return {state.lower(): int(number) for _, state, number in tabs}

    # When the list is filtered, each tab shows the count of its own list
    assert counted() == {"waiting": 3, "skipped": 1}
    assert counted(state="skipped") == {"waiting": 3, "skipped": 1}
    assert counted(of=f"s{evening.id}") == {"waiting": 2}
    assert counted(of=f"c{channel.id}", state="waiting") == {"waiting": 1, "skipped": 1}
    assert counted(search="ladder") == {"waiting": 2, "skipped": 1}
    assert counted(search="ladder", of=f"s{night.id}") == {"waiting": 1, "skipped": 1}
    assert counted(search=str(ladder.id)) == {"waiting": 1}
    assert counted(search="nothing") == {}
    assert counted(of="s404") == {}


def test_skipped_and_rejected_stories_are_reconsidered_in_bulk(editor: Browser) -> None:
    skipped = records.story(state=StoryState.SKIPPED, reason="It is too short.")
    rejected = records.story(state=StoryState.REJECTED, reason="Boring")

    page = editor.get("/stories/?state=skipped").text
    assert "Reconsider selected" in page
    assert "Approve selected" not in page
    editor.post("/stories/decide", decision="reconsider", id=[skipped.id, rejected.id])

    assert [state(story) for story in (skipped, rejected)] == ["waiting", "waiting"]


def test_a_voice_that_does_not_speak_the_language_is_shown_before_approval(viewer: Browser) -> None:
    records.story("The green ladder")
    assert "The voice" not in viewer.get("/stories/").text
    # Given a story whose channel has an English voice, and one whose channel has none
    arabic = records.story("سلم جاري", language="ar")
    english = Channel.create(name="English", voice="espeak:en-us")
    source = records.source("english tales", channel=english)
    chosen = records.story("سلم", language="ar", source=source)

    problem = "The voice espeak:en-us speaks en, but the story is in ar: choose"
    assert viewer.get("/stories/").text.count(problem) == 1
    assert problem in viewer.get(f"/stories/{chosen.id}").text
    page = viewer.get(f"/stories/{arabic.id}").text
    assert "espeak:ar will tell this story, because the default voice piper:en_US" in page


def test_video_progress_is_shown_live(settings: Settings, editor: Browser, viewer: Browser) -> None:
    # Given a story with three parts: finished, rendering and failed
    finished = records.part(parts=3)
    story = finished.script.story
    records.video(settings.media_dir, finished)
    rendering, failed = (records.part(story, number, 3) for number in (2, 3))
    records.job("render", rendering.id, JobState.RUNNING, progress=0.4, started_at=now())
    letter = records.failure("narrate", failed.id, "The disk is full.")

    # Then its page shows that, live, with the story's state
    pieces = editor.json(f"/stories/{story.id}/live.json")
    assert f'src="/videos/{finished.id}/cover"' in pieces["parts"]
    assert f'src="/videos/{finished.id}/narration.wav"' in pieces["parts"]
    assert pieces["parts"].count("failed") == 1
    assert "render 40 %" in pieces["parts"]
    assert "in production" in pieces["state"]
    assert finished.script.hook in pieces["script"]
    assert "40 %" in pieces["work"]
    assert "part 3" in pieces["work"]
    assert f'action="/failures/{letter.id}/requeue"' in pieces["work"]
    assert 'action="/failures' not in viewer.json(f"/stories/{story.id}/live.json")["work"]
    assert "live.js" in editor.get(f"/stories/{story.id}").text
    # And the list counts the failure
    assert "1 of 3 videos failed" in editor.get("/stories/").text


def test_entities_in_titles_are_decoded(viewer: Browser) -> None:
    records.story("Salt &amp; pepper")

    assert "Salt &amp; pepper</a>" in viewer.get("/stories/").text


def test_the_hook_cannot_change_after_a_post_is_published(
    settings: Settings, editor: Browser
) -> None:
    part = records.part()
    script = part.script
    script.hooks = [script.hook, "It looked happier that way."]
    script.save()
    page = f"/stories/{script.story.id}"
    assert "Use this hook" in editor.get(page).text

    records.post(records.video(settings.media_dir, part), records.account(), PostState.PUBLISHED)

    assert "Use this hook" not in editor.get(page).text
    assert "so the hook can't change" in editor.get(page).text
