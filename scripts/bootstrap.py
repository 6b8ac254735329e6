"""Install the packages of one lock file in ``var/venv``; ``bootstrap.sh`` calls it when needed.

Standard library only: this runs before anything is installed. ``var/venv/ready`` exists only while
the environment is complete. It is removed first and restored last, so an interrupted run is noticed
and the environment is created again.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / "var" / "venv"
LOG = ROOT / "var" / "log" / "bootstrap.log"
RUNTIME_LOCK, DEV_LOCK = "requirements.lock", "requirements-dev.lock"


def main(lock: str) -> None:
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(VENV.with_suffix(".lock")), LOG.open("w") as log:
        if not is_ready(lock):
            make_ready(lock, log)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another command is setting up var/venv; waiting for it.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def is_whole() -> bool:
    mark = VENV / "ready" / "root"
    return (VENV / "bin" / "python").exists() and mark.exists() and mark.read_text() == str(ROOT)


def is_ready(lock: str) -> bool:
    installed = VENV / "ready" / lock
    return (
        is_whole() and installed.exists() and installed.read_bytes() == (ROOT / lock).read_bytes()
    )


def make_ready(lock: str, log: TextIO) -> None:
    say(f"Installing the Python packages of {lock} in var/venv ...")
    started = time.monotonic()
    if is_whole():
        shutil.rmtree(VENV / "ready")
    else:
        if VENV.is_symlink():  # another clone's, which --clear would empty
            VENV.unlink()
        # The resolved interpreter, so that a later "python3" of another version breaks nothing.
        run([str(Path(sys.executable).resolve()), "-m", "venv", "--clear", str(VENV)], log)
    install(ROOT / lock, log)
    write_ready_mark(lock)
    say(f"... done in {time.monotonic() - started:.1f} s.")


def write_ready_mark(lock: str) -> None:
    new = VENV / "ready.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    (new / "root").write_text(str(ROOT))
    # Everything in the runtime lock is in the development lock too.
    for name in {RUNTIME_LOCK, lock}:
        shutil.copy(ROOT / name, new / name)
    new.rename(VENV / "ready")


def install(lock: Path, log: TextIO) -> None:
    """Install with uv, about ten times as fast as pip; with pip if uv fails."""
    python = str(VENV / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--no-input", "--retries", "1"]
    pip += ["--disable-pip-version-check", "--require-hashes", "-r"]
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", python]
    # Use the system's certificates, as pip does: some networks have their own.
    uv += ["--system-certs", "--compile-bytecode", "--require-hashes", "-r"]
    only_uv = VENV / "uv.lock"
    only_uv.write_text(entry_of("uv", lock.read_text()))
    run([*pip, str(only_uv)], log)
    try:
        run([*uv, str(lock)], log)
    except (subprocess.CalledProcessError, OSError):
        say("uv could not install the packages; trying pip, which takes about a minute.")
        run([*pip, str(lock)], log)


def entry_of(package: str, lock_text: str) -> str:
    """The lines of one package in a lock file, with its hashes."""
    entry = re.search(rf"^{package}==.*(\n +.*)*", lock_text, re.MULTILINE)
    return f"{entry.group()}\n" if entry else ""


def run(command: Sequence[str], log: TextIO) -> None:
    log.write(f"$ {' '.join(command)}\n")
    log.flush()
    subprocess.run(command, check=True, stdout=log, stderr=log, env=clean(os.environ))


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Without variables that would lead Python to another environment."""
    strange = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
    return {name: value for name, value in environment.items() if name not in strange}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except subprocess.CalledProcessError:
        say(
            "The Python packages could not be installed: check that the network and the package "
            f"index can be reached, then run this again (details: {LOG})."
        )
        sys.exit(1)
    except PermissionError as error:
        say(f"This user can't write {error.filename}: run this as the user who created var/.")
        sys.exit(1)
    except KeyboardInterrupt:
        say("Installation interrupted; the next run starts it again.")
        sys.exit(130)
