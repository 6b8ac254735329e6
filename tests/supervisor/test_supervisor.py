"""The supervisor, with what happens to real processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from core import supervision
from core.errors import ConfigurationError
from supervisor import Supervisor, keeper
from supervisor.family import family
from tests.waiting import until

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
ENVIRONMENT = {"PATH": os.environ["PATH"], "WORD": "barn"}
SLEEPS = "sleeper: sleep 60\n"
# Its child moves to its own session, as encoders and browsers do.
HAS_CHILD = "parent: sh -c 'setsid sleep 60 & echo started; sleep 60'\n"


def supervisor(root: Path, procfile: str) -> Supervisor:
    (root / "Procfile").write_text(procfile)
    return Supervisor(root / "Procfile", root=root, environment=ENVIRONMENT)


def log_of(root: Path, name: str) -> str:
    path = root / "var" / "log" / f"{name}.log"
    return path.read_text() if path.exists() else ""


def family_of(root: Path) -> list[psutil.Process]:
    return family(root / "var" / "run")


def test_output_of_a_process_is_in_its_log_at_once(tmp_path: Path) -> None:
    # Given a process that prints and keeps running
    printing = "talker: python3 -c 'import os, time; print(os.environ[\"WORD\"]); time.sleep(60)'\n"

    with supervisor(tmp_path, f"# a comment\n\n{printing}{SLEEPS}") as running:
        until(lambda: log_of(tmp_path, "talker") == "barn\n")

        # Then both are listed, with the pids in their files
        assert set(running.pids()) == {"talker", "sleeper"}
        for name, pid in running.pids().items():
            assert (tmp_path / "var" / "run" / f"{name}.pid").read_text() == f"{pid}\n"


def test_a_killed_process_restarts_and_the_others_keep_running(tmp_path: Path) -> None:
    with supervisor(tmp_path, HAS_CHILD + SLEEPS) as running:
        # Given a process with a child in its own session
        until(lambda: len(family_of(tmp_path)) == 4)
        before = running.pids()
        left = {p for p in family_of(tmp_path) if p.pid not in before.values()}

        # When it is killed
        os.kill(before["parent"], signal.SIGKILL)

        # Then it runs again within about a second, its child is gone, and the others are unaffected
        until(lambda: running.pids().get("parent", before["parent"]) != before["parent"])
        assert not left.intersection(family_of(tmp_path))
        assert running.pids()["sleeper"] == before["sleeper"]
        status = {status.name: status for status in running.status()}
        assert (status["parent"].restarts, status["parent"].last_exit) == (1, -signal.SIGKILL)
        assert status["sleeper"].restarts == 0


def quick_ends(running: Supervisor) -> int:
    return running.status()[0].quick_ends


def test_a_process_that_keeps_dying_is_restarted_and_reported_until_it_is_stable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LONGEST_PAUSE", 0.3)
    monkeypatch.setattr(keeper, "STABLE_SECONDS", 2.0)
    said: list[str] = []
    (tmp_path / "Procfile").write_text(
        "broken: sh -c 'test -e mended && exec sleep 60; echo my-password; exit 3'\n" + SLEEPS
    )
    running = Supervisor(
        tmp_path / "Procfile", root=tmp_path, environment=ENVIRONMENT, say=said.append
    )

    with running:
        # Given a process that ended a dozen times right after its start
        until(lambda: quick_ends(running) > 12)
        assert running.status()[1].quick_ends == 0

        # Then its trouble is in the file and reported at each further end, without its output
        until(lambda: supervision.troubles(tmp_path / "var" / "run"))
        (trouble,) = supervision.troubles(tmp_path / "var" / "run")
        assert (trouble.name, trouble.exit_code) == ("broken", 3)
        assert trouble.ends > 9
        assert re.search(r"has ended \d times in a row. Last: exit code 3 after 0\.", said[0])
        assert len(set(said)) == len(said) >= 3
        assert "password" not in (tmp_path / "var" / "run" / supervision.FILE).read_text()
        assert "password" not in "".join(said)

        # When it is fixed, then it is reported until it has been stable for a while
        (tmp_path / "mended").touch()
        until(lambda: "broken" in running.pids() and quick_ends(running))
        assert supervision.troubles(tmp_path / "var" / "run")
        until(lambda: not quick_ends(running))
        until(lambda: said[-1] == "The broken process is running again.")
        assert not supervision.troubles(tmp_path / "var" / "run")

        # And a later end counts as the first again
        (tmp_path / "mended").unlink()
        os.kill(running.pids()["broken"], signal.SIGKILL)
        until(lambda: running.status()[0].last_exit == -signal.SIGKILL)
        assert quick_ends(running) == 0
        until(lambda: quick_ends(running) == 1)


def test_reports_of_troubles_end_with_their_supervisor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LONGEST_PAUSE", 0.1)

    with supervisor(tmp_path, "broken: no-such-program\n"):
        until(lambda: supervision.troubles(tmp_path / "var" / "run"))

    assert not (tmp_path / "var" / "run" / supervision.FILE).exists()


def test_a_reporter_that_can_not_write_keeps_reporting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LONGEST_PAUSE", 0.1)
    said: list[str] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        raise BrokenPipeError

    # Given a file that can't be written, and a terminal that is gone
    (tmp_path / "var" / "run" / supervision.FILE).mkdir(parents=True)
    (tmp_path / "Procfile").write_text("broken: false\n")
    with Supervisor(tmp_path / "Procfile", root=tmp_path, environment=ENVIRONMENT, say=say):
        # Then further ends are still reported
        until(lambda: len(said) > 2)


def test_pauses_between_starts_grow_up_to_five_minutes(tmp_path: Path) -> None:
    with supervisor(tmp_path, "broken: false\n") as running:
        began = time.monotonic()
        until(lambda: running.status()[0].restarts == 3)
        assert time.monotonic() - began > 1.3, "pauses of 0.2, 0.4 and 0.8 s"
        until(lambda: running.status()[0].next_try)
        assert 1 < (running.status()[0].next_try or 0) <= 1.6

    assert keeper.pause_after(0) == keeper.pause_after(1) == 0.2
    assert keeper.pause_after(10) == pytest.approx(102.4)
    assert keeper.pause_after(12) == keeper.pause_after(100_000) == 300


def test_stop_lets_processes_finish_and_kills_those_that_do_not(tmp_path: Path) -> None:
    # Given one that finishes its work when asked to end, and one that ignores it
    polite = (
        "polite: sh -c 'trap \"echo bye; exit 0\" TERM; echo up; while :; do sleep 0.05; done'\n"
    )
    deaf = "deaf: sh -c 'trap \"\" TERM; echo up; while :; do sleep 0.05; done'\n"
    running = supervisor(tmp_path, polite + deaf)
    running.start()
    until(lambda: log_of(tmp_path, "polite") == "up\n" == log_of(tmp_path, "deaf"))

    # When they are stopped
    running.stop(grace=1)

    # Then the first has finished, and neither is left
    assert log_of(tmp_path, "polite") == "up\nbye\n"
    last_exits = {status.name: status.last_exit for status in running.status()}
    assert last_exits == {"polite": 0, "deaf": -signal.SIGKILL}
    assert family_of(tmp_path) == []
    assert list((tmp_path / "var" / "run").glob("*.pid")) == []


def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    # Given a supervisor in a process of its own
    (tmp_path / "Procfile").write_text(HAS_CHILD + SLEEPS)
    code = (
        "import os, sys, pathlib; from supervisor import Supervisor;"
        "root = pathlib.Path(sys.argv[1]);"
        "s = Supervisor(root / 'Procfile', root=root, environment=os.environ);"
        "s.start(); s.wait()"
    )
    process = subprocess.Popen([sys.executable, "-c", code, tmp_path], cwd=PROJECT)
    until(lambda: len(family_of(tmp_path)) == 4)

    # A second supervisor is refused while it runs
    with pytest.raises(ConfigurationError, match=f"process {process.pid}"):
        supervisor(tmp_path, SLEEPS).start()

    # When it is killed, then all its processes end too
    process.kill()
    process.wait()
    until(lambda: not family_of(tmp_path))

    # And the next one can start at once
    with supervisor(tmp_path, SLEEPS) as running:
        until(lambda: set(running.pids()) == {"sleeper"})


def test_the_size_of_a_log_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "LOG_BYTES", 1000)
    count = "import time; [print(f'line {n:04}') for n in range(1000)]; time.sleep(60)"

    with supervisor(tmp_path, f'talker: python3 -c "{count}"\n'):
        until(lambda: log_of(tmp_path, "talker").endswith("line 0999\n"))

    sizes = [path.stat().st_size for path in (tmp_path / "var" / "log").glob("talker.log*")]
    assert len(sizes) == 1 + keeper.OLD_LOGS
    assert max(sizes) <= 1000


@pytest.mark.parametrize("procfile", ["web python -m web\n", "web: one\nweb: two\n"])
def test_a_procfile_that_would_lose_a_process_is_refused(tmp_path: Path, procfile: str) -> None:
    with pytest.raises(ConfigurationError, match=r"Procfile, line [12]"):
        supervisor(tmp_path, procfile)


def test_only_the_named_processes_run(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text(SLEEPS + "other: sleep 60\n")

    def chosen(*only: str) -> Supervisor:
        return Supervisor(tmp_path / "Procfile", root=tmp_path, environment=ENVIRONMENT, only=only)

    with chosen("other") as running:
        until(lambda: set(running.pids()) == {"other"})
    with pytest.raises(ConfigurationError, match="'nobody'"):
        chosen("nobody")
