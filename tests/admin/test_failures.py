from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from models import (
    Account,
    AuditEntry,
    Channel,
    DeadLetter,
    Job,
    JobState,
    Part,
    Post,
    PostState,
    Script,
    Source,
    StoryState,
    Video,
    VideoState,
)
from pipelines import ledger
from pipelines.publishing.posts import decisions
from tests.admin import records
from tests.admin.test_undo import undo_in

if TYPE_CHECKING:
    from core.settings import Settings
    from tests.admin.conftest import Browser


def test_a_failure_shows_its_story_error_and_a_trace_without_secrets(viewer: Browser) -> None:
    letter = records.failure("script", records.story("The ladder that failed").id)

    listed, shown = viewer.get("/failures/").text, viewer.get(f"/failures/{letter.id}").text

    for page in (listed, shown):
        assert "The ladder that failed" in page
        assert "The voice can&#39;t be loaded." in page
        assert "after 5 attempts" in page
    assert "Traceback" in shown
    assert "canary" not in shown


def test_a_failure_is_retried_only_once(editor: Browser) -> None:
    letter = records.failure("script", records.story().id)

    editor.post(f"/failures/{letter.id}/requeue")
    twice = editor.post(f"/failures/{letter.id}/requeue")

    job = records.job_of(letter)
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    assert DeadLetter.get().resolution == "requeued"
    assert f"Failure {letter.id} was already retried" in editor.get(twice.location).text
    assert AuditEntry.select().where(AuditEntry.action == "failure.requeue").count() == 1


def test_home_groups_failures_by_cause_with_what_would_mend_them(editor: Browser) -> None:
    # Given a voice that fails twice, and a post that nobody chose an audience for
    channel = Channel.create(name="Evening tales")
    Source.update(channel=channel).where(Source.id == records.source().id).execute()
    for number in range(2):
        records.failure("narrate", records.part(records.story(f"Number {number}")).id)
    account = records.account("midnight_pages")
    post = a_stopped_post(account)

    page = " ".join(editor.get("/").text.split())

    assert '<strong>2</strong><span class="sr-only"> failures: The voice can&#39;t tell' in page
    assert f'href="/channels/{channel.id}/edit">Change the voice</a>' in page
    assert f'href="/accounts/{account.id}">Choose who can see them</a>' in page
    for filters, shown, hidden in (
        ("cause=voice", "Number 1", "midnight_pages"),
        (f"account={account.id}", "midnight_pages", "Number 1"),
        ("cause=audience", "on midnight_pages", "Number 1"),
        (f"channel={channel.id}&cause=voice", "Number 0", "on midnight_pages"),
        (f"channel={channel.id + 1}", "No failures match", "Number 1"),
    ):
        rows = (
            editor.get(f"/failures/?{filters}")
            .text.partition("All channels</option>")[2]
            .partition("</form>")[2]
        )
        assert shown in rows, filters
        assert hidden not in rows, filters
    # When it goes well later, its old error is on no list
    decisions.mark_published(post.id, "ada")
    assert "Nobody has chosen" not in editor.get("/").text
    assert "Nobody has chosen" not in editor.get(f"/posts/{post.id}").text


def test_all_failures_of_a_cause_are_retried_and_that_is_undone(editor: Browser) -> None:
    parts = [records.part(records.story(f"Number {number}")) for number in range(3)]
    letters = [records.failure("narrate", part.id) for part in parts]
    other = records.failure("script", records.story().id, "Ollama is away.", "ollama_away")

    page = editor.get(editor.post("/failures/requeue-all", cause="voice").location).text

    assert "Retrying 3 failures" in page
    assert {records.job_of(letter).state for letter in letters} == {JobState.WAITING}
    assert records.job_of(other).state == JobState.DEAD

    ledger.claim("narrate", parts[0].id, "w")
    undo = re.search(r'action="(/undo/\d+)', page)
    assert undo
    page = editor.get(editor.post(undo[1]).location).text
    assert "Its work has begun again" in page
    assert "Undone. Open again: 2 failures" in page
    assert [records.job_of(letter).state for letter in letters[1:]] == [JobState.DEAD] * 2
    assert DeadLetter.select().where(DeadLetter.resolved_at.is_null()).count() == 3


def test_a_post_is_edited_and_retried_and_a_refused_edit_keeps_what_was_typed(
    editor: Browser,
) -> None:
    post = a_stopped_post(records.account())
    letter = DeadLetter.get()
    assert "Edit and retry" in editor.get(f"/failures/{letter.id}").text

    refused = editor.post(f"/failures/{letter.id}/edit", title="W" * 2300, privacy="SELF_ONLY")
    assert refused.status_code == 422
    assert "W" * 2300 in refused.text
    assert "The title has 2,300 characters" in refused.text
    assert Post.get_by_id(post.id).state == PostState.PARKED

    typed = {"title": "The blue ladder", "privacy": "SELF_ONLY"}
    page = editor.after(editor.post(f"/failures/{letter.id}/edit", **typed))
    saved = Post.get_by_id(post.id)
    assert (saved.title, saved.options) == ("The blue ladder", {"privacy": "SELF_ONLY"})
    assert (saved.state, job_state("publish", post.id)) == (PostState.PLANNED, JobState.WAITING)
    assert DeadLetter.get().resolution == "requeued"

    # And that is undone
    page = editor.after(editor.post(undo_in(page)))
    assert f"Undone. As before, and open: failure {letter.id} (publish)." in page
    again = Post.get_by_id(post.id)
    assert (again.title, again.options, again.state) == (post.title, {}, PostState.PARKED)
    assert DeadLetter.get().resolved_at is None


def test_a_part_is_edited_and_told_by_another_voice(editor: Browser) -> None:
    part = records.part(records.story(state=StoryState.SCRIPTED))
    Part.update(answers=[[0, 1], [8, 2]]).execute()
    letter = records.failure("render", part.id, code="output_wrong")
    text = part.text.replace("In June", "Later, in June")
    kept = {"hook": part.hook, "call_to_action": part.call_to_action}

    refused = editor.post(f"/failures/{letter.id}/edit", text=text, voice="espeak:no", **kept)
    assert "This machine has no voice espeak:no" in refused.text
    assert "Later, in June" in refused.text
    typed = {"text": text, "voice": "espeak:en-gb-scotland", **kept}
    page = editor.after(editor.post(f"/failures/{letter.id}/edit", **typed))

    changed = Part.get_by_id(part.id)
    assert changed.text.startswith("My neighbour borrowed our ladder in April. Later, in June it")
    assert changed.hook == part.hook
    assert changed.answers == [[0, 1], [9, 2]]
    assert changed.script.story.voice == "espeak:en-gb-scotland"
    assert job_state("narrate", part.id) == JobState.WAITING
    assert job_state("render", part.id) == JobState.CANCELLED
    assert DeadLetter.get().resolution == "requeued"

    # And that is undone
    page = editor.after(editor.post(undo_in(page)))
    assert f"Undone. As before, and open: failure {letter.id} (render)." in page
    again = Part.get_by_id(part.id)
    assert (again.text, again.answers) == (part.text, [[0, 1], [8, 2]])
    assert again.script.story.voice == ""
    assert job_state("narrate", part.id) == JobState.CANCELLED
    assert job_state("render", part.id) == JobState.DEAD


def test_a_discarded_post_is_cancelled_and_comes_back(editor: Browser) -> None:
    post = a_stopped_post(records.account())
    letter = DeadLetter.get()

    page = editor.get(editor.post(f"/failures/{letter.id}/discard").location).text
    assert Post.get_by_id(post.id).state == PostState.CANCELLED
    undo = re.search(r'action="(/undo/\d+)', page)
    assert undo
    editor.post(undo[1])

    restored = Post.get_by_id(post.id)
    assert (restored.state, restored.reason) == (PostState.PARKED, post.reason)
    assert (DeadLetter.get().resolved_at, records.job_of(letter).state) == (None, JobState.PARKED)


def test_the_log_lines_of_a_failure_are_shown_without_secrets(
    settings: Settings, viewer: Browser
) -> None:
    letter = records.failure("script", records.story().id)
    page = viewer.get(f"/failures/{letter.id}/log").text
    assert "This host keeps no log files in" in page

    folder = settings.run_dir.parent / "log"
    folder.mkdir(parents=True)
    lines = [
        "not JSON, but about r1",
        json.dumps({"event": "of_another", "request_id": "r11", "timestamp": "2026-01-01T1"}),
        json.dumps({"event": "set_aside", "request_id": "r1", "timestamp": "2026-01-01T3",
                    "level": "error", "error": "Bearer canary-in-log"}),
    ]  # fmt: skip
    (folder / "network.log").write_text("\n".join(lines) + "\n")
    many = (json.dumps({"event": f"step {n:03}", "request_id": "r1", "timestamp": "2026-01-01T2"})
            for n in range(250))  # fmt: skip
    (folder / "cpu.log.1").write_text("\n".join(many))
    page = viewer.get(f"/failures/{letter.id}/log").text

    assert "set_aside" in page
    assert "step 249" in page
    assert "step 001" not in page
    assert "Only the newest 200 lines are shown." in page
    assert "of_another" not in page
    assert "canary-in-log" not in page


def test_a_discarded_failure_stays_in_the_history(editor: Browser) -> None:
    letters = [records.failure("script", records.story(f"Number {n}").id) for n in range(3)]

    editor.post("/failures/decide", decision="discard", id=[letter.id for letter in letters[:2]])

    assert records.job_of(letters[0]).state == JobState.CANCELLED
    assert "Number 2" in editor.get("/failures/").text
    assert "Number 1" not in editor.get("/failures/").text
    assert "discarded" in editor.get("/failures/?show=resolved").text


def job_state(stage: str, subject_id: int) -> str:
    return str(Job.get(Job.stage == stage, Job.subject_id == subject_id).state)


def a_stopped_post(account: Account) -> Post:
    """Needs a person: nobody has chosen who can see it."""
    script = Script.create(
        story=records.story("A post", state=StoryState.SCRIPTED), title="A post", hook="",
        call_to_action="", written_by="rules",
    )  # fmt: skip
    part = Part.create(script=script, number=1, of=1, hook="", text="One.", call_to_action="")
    video = Video.create(
        part=part, key="k", path="", cover_path="", seconds=1, size_bytes=1, loudness=0,
        true_peak=0, state=VideoState.READY,
    )  # fmt: skip
    reason = "Nobody has chosen who can see the posts."
    post = records.post(video, account, PostState.PARKED, reason=reason)
    Post.update(video_key="").execute()
    records.failure("publish", post.id, reason, "privacy_not_chosen", JobState.PARKED)
    return post


def test_every_unfinished_job_says_what_it_is_waiting_for(editor: Browser) -> None:
    story = records.story("The waiting ladder")
    job = records.job("script", story.id)

    page = editor.get("/jobs/").text
    assert "The waiting ladder" in page
    assert "waiting for a free worker" in page

    editor.post(f"/jobs/{job.id}/cancel")
    assert Job.get_by_id(job.id).state == JobState.CANCELLED
    editor.post(f"/jobs/{job.id}/requeue")
    assert Job.get_by_id(job.id).state == JobState.WAITING
