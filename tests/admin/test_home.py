from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core import db, queue
from models import JobState, PostState, StoryState, VideoState, now
from supervisor import Supervisor, keeper
from tests.admin import records
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from core.settings import Settings
    from tests.admin.conftest import Browser


def test_home_shows_what_needs_attention_and_the_results(
    settings: Settings, viewer: Browser
) -> None:
    records.story()
    records.story(state=StoryState.FLAGGED)
    records.failure("script", records.story().id)
    video = records.video(settings.media_dir, state=VideoState.REVIEW)
    account, expired = records.account(), records.account("late_tales", "expired")
    records.post(video, account, PostState.PUBLISHED, published_at=now())
    records.post(video, expired, PostState.PARKED)
    records.job("render", video.part.id, JobState.WAITING, error_code="disk_full")

    page = " ".join(viewer.get("/").text.replace("<strong>", "").replace("</strong>", "").split())

    for need in (
        "2 stories to approve",
        "1 flagged story to review",
        "1 open failure",
        "1 video to review",
        "1 account to reconnect",
        "1 job waiting for disk space",
        "50.0 % of the last 2 posts",
        "1 story became a video",
        "1 post published",
    ):
        assert need in page, need


def test_home_shows_jobs_that_an_outage_holds_up_or_that_nobody_takes(viewer: Browser) -> None:
    # Given jobs that have met an outage for long and for a moment, and jobs of two queues that are
    # due for long: in one of them something runs
    stories = [records.story() for _ in range(6)]
    ago, later = now() - timedelta(minutes=6), now() + timedelta(minutes=1)
    held: dict[str, Any] = {"state": JobState.WAITING, "due_at": later}
    records.job("script", stories[0].id, error_code="database_away", code_since=ago, **held)
    records.job("judge", stories[1].id, error_code="limits_unknown", code_since=ago, **held)
    records.job("script", stories[2].id, error_code="database_away", code_since=now(), **held)
    records.job("prepare", stories[3].id, JobState.WAITING, due_at=ago)
    records.job("prepare", stories[4].id, JobState.RUNNING, started_at=ago)
    records.job("script", stories[5].id, JobState.WAITING, due_at=ago)

    page = " ".join(viewer.get("/").text.replace("<strong>", "").replace("</strong>", "").split())

    assert "2 jobs held up by an outage of PostgreSQL or Redis" in page
    assert "1 due job that no worker takes" in page
    listed = viewer.get("/jobs/?held_up=1").text
    assert listed.count("This job has met this since") == 2


def test_home_shows_jobs_that_have_waited_for_one_reason_for_over_a_week(viewer: Browser) -> None:
    # Given two posts' jobs that wait for their account, one of them for eight days
    held: dict[str, Any] = {
        "state": JobState.WAITING,
        "due_at": now() + timedelta(minutes=1),
        "waits_for": "its account is paused",
        "error_code": "account_paused",
    }
    for subject, days in ((1, 8), (2, 6)):
        records.job("publish", subject, code_since=now() - timedelta(days=days), **held)

    page = " ".join(viewer.get("/").text.replace("<strong>", "").replace("</strong>", "").split())

    assert "1 job that has waited for over 7 days" in page
    listed = viewer.get("/jobs/?waited_long=1").text
    assert listed.count("its account is paused This job has met this since") == 1


def test_running_jobs_are_shown_live(viewer: Browser) -> None:
    story = records.story("The running ladder")
    started = now() - timedelta(seconds=40)
    job = records.job("script", story.id, JobState.RUNNING, progress=0.25, started_at=started)

    assert "25 %" in viewer.json("/live.json")["running"]
    type(job).update(progress=0.75).execute()
    pieces = viewer.json("/live.json")

    assert set(pieces) == {"guide", "needs", "inbox", "running", "queues"}
    assert "75 %" in pieces["running"]
    assert "The running ladder" in pieces["running"]


def test_empty_pages_say_what_to_do(owner: Browser) -> None:
    advice = {
        "/": "Connect account",
        "/stories/": "Paste story",
        "/videos/": "Approve a story",
        "/posts/": "Go to accounts",
        "/accounts/": "set TIKTOK_CLIENT_KEY",
        "/sources/": "Add source",
        "/failures/": "No failures",
    }
    for path, words in advice.items():
        assert words in owner.get(path).text, path


def test_readiness_names_what_is_unavailable(settings: Settings, stranger: Browser) -> None:
    assert stranger.json("/health") == {"status": "ok"}
    assert stranger.json("/ready")["status"] == "ok"

    # when the broker, the disk and the database are unavailable
    db.database.close_all()
    queue.connect("redis://127.0.0.1:9/0")
    settings.media_dir.rmdir()
    db.configure("postgresql://nobody@127.0.0.1:9/none")
    answer = stranger.client.get("/ready")

    # then each is named, the process is still healthy, and pages say that nothing is lost
    assert answer.status_code == 503
    found = answer.get_json()
    assert "PostgreSQL can't be reached" in found["database"]
    assert "broker can't be reached" in found["broker"]
    assert "media folder" in found["disk"]
    assert stranger.client.get("/health").status_code == 200
    assert stranger.client.get("/").status_code == 503
    assert "Nothing is lost" in stranger.client.get("/").text
    db.configure(settings.database_url.get_secret_value())
    db.database.connect()


@pytest.mark.parametrize(
    ("state", "status", "title"),
    [
        ("57P01", 503, "The database is unavailable"),
        ("40P01", 503, "The database was busy"),
        ("57014", 503, "The database was busy"),
        ("P0001", 500, "Something went wrong"),
    ],
)
def test_a_page_says_what_an_error_of_the_database_means(
    owner: Browser, state: str, status: int, title: str
) -> None:
    db.database.execute_sql(
        f"CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE SQLSTATE '{state}'; END $$ "
        "LANGUAGE plpgsql; CREATE TRIGGER refused BEFORE INSERT ON limit_setting "
        "FOR EACH ROW EXECUTE FUNCTION refuse()"
    )

    answer = owner.post("/limits/tiktok_init/set", count="3", seconds="60")

    assert (answer.status_code, title in answer.text) == (status, True)


@pytest.mark.slow
def test_home_and_readiness_report_a_failing_process_until_it_recovers(
    settings: Settings,
    viewer: Browser,
    stranger: Browser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeper, "LONGEST_PAUSE", 0.5)
    monkeypatch.setattr(keeper, "STABLE_SECONDS", 2.0)
    procfile = tmp_path / "Procfile"
    procfile.write_text("gpu: sh -c 'test -e mended && exec sleep 60; exit 3'\n")

    def reported() -> bool:
        return "gpu" in stranger.json("/ready")["processes"]

    assert "Nothing needs your attention" in viewer.get("/").text
    assert stranger.json("/ready")["processes"] == {}

    # when a supervisor can't keep a process running
    with Supervisor(procfile, root=tmp_path, environment={"PATH": os.environ["PATH"]}):
        until(reported)

        # then home says so, at once and live, and not that all is well
        for page in (viewer.get("/").text, viewer.json("/live.json")["needs"]):
            assert re.search(r"The gpu process has ended \d+ times in a row\.", page)
            assert "Last: exit code 3 after 0." in page
            assert "var/log/gpu.log says why." in page
            assert "Nothing needs your attention" not in page
        # and the back office is ready, with a warning
        answer = stranger.client.get("/ready")
        assert (answer.status_code, answer.get_json()["status"]) == (200, "ok")
        assert answer.get_json()["processes"]["gpu"].startswith("The gpu process has ended ")

        # when it runs again, both stop reporting it
        (tmp_path / "mended").touch()
        until(lambda: not reported())
        assert "gpu process" not in viewer.get("/").text
        assert "Nothing needs your attention" in viewer.json("/live.json")["needs"]


@pytest.mark.slow
def test_the_process_loads_no_audio_or_image_library() -> None:
    heavy = ("onnxruntime", "numpy", "faster_whisper", "piper", "av", "py3langid", "PIL", "praw")
    program = f"import sys, admin.wsgi; print([m for m in {heavy} if m in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )

    assert done.stdout.strip() == "[]"
