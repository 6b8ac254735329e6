"""A worker and a back office in their own processes, and all their output."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis
import requests

from core.db import database
from tests.scripts import terminal
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[3]
HERE = "tests.pipelines.publishing.delivery.leaky_library"
END_OF_WATCH = "end of watch"


@dataclass
class Mill:
    environment: dict[str, str]
    folder: Path
    outputs: dict[str, str] = field(default_factory=dict)
    """All output, by its source."""

    @contextmanager
    def worker(self) -> Iterator[None]:
        command = ["dramatiq", f"{HERE}:setup", "--processes", "1", "--threads", "4"]
        with self._running("worker", *command, "--queues", "network"):
            yield

    @contextmanager
    def back_office(self) -> Iterator[Office]:
        bind = self.environment["PUBLIC_URL"].removeprefix("http://")
        command = ["gunicorn", f"{HERE}:application()", "--bind", bind, "--threads", "4"]
        with self._running("web", *command, "--access-logfile", "-", "--log-level", "debug"):
            office = Office(self.environment["PUBLIC_URL"])
            until(office.answers)
            yield office

    @contextmanager
    def redis_watched(self) -> Iterator[None]:
        """Record every command that Redis gets meanwhile."""
        seen: list[str] = []
        client = redis.Redis.from_url(self.environment["REDIS_URL"], socket_timeout=None)

        def listen() -> None:
            with client.monitor() as monitor:
                while END_OF_WATCH not in (command := str(monitor.next_command()["command"])):
                    seen.append(command)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield
        finally:
            client.echo(END_OF_WATCH)
            thread.join(10)
            client.close()
            self.outputs["redis"] = "\n".join(seen)

    def manage(self, *commands: str) -> None:
        for command in commands:
            ended = terminal.given(self.environment, *command.split())
            self.outputs[f"manage {command}"] = ended.stdout + ended.stderr
            assert ended.returncode == 0, f"{command} failed"

    def read_record(self) -> None:
        """Read every table as PostgreSQL stores it."""
        for name in database.get_tables():
            cursor = database.execute_sql(f'SELECT row_to_json(t)::text FROM "{name}" t')
            self.outputs[f"table {name}"] = "\n".join(row[0] for row in cursor.fetchall())

    @contextmanager
    def _running(self, name: str, *command: str) -> Iterator[None]:
        written = self.folder / f"{name}.log"
        with written.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT, env=self.environment, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self.outputs[f"{name}'s log"] = written.read_text()


class Office:
    """A person's browser at the back office."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):  # too early, or a busy machine
            return False

    def get(self, path: str) -> requests.Response:
        return self.session.get(f"{self.url}{path}", timeout=20, allow_redirects=False)

    def post(self, path: str, *, on: str = "/me/", **fields: str) -> requests.Response:
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.get(on).text)
        assert token, f"{on} has no form"
        return self.session.post(
            f"{self.url}{path}",
            {**fields, "csrf_token": token[1]},
            headers={"Referer": f"{self.url}{on}"},
            timeout=20,
            allow_redirects=False,
        )


def environment(**settings: str) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        "PUBLIC_URL": f"http://127.0.0.1:{port}", "COLUMNS": "300", "LOG_LEVEL": "DEBUG",
        **settings,
    }  # fmt: skip
