"""The page Schedules: what runs by itself, when it ran and runs next; run now, pause, resume."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from models import AuditEntry, RunOutcome, ScheduledTask, now
from pipelines import schedules
from pipelines.schedules import TASKS, decisions

if TYPE_CHECKING:
    from tests.admin.conftest import Browser

SEAL = TASKS["seal_audit_log"]


@pytest.fixture
def row(record: None) -> Any:
    return decisions.find(SEAL.name)


def change(**values: Any) -> None:
    ScheduledTask.update(**values).where(ScheduledTask.name == SEAL.name).execute()


def test_every_task_is_listed_in_plain_words(viewer: Browser) -> None:
    page = viewer.get("/schedules/").text

    for task in TASKS.values():
        assert task.does.replace("'", "&#39;") in page, task.name
    assert "day at 04:30 UTC" in page
    assert "never" in page
    assert "Run now" not in page, "a viewer changes nothing"


def test_the_last_run_and_the_next_one_are_shown(viewer: Browser, row: Any) -> None:
    # Given a run of 90 seconds that failed
    change(
        last_started_at=now() - timedelta(minutes=5),
        last_ended_at=now() - timedelta(minutes=3, seconds=30),
        last_outcome=RunOutcome.FAILED,
        last_sentence="ValueError: <no> key",
    )
    page = viewer.get("/schedules/").text
    assert "took 1 min" in page
    assert "ValueError: &lt;no&gt; key" in page
    assert "View failures" in page

    # When the next one makes up for two missed times, the list says so without a reload
    moment = now()
    change(due_at=SEAL.plan.next_after(moment - timedelta(minutes=3)))
    schedules.claim(SEAL, at=moment)
    live = viewer.get("/schedules/live.json").json
    assert live is not None
    assert "running" in live["schedules"]
    assert "Makes up for 2 missed times." in live["schedules"]


def test_a_task_is_run_now(editor: Browser, row: Any) -> None:
    answer = editor.post(f"/schedules/{SEAL.name}/run", on="/schedules/")
    assert answer.status_code == 303

    page = editor.get("/schedules/").text
    assert "“Seal new entries of the audit log” runs as soon as a worker is free." in page
    assert "asked for</span> by emil" in page
    assert schedules.claim(SEAL, at=row.due_at - timedelta(seconds=30)) is not None
    again = editor.post(f"/schedules/{SEAL.name}/run", on="/schedules/")
    assert "It is running now" in again.text + editor.get("/schedules/").text


def test_a_paused_task_is_on_the_home_page_until_the_pause_is_undone(editor: Browser) -> None:
    # When an editor pauses a task, with a reason
    address = f"/schedules/{SEAL.name}/pause"
    assert "It doesn&#39;t run until" in editor.get(address).text.replace("'", "&#39;")
    editor.post(address, reason="The key is replaced.", on=address)

    # Then the list, home and the audit log say so
    page = editor.get("/schedules/").text
    assert "The key is replaced." in page
    assert "paused</span> by emil" in page
    assert "paused periodic task" in editor.get("/").text
    entry = AuditEntry.select().where(AuditEntry.action == "schedule.pause").get()
    assert (entry.actor, entry.reason) == ("emil", "The key is replaced.")

    # And it can be undone
    assert "Paused “Seal new entries of the audit log”." in editor.get("/undo/").text
    undo_id = editor.get("/undo/").text.split('action="/undo/')[1].split('"')[0]
    editor.post(f"/undo/{undo_id}", on="/undo/")
    assert "paused periodic task" not in editor.get("/").text
    assert decisions.find(SEAL.name).paused_at is None


def test_a_task_is_resumed(editor: Browser, row: Any) -> None:
    decisions.pause(row.id, "olga")
    editor.post(f"/schedules/{SEAL.name}/resume", on="/schedules/")
    assert decisions.find(SEAL.name).paused_at is None
    refused = editor.post(f"/schedules/{SEAL.name}/resume", on="/schedules/")
    assert "It is not paused." in refused.text + editor.get("/schedules/").text


def test_a_late_task_is_urgent_on_the_home_page(viewer: Browser, row: Any) -> None:
    change(due_at=now() - timedelta(minutes=6))
    assert "periodic task that is late" in viewer.get("/").text
    assert "No worker for the queue network has taken it." in viewer.get("/schedules/").text


def test_what_is_no_task_and_a_reason_too_long_are_refused(editor: Browser) -> None:
    assert editor.get("/schedules/tidy/pause").status_code == 404
    address = f"/schedules/{SEAL.name}/pause"
    refused = editor.post(address, reason="x" * 201, on=address)
    assert "Use at most 200 characters." in refused.text + editor.get(address).text
