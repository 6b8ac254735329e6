"""The lines of this host's log files that belong to one request."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.log import scrubbed

MOST_LINES = 200
MOST_BYTES = 60_000_000
"""Searched for one page, the newest files first."""
CHUNK = 2_000_000
LONGEST_REST = 2_000
"""Characters of a line's other fields."""
OWN_COLUMNS = frozenset({"timestamp", "level", "process", "event", "request_id", "logger"})


@dataclass(frozen=True, slots=True)
class Line:
    when: str
    level: str
    process: str
    event: str
    rest: str
    """All other fields, without secrets."""


@dataclass(frozen=True, slots=True)
class Found:
    lines: list[Line]
    """Oldest first, at most ``MOST_LINES``."""
    sentence: str
    """Why lines may be missing; empty if none can be."""


def of_request(request_id: str, run_dir: Path) -> Found:
    """The newest lines that name the request.

    Args:
        request_id: shared by all jobs of one fetch or click.
        run_dir: of the supervisor, which keeps its processes' output in ``log`` beside it.
    """
    if not request_id:
        return Found([], "This failure has no request to look for.")
    folder = run_dir.parent / "log"
    try:
        files = _newest_first(folder)
    except FileNotFoundError:
        return Found([], f"This host keeps no log files in {folder}.")
    except OSError:
        return Found([], f"The log files in {folder} can't be read from here.")
    lines, missing, left = list[Line](), "", MOST_BYTES
    for path, size in files:
        if left <= 0:
            missing = f"Only the newest {MOST_BYTES // 1_000_000} MB were searched."
            break
        try:
            found = deque(_matches(path, request_id, most=left), maxlen=MOST_LINES)
        except OSError:
            missing = f"{path.name} can't be read from here."
            continue
        lines += found
        left -= size
    lines.sort(key=lambda line: line.when)
    if len(lines) > MOST_LINES:
        missing = f"Only the newest {MOST_LINES} lines are shown."
    return Found(lines[-MOST_LINES:], missing)


def _newest_first(folder: Path) -> list[tuple[Path, int]]:
    """The log files, each with its size in bytes. Raises OSError if the folder can't be read."""
    stats = [
        (Path(entry.path), entry.stat())
        for entry in os.scandir(folder)
        if entry.is_file(follow_symlinks=False) and ".log" in entry.name
    ]
    stats.sort(key=lambda each: each[1].st_mtime, reverse=True)
    return [(path, stat.st_size) for path, stat in stats]


def _matches(path: Path, request_id: str, *, most: int) -> Iterator[Line]:
    """The request's lines in the file's last ``most`` bytes. Raises OSError."""
    wanted = request_id.encode()
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - most))
        while chunk := file.read(CHUNK):
            chunk += file.readline()
            if wanted in chunk:
                for raw in chunk.splitlines():
                    line = _read(raw, request_id) if wanted in raw else None
                    if line is not None:
                        yield line


def _read(raw: bytes, request_id: str) -> Line | None:
    try:
        fields = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(fields, dict) or fields.get("request_id") != request_id:
        return None
    shown = {name: str(value) for name, value in scrubbed(fields).items()}
    others = [f"{name}: {value}" for name, value in shown.items() if name not in OWN_COLUMNS]
    return Line(
        when=shown.get("timestamp", ""),
        level=shown.get("level", ""),
        process=shown.get("process", ""),
        event=shown.get("event", ""),
        rest="\n".join(others)[:LONGEST_REST],
    )
