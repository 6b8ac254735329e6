"""Says texts in the background, so that no page waits for a voice; sounds are kept for a day.

What is under way is known by files, so any process of the back office can tell.
"""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress
from pathlib import Path

import structlog

from adapters.ports import Saying
from adapters.speech import say_once
from core.errors import InputError
from core.files.storage import content_key

log = structlog.get_logger(__name__)

_KEY = re.compile(r"[0-9a-f]{32}")
KEPT_SECONDS = 86_400.0
MOST_WAITING = 4
"""Texts of one process that are being said or wait for their turn."""
LONGEST = MOST_WAITING * say_once.SECONDS
"""Seconds after which a text that is still under way has been abandoned."""


class SayLater:
    """Texts said in a thread each, one after the other.

    Args:
        folder: for the sounds.
        voices: Piper's voices.
    """

    def __init__(self, folder: Path, voices: Path) -> None:
        self._folder = folder
        self._voices = voices
        self._room = threading.BoundedSemaphore(MOST_WAITING)

    def begin(self, voice: str, text: str, words_per_minute: int) -> str:
        """See ``Voices.begin_saying``."""
        key = content_key("heard/1", voice, text, words_per_minute)[:32]
        if self._file(key, "wav").exists() or self._is_under_way(key):
            return key
        if not self._room.acquire(blocking=False):
            raise InputError("Several texts are being spoken: try again in a few seconds.")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._forget_old()
            self._file(key, "txt").unlink(missing_ok=True)
            self._file(key, "share").write_text("0")
            order = (key, voice, text, words_per_minute)
            threading.Thread(target=self._say, args=order, daemon=True).start()
        except BaseException:
            self._ended(key)
            raise
        return key

    def progress(self, key: str) -> Saying:
        """See ``Voices.saying``."""
        if not _KEY.fullmatch(key):
            raise InputError("Nothing is being spoken: ask again.")
        sound, refusal = self._file(key, "wav"), self._file(key, "txt")
        under_way = self._is_under_way(key)  # asked first: either file is there before it ends
        if sound.exists():
            return Saying(1.0, sound)
        if refusal.exists():
            raise InputError(refusal.read_text(encoding="utf-8"))
        if not under_way:
            raise InputError("Nothing is being spoken: ask again.")
        try:
            return Saying(float(self._file(key, "share").read_text()), None)
        except (FileNotFoundError, ValueError):  # it is being written
            return Saying(0.0, None)

    def _say(self, key: str, voice: str, text: str, words_per_minute: int) -> None:
        try:
            sound = self._file(key, "part")
            say_once.say_into(sound, voice, text, self._voices, words_per_minute)
            sound.rename(self._file(key, "wav"))
        except InputError as error:
            self._refuse(key, str(error))
        except Exception:
            log.exception("say_later.failed", voice=voice)
            self._refuse(key, say_once.FAILED)
        finally:
            self._ended(key)

    def _refuse(self, key: str, why: str) -> None:
        written = self._file(key, "why")
        written.write_text(why, encoding="utf-8")
        written.rename(self._file(key, "txt"))  # so that nobody reads half of it

    def _ended(self, key: str) -> None:
        """Make room for another text."""
        try:
            self._file(key, "share").unlink(missing_ok=True)
        finally:
            self._room.release()

    def _is_under_way(self, key: str) -> bool:
        try:
            changed = self._file(key, "share").stat().st_mtime
        except FileNotFoundError:
            return False
        return time.time() - changed < LONGEST

    def _file(self, key: str, suffix: str) -> Path:
        return self._folder / f"{key}.{suffix}"

    def _forget_old(self) -> None:
        for file in self._folder.iterdir():
            with suppress(FileNotFoundError):  # another process was faster
                if time.time() - file.stat().st_mtime > KEPT_SECONDS:
                    file.unlink()
