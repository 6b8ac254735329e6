"""Every process of the Procfile serves its metrics, health and readiness, and is heard of."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
import requests

from core import crypto
from core.telemetry.heartbeats import PROCESSES, Heartbeats
from supervisor.supervisor import Supervisor
from tests.waiting import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
LABELS = {
    *("stage", "outcome", "queue", "state", "limit", "reason", "part", "kind", "what", "why"),
    *("area", "status", "way", "encoder", "engine", "result", "le"),
    *("generation", "implementation", "major", "minor", "patchlevel", "version"),  # of Python
}
"""Each has few values; none names a story, a post, an account or what Prometheus itself adds."""
MOST_SERIES = 1_500
"""Of one process."""
OTHERS = {"up"}
"""Names that Prometheus makes itself."""


@pytest.fixture
def cluster(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Supervisor]:
    """The Procfile's processes, on ports that are free."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CRYPTOGRAPHY_KEY": crypto.new_key(),
        "SECRET_KEY": "canary-secret-key-of-the-cluster",
        "MEDIA_DIR": str(tmp_path / "media"),
        "VOICE": "espeak:en-us",
        "PORT": "0",
        "METRICS_PORT": "0",
    }
    (tmp_path / "media").mkdir()
    with Supervisor(ROOT / "Procfile", root=tmp_path, environment=environment) as running:
        yield running


def addresses(redis_url: str) -> dict[str, str]:
    """Where each process serves its metrics."""
    alive = [one for one in Heartbeats.at(redis_url).heard() if one.age < 10]
    return {one.process: f"http://{one.address}" for one in alive}


def test_every_process_serves_what_the_dashboards_and_alerts_ask_for(
    cluster: Supervisor, redis_url: str, database_url: str
) -> None:
    # Given the processes of the Procfile
    until(lambda: addresses(redis_url).keys() == set(PROCESSES))
    places = addresses(redis_url)

    # When each is asked, then it is alive and ready, and tells no secret
    texts = {}
    for process, place in places.items():
        assert requests.get(f"{place}/health", timeout=30).json() == {"status": "ok"}, process
        until(partial(is_ready, place))
        texts[process] = requests.get(f"{place}/metrics", timeout=30).text
    for secret in ("canary-secret-key", database_url.split(":")[2].split("@", maxsplit=1)[0]):
        assert secret not in str(texts)
    # and lists them all for Prometheus
    targets = requests.get(f"{places['web']}/targets", timeout=30).json()
    assert {each["labels"]["process"] for each in targets} == set(PROCESSES)

    # Then every name that a dashboard or an alert asks for is served
    served = set().union(*map(names, texts.values()))
    for file in asking_files():
        assert asked(file) - served - OTHERS == set(), file.name
    # and there are few series, with labels of few values
    for process, text in texts.items():
        assert sum(not line.startswith("#") for line in text.splitlines()) < MOST_SERIES, process
        assert set(re.findall(r'[{,](\w+)="', text)) <= LABELS, process

    # When a worker hangs, then its silence shows elsewhere
    for victim in family(cluster.pids()["gpu"]):
        victim.send_signal(signal.SIGSTOP)
    until(lambda: age(places["web"], "gpu") > 20, "the silence")
    assert age(places["web"], "cpu") < 20
    for victim in family(cluster.pids()["gpu"]):
        victim.send_signal(signal.SIGCONT)
    until(lambda: age(places["web"], "gpu") < 10, "its next report")


def test_the_rules_are_right() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    for command in (
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "storymill.rules.yml"),
        ("test", "rules", "storymill.tests.yml"),
    ):
        done = subprocess.run(
            [promtool, *command],
            cwd=DEPLOY / "prometheus",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried_and_says_what_to_do() -> None:
    rules = (DEPLOY / "prometheus" / "storymill.rules.yml").read_text()
    tried = (DEPLOY / "prometheus" / "storymill.tests.yml").read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    assert alerts
    for alert in alerts:
        assert f"name: {alert} fires" in tried, alert
        assert f"name: {alert} stays silent" in tried, alert
    assert rules.count("summary: ") == rules.count("action: ") == len(alerts)


def is_ready(place: str) -> bool:
    return requests.get(f"{place}/ready", timeout=30).ok


def family(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def age(place: str, kind: str) -> float:
    text = requests.get(f"{place}/metrics", timeout=30).text
    found = re.search(rf'storymill_heartbeat_age_seconds{{kind="{kind}"}} (\S+)', text)
    return float(found[1]) if found else 0.0


def names(text: str) -> set[str]:
    """Names of all series that the families of a process have, also those without one yet."""
    found = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        ends = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        found |= {f"{name}{end}" for end in ends}
    return found


def asking_files() -> list[Path]:
    dashboards = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
    assert len(dashboards) == 3
    return [*dashboards, DEPLOY / "prometheus" / "storymill.rules.yml"]


def asked(file: Path) -> set[str]:
    """Names of metrics in the expressions of a file."""
    if file.suffix == ".json":
        panels = json.loads(file.read_text())["panels"]
        expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    else:
        lines = file.read_text().splitlines()
        expressions = [line for line in lines if "summary:" not in line and "action:" not in line]
    found = set(re.findall(r"\b(?:storymill|process|python)_\w+", "\n".join(expressions)))
    assert found, file.name
    return found
