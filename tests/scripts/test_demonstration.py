"""What the demo prints, with real rows; the acceptance tests run the whole demo."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from core.files.storage import MediaStore
from models import JobState, PostState, Story, StoryState, now
from scripts.demonstration import report
from scripts.demonstration.clock import BEGAN, Clock
from scripts.demonstration.line_printer import Lines
from scripts.demonstration.watch import Watch
from tests.admin import records

PROJECT = Path(__file__).parents[2]


class Piped:
    """A watch whose output is not a terminal."""

    def __init__(self) -> None:
        self._output = io.StringIO()
        console, clock = Console(file=self._output, width=40), Clock()
        self.watch = Watch(console, Lines(console, clock), clock)
        self._read = 0

    def news(self) -> list[str]:
        """The lines of another check, without the time that each line has."""
        self.watch.look()
        lines = self._output.getvalue()[self._read :].splitlines()
        self._read = len(self._output.getvalue())
        assert all(re.match(r" *\d+\.\d s  \S", line) for line in lines), lines
        return [line.split(" s  ", 1)[1] for line in lines]


def done(stage: str, subject_id: int, state: str = JobState.DONE) -> None:
    records.job(stage, subject_id, state, finished_at=now())


def test_each_change_of_stage_is_a_line(record: None, tmp_path: Path) -> None:
    # Given a database with work of an earlier run
    earlier = records.video(tmp_path, records.part(records.story("An earlier one")))
    done("render", earlier.part.id)
    account = records.account("ladder_tales")
    records.post(earlier, account, PostState.PUBLISHED)
    piped = Piped()
    assert piped.news() == []

    # When a story comes, is approved, and becomes two parts, then each step is printed once
    source = records.source("evening tales")
    done("fetch", source.id)
    story = records.story("The spare key", StoryState.WAITING)
    done("prepare", story.id)
    assert piped.news() == ["evening tales: fetched", "“The spare key”: prepared"]
    Story.update(state=StoryState.APPROVED, decided_by="me", decided_at=now()).where(
        Story.id == story.id
    ).execute()
    assert piped.news() == ["“The spare key”: approved"]
    first, second = records.part(story, 1, 2), records.part(story, 2, 2)
    done("script", story.id)
    assert piped.news() == ["“The spare key”: script written, 2 parts"]
    for stage in ("narrate", "caption"):
        done(stage, first.id)
    render = records.job("render", first.id, JobState.RUNNING, started_at=now(), fence=1)
    assert piped.news() == [
        "“The spare key” part 1 of 2: narrated",
        "“The spare key” part 1 of 2: captioned",
        "“The spare key” part 1 of 2: rendering",
    ]
    assert piped.news() == []
    render.move(JobState.DONE, finished_at=now())
    assert piped.news() == ["“The spare key” part 1 of 2: rendered"]
    assert piped.news() == []

    # And so is a failure
    records.failure("narrate", second.id)
    assert piped.news() == ["“The spare key” part 2 of 2: narrate failed"]

    # When its first part is posted, then the first published post is announced once
    video = records.video(tmp_path, first)
    posts = [records.post(video, account), records.post(video, records.account("late_tales"))]
    assert piped.news() == []
    for state, lines in (
        (PostState.PROCESSING, ["uploaded to ladder_tales", "uploaded to late_tales"]),
        (PostState.PUBLISHED, ["published on ladder_tales", "published on late_tales"]),
    ):
        for post in posts:
            type(post).update(state=state).where(type(post).id == post.id).execute()
        told = piped.news()
        if state == PostState.PUBLISHED:
            assert re.fullmatch(r"first video published after \d+ s", told.pop(1))
        assert told == [f"“The spare key” part 1 of 2: {line}" for line in lines]


def test_a_skipped_story_says_why(record: None) -> None:
    piped = Piped()
    skipped = records.story("Old news", StoryState.SKIPPED, reason="Its language is not known.")
    done("prepare", skipped.id)
    assert piped.news() == ["“Old news”: skipped: Its language is not known."]


def test_a_line_stays_one_line_and_holds_no_secret(record: None) -> None:
    piped = Piped()
    titles = (
        "One\nline\x1b[31m [bold]only[/bold]",
        "access_token=act.canary-access-token",
        "梯" * 200,
    )
    for title in titles:
        done("prepare", records.story(title).id)

    told = piped.news()

    assert told[0] == "“One line [31m [bold]only[/bold]”: prepared"
    assert "canary" not in told[1]
    assert len(told) == 3
    assert told[2] == f"“{'梯' * 69}…”: prepared"


def test_a_terminal_has_bars_and_no_lines() -> None:
    output = io.StringIO()
    lines = Lines(Console(file=output, force_terminal=True, force_interactive=True), Clock())

    lines.say("services: ready")
    assert output.getvalue() == ""

    lines.announce("The gpu process is running again.")
    assert output.getvalue() == "The gpu process is running again.\n"


def test_the_clock_includes_the_installation_of_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    began = f"{time.time() - 25:.6f}"
    for value, least, most in (
        (began, 25, 35),
        (began.replace(".", ","), 25, 35),  # as bash writes it in some locales
        ("", 0, 5),
        ("soon", 0, 5),
        (f"{time.time() + 900}", 0, 5),  # a clock that was set back
    ):
        monkeypatch.setenv(BEGAN, value)
        assert least <= Clock().seconds() < most, value


@pytest.mark.parametrize(
    ("first", "words"), [(74.2, "First video published after 74 s."), (None, "")]
)
def test_the_result_has_the_time_of_the_first_published_video(
    record: None, tmp_path: Path, first: float | None, words: str
) -> None:
    output = io.StringIO()

    result = report.collect(MediaStore(tmp_path), 120.0, first)
    report.show(result, Console(file=output, width=80))
    report.write(result, tmp_path / "result.json")

    told = json.loads((tmp_path / "result.json").read_text())["first_published_seconds"]
    assert told == first
    assert ("ublished after" in output.getvalue()) is bool(words)
    assert words in output.getvalue()


def test_a_line_is_written_at_once(tmp_path: Path) -> None:
    """A reader of the pipe gets it while the demo is still running."""
    program = (
        "import time; from rich.console import Console;"
        "from scripts.demonstration.clock import Clock;"
        "from scripts.demonstration.line_printer import Lines;"
        "Lines(Console(), Clock()).say('services: ready'); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        giving_up = threading.Timer(30, process.kill)
        giving_up.start()
        line = process.stdout.readline()
        giving_up.cancel()
        process.kill()
    assert line.endswith(" s  services: ready\n")
