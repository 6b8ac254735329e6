"""The demo as a user starts it, in a copy of this tree, with real processes that tests can kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

import services
from services.home import Home

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = (
    "core",
    "adapters",
    "assets",
    "pipelines",
    "workers",
    "admin",
    "tables",
    "migrations",
    "services",
    "supervisor",
    "scripts",
    "sandbox",
)


class Demo:
    """A running ``scripts/demo --once``."""

    def __init__(
        self, root: Path, subreddit: str, approve: int, environment: dict[str, str]
    ) -> None:
        self.root = root
        self.result_file = root / "result.json"
        self.output = (root / "output.txt").open("w+")
        command = ["-m", "scripts.demonstration", "--once", "--subreddit", subreddit]
        command += ["--approve", str(approve)]
        self.process = subprocess.Popen(
            [sys.executable, *command, "--json", str(self.result_file)],
            cwd=root,
            env={**plain_environment(root), **environment},
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait(self, seconds: float) -> dict[str, Any]:
        """The result of a successful demo."""
        assert self.process.wait(timeout=seconds) == 0, self.text()
        result: dict[str, Any] = json.loads(self.result_file.read_text())
        return result

    def text(self) -> str:
        self.output.flush()
        return Path(self.output.name).read_text()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the demo's own database."""
        with closing(self._connection()) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def execute(self, sql: str) -> None:
        """Change the demo's own database."""
        with closing(self._connection()) as connection, connection, connection.cursor() as cursor:
            cursor.execute(sql)

    def _connection(self) -> psycopg2.extensions.connection:
        return psycopg2.connect(services.ensure_running(self.root, environ={}).database_url)

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 120.0) -> Any:
        """The first true answer of ``condition``, which may be asked too early."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"ended before {what}:\n{self.text()}"
            try:
                if answer := condition():
                    return answer
            except (OSError, psycopg2.Error):
                pass  # too early: the deadline decides
            time.sleep(0.2)
        pytest.fail(f"{what} did not happen within {seconds:.0f} s:\n{self.text()}")

    def rendering(self) -> int | None:
        """Id of a job that is rendering."""
        rows = self.query(
            "SELECT id FROM job WHERE stage = 'render' AND state = 'running' AND progress > 0.1"
        )
        return rows[0][0] if rows else None

    def kill(self, name: str) -> None:
        """Kill the process ``name`` of the Procfile with all its children."""
        pid = int((self.root / "var" / "run" / f"{name}.pid").read_text())
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for member in reversed(family):
            member.send_signal(signal.SIGKILL)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.output.close()


def plain_environment(root: Path) -> dict[str, str]:
    """Keep this machine's settings out."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {
        "PATH": path,
        "HOME": str(root),
        "PYTHONPATH": str(root),
        "COLUMNS": "200",
        "X264_PRESET": "ultrafast",  # the same steps in less time
        "VOICE": "espeak:en-us",  # likewise
    }


@contextmanager
def copied_tree(root: Path) -> Iterator[Path]:
    """A copy of the project in ``root``, with its own ``var``; compiled code is copied too."""
    root.chmod(0o755)
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, root / folder)
    for file in ("models.py", "Procfile", "pyproject.toml"):
        shutil.copy(ROOT / file, root / file)
    try:
        yield root
    finally:
        services.stop(root)
        shutil.rmtree(Home.of(root).path, ignore_errors=True)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with copied_tree(tmp_path_factory.mktemp("demo")) as root:
        yield root


StartDemo = Callable[..., Demo]


@pytest.fixture
def start_demo(tree: Path) -> Iterator[StartDemo]:
    started: list[Demo] = []

    def start(subreddit: str = "sandboxnights", approve: int = 1, **environment: str) -> Demo:
        demo = Demo(tree, subreddit, approve, environment)
        started.append(demo)
        return demo

    yield start
    for demo in started:
        demo.end()
