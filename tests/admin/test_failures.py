from __future__ import annotations

from typing import TYPE_CHECKING

from models import AuditEntry, DeadLetter, Job, JobState
from tests.admin import records

if TYPE_CHECKING:
    from tests.admin.conftest import Browser


def test_a_failure_shows_its_story_error_and_a_trace_without_secrets(viewer: Browser) -> None:
    letter = records.failure("script", records.story("The ladder that failed").id)

    listed, shown = viewer.get("/failures/").text, viewer.get(f"/failures/{letter.id}").text

    for page in (listed, shown):
        assert "The ladder that failed" in page
        assert "The voice can&#39;t be loaded." in page
        assert "after 5 tries" in page
    assert "Traceback" in shown
    assert "canary" not in shown


def test_requeued_work_begins_anew_once(editor: Browser) -> None:
    letter = records.failure("script", records.story().id)

    editor.post(f"/failures/{letter.id}/requeue")
    twice = editor.post(f"/failures/{letter.id}/requeue")

    job = records.job_of(letter)
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    assert DeadLetter.get().resolution == "requeued"
    assert "Somebody has requeued it already" in editor.get(twice.location).text
    assert AuditEntry.select().where(AuditEntry.action == "failure.requeue").count() == 1


def test_discarded_work_stays_in_the_history(editor: Browser) -> None:
    letters = [records.failure("script", records.story(f"Number {n}").id) for n in range(3)]

    editor.post("/failures/decide", decision="discard", id=[letter.id for letter in letters[:2]])

    assert records.job_of(letters[0]).state == JobState.CANCELLED
    assert "Number 2" in editor.get("/failures/").text
    assert "Number 1" not in editor.get("/failures/").text
    assert "discarded" in editor.get("/failures/?show=resolved").text


def test_every_unfinished_job_says_what_it_waits_for(editor: Browser) -> None:
    story = records.story("The waiting ladder")
    job = records.job("script", story.id)

    page = editor.get("/jobs/").text
    assert "The waiting ladder" in page
    assert "waiting for a free worker" in page

    editor.post(f"/jobs/{job.id}/cancel")
    assert Job.get_by_id(job.id).state == JobState.CANCELLED
    editor.post(f"/jobs/{job.id}/requeue")
    assert Job.get_by_id(job.id).state == JobState.WAITING
