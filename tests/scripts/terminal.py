"""``scripts/manage`` at a terminal: every command in its own process.

A new interpreter takes a second to load what the commands need. So commands are forked from one
that has only loaded it; ``fresh`` starts a new one, as a terminal does.
"""

from __future__ import annotations

import atexit
import gc
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENDS_WITHIN_SECONDS = 60
LOADED = (
    "scripts.management.__main__",
    "services",
    "scripts.local_secrets",
    "workers.wiring",
)


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return given(_terminal() | environment, *arguments)


def given(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Like ``manage``, with exactly this environment."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        asked = {"arguments": arguments, "environment": environment, "output": [f"{out}", f"{err}"]}
        loaded = _loaded()
        assert loaded.stdin
        assert loaded.stdout
        loaded.stdin.write(json.dumps(asked) + "\n")
        loaded.stdin.flush()
        code = int(loaded.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())


def fresh(*arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.management", *arguments],
        cwd=ROOT,
        env=_terminal() | environment,
        input=typed,
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_SECONDS,
        check=False,
    )


def _terminal() -> dict[str, str]:
    kept = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    return {**kept, "COLUMNS": "160"}


@cache
def _loaded() -> subprocess.Popen[str]:
    loaded = subprocess.Popen(
        [sys.executable, "-m", "tests.scripts.terminal"],
        cwd=ROOT,
        env=_terminal(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(loaded.communicate)  # it ends when its input closes
    return loaded


def _serve() -> None:
    """Run each requested command in a fork, and report its exit code."""
    for name in LOADED:
        import_module(name)
    gc.freeze()  # share the loaded objects with the forks, instead of copying them
    forks = multiprocessing.get_context("fork")
    for line in sys.stdin:
        fork = forks.Process(target=_run, kwargs=json.loads(line))
        fork.start()
        fork.join()
        sys.stdout.write(f"{fork.exitcode}\n")
        sys.stdout.flush()


def _run(arguments: list[str], environment: dict[str, str], output: list[str]) -> None:
    from scripts import terminal
    from scripts.management.__main__ import manage as commands

    signal.alarm(ENDS_WITHIN_SECONDS)
    for number, path in enumerate(output, start=1):
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["scripts.management", *arguments]
    terminal.run(commands, "scripts/manage")


if __name__ == "__main__":
    _serve()
