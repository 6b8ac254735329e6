"""Half-made things go with who makes them, also when that one was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from core.storage import MediaStore

WORKER = """
import signal, sys
from pathlib import Path
from core.storage import MediaStore
with MediaStore(Path(sys.argv[1])).workshop() as folder:
    (folder / "half.mp4").write_bytes(b"half")
    print(folder, flush=True)
    signal.pause()
"""


def test_what_a_killed_worker_left_is_removed_and_nothing_in_use(tmp_path: Path) -> None:
    media = MediaStore(tmp_path)
    with (
        media.workshop() as used,
        subprocess.Popen(
            [sys.executable, "-c", WORKER, tmp_path], stdout=subprocess.PIPE
        ) as worker,
    ):
        # Given two workers in mid-work since long, of which one is killed
        assert worker.stdout
        left = Path(worker.stdout.readline().decode().strip())
        for folder in (used, left):
            os.utime(folder, (0, 0))
        media.forget_left_workshops()
        stayed = (left / "half.mp4").exists()
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)

        # When the next one begins
        media.forget_left_workshops()

        # Then what the killed one left is gone, and what the other does is not
        assert (stayed, left.exists(), used.exists()) == (True, False, True)
