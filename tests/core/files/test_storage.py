"""Unfinished files are removed with their owner, even when it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from core.files.storage import MediaStore

WORKER = """
import signal, sys
from pathlib import Path
from core.files.storage import MediaStore
with MediaStore(Path(sys.argv[1])).workshop() as folder:
    (folder / "half.mp4").write_bytes(b"half")
    print(folder, flush=True)
    signal.pause()
"""


def test_files_of_a_killed_worker_are_removed_and_files_in_use_stay(tmp_path: Path) -> None:
    media = MediaStore(tmp_path)
    with (
        media.workshop() as used,
        subprocess.Popen(
            [sys.executable, "-c", WORKER, tmp_path], stdout=subprocess.PIPE
        ) as worker,
    ):
        # Given two workers that have been working for long, one of them killed
        assert worker.stdout
        left = Path(worker.stdout.readline().decode().strip())
        for folder in (used, left):
            os.utime(folder, (0, 0))
        media.forget_left_workshops()
        stayed = (left / "half.mp4").exists()
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)

        # When the next one starts
        media.forget_left_workshops()

        # Then the killed one's files are gone, and the other's are not
        assert (stayed, left.exists(), used.exists()) == (True, False, True)
