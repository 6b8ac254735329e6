from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from core import supervision
from core.supervision import STALE_SECONDS, Trouble, report, troubles

if TYPE_CHECKING:
    from pathlib import Path

GPU = Trouble(name="gpu", ends=10, exit_code=3, lived=0.42, next_try_at=1040.0)


def written(folder: Path, **changes: Any) -> Path:
    """A file as the supervisor writes it now, with ``changes`` to its trouble."""
    report(folder, [GPU])
    file = folder / supervision.FILE
    content = json.loads(file.read_text())
    content["troubles"][0] |= changes
    file.write_text(json.dumps(content))
    return file


def test_troubles_are_read_until_all_is_well(tmp_path: Path) -> None:
    assert troubles(tmp_path) == ()
    other = GPU.model_copy(update={"name": "cpu", "exit_code": None, "next_try_at": None})

    report(tmp_path, [GPU, other])
    assert troubles(tmp_path) == (GPU, other)

    report(tmp_path, [])
    assert troubles(tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seconds", [-STALE_SECONDS - 1, STALE_SECONDS + 1])
def test_the_file_of_a_dead_supervisor_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    report(tmp_path, [GPU])
    later = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: later)

    assert troubles(tmp_path) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "<b>gpu</b>"},
        {"name": "../../etc/passwd"},
        {"ends": -1},
        {"ends": "many"},
        {"exit_code": 10**9},
        {"lived": float("nan")},
        {"next_try_at": 1e300},
    ],
)
def test_a_damaged_trouble_is_ignored(tmp_path: Path, changes: dict[str, Any]) -> None:
    written(tmp_path)
    assert troubles(tmp_path)

    written(tmp_path, **changes)

    assert troubles(tmp_path) == ()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"{}", b"null"])
def test_a_damaged_file_is_ignored(tmp_path: Path, content: bytes) -> None:
    (tmp_path / supervision.FILE).write_bytes(content)

    assert troubles(tmp_path) == ()


def test_a_file_too_large_or_of_another_kind_is_ignored(tmp_path: Path) -> None:
    # Given a valid file that is too large
    file = written(tmp_path)
    file.write_text(file.read_text() + " " * supervision.MOST_BYTES)
    assert troubles(tmp_path) == ()

    # and a link, a folder, and a pipe without a writer
    aside = written(tmp_path).rename(tmp_path / "aside.json")
    file.symlink_to(aside)
    assert troubles(tmp_path) == ()
    file.unlink()
    file.mkdir()
    assert troubles(tmp_path) == ()
    file.rmdir()
    os.mkfifo(file)
    assert troubles(tmp_path) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "has ended 10 times in a row. Last: exit code 3 after 0.4 s. Next try in 40 s."),
        ({"exit_code": -9}, "Last: ended by SIGKILL after 0.4 s."),
        ({"exit_code": -250}, "Last: ended by signal 250 after 0.4 s."),
        ({"exit_code": 127}, "Last: its program could not be run (exit code 127)."),
        ({"exit_code": None}, "Last: it could not be started."),
        ({"next_try_at": None}, "It is being restarted."),
        ({"next_try_at": 1300.0}, "Next try in 5 min."),
        ({"next_try_at": 900.0}, "Next try in 1 s."),
        ({"ends": 1}, "has ended once."),
    ],
)
def test_a_trouble_is_described_in_plain_words(changes: dict[str, Any], words: str) -> None:
    sentence = GPU.model_copy(update=changes).sentence(now=1000.0)

    assert sentence.startswith("The gpu process has ended ")
    assert words in sentence
    assert sentence.endswith(" var/log/gpu.log says why.")
