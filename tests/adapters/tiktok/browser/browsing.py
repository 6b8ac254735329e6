"""A post for the upload page, and what a browser leaves behind."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from adapters.ports import BrowserPost
from adapters.tiktok.browser.chromium import PROFILE
from adapters.tiktok.browser.uploader import Patience

ME = "storymill_tales"
TITLE = "Who left the 🕯️ on? قصة 漢字 हिन्दी, part 2 #storytime #rarely #हिन्दी"
POST = BrowserPost(ME, TITLE, "SELF_ONLY", allow_comment=True)
QUICK = Patience(page=10, step=3, answer=2, settle=0)


def left_by(pid: int) -> tuple[list[int], list[Path]]:
    """Processes that still use a profile of this process, and folders of profiles."""
    folder = Path(tempfile.gettempdir())
    marks = tuple(f"{flag}={folder}/{PROFILE}{pid}-" for flag in ("--user-data-dir", "--database"))
    running = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(argument.startswith(marks) for argument in process.cmdline()):
                running.append(process.pid)
    return running, list(folder.glob(f"{PROFILE}{pid}-*"))


def nothing() -> None:
    pass
