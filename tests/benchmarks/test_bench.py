"""Small runs of the benches through the command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]


def bench(*arguments: object, path: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={"PATH": path} if path is not None else None,
        timeout=120,
    )


def report(name: str, folder: Path, *arguments: object) -> dict[str, dict[str, Any]]:
    """The rows that the bench writes, by label."""
    file = folder / "report.json"
    ran = bench(name, *arguments, "--json", file)
    assert ran.returncode == 0, ran.stderr
    return {row["what"]: row for row in json.loads(file.read_text())["rows"]}


@pytest.mark.skipif(shutil.which("curl") is None, reason="the baseline is curl")
def test_upload_sends_a_file_in_chunks_within_its_memory(tmp_path: Path) -> None:
    # Given a file of two chunks
    rows = report("upload", tmp_path, "--megabytes", 70, "--repeats", 1)

    # Then it arrived complete (else the bench fails), with little memory, timed in both ways
    assert rows["memory of an upload"]["ok"]
    assert rows["memory of 8 uploads at once"]["ok"]
    for wire in ("", "TLS, "):
        ours, curl = rows[f"{wire}ours"]["value"], rows[f"{wire}curl -T"]["value"]
        assert rows[f"{wire}ours / curl"]["value"] == pytest.approx(ours / curl)


def test_upload_without_curl_says_what_to_install(tmp_path: Path) -> None:
    ran = bench("upload", path=str(tmp_path))

    assert ran.returncode == 2
    assert "apt-get install curl" in ran.stderr


def test_limiter_holds_with_redis_stopped_and_killed_meanwhile(tmp_path: Path) -> None:
    rows = report("limiter", tmp_path, "--seconds", 1.5)

    assert [what for what, row in rows.items() if row["ok"] is False] == []
    assert rows["Redis down: refused"]["value"] > 0
