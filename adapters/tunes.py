"""The operator's music, by mood."""

from __future__ import annotations

from pathlib import Path

from adapters import moods
from adapters.ports import Tune
from core.errors import Permanent

SUFFIXES = frozenset({".mp3", ".m4a", ".ogg", ".opus", ".flac", ".wav"})


class Tunes:
    """Chooses tunes by mood and by the video's number; neighbours get each another one.

    Args:
        folder: moods in sub-folders; None leaves videos without music.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def choose(self, mood: str, number: int) -> Tune | None:
        """See ``Music.choose``."""
        if self._folder is None:
            return None
        if not self._folder.is_dir():
            raise Permanent(
                f"The music folder {self._folder} does not exist: create it or unset MUSIC_DIR.",
                code="music_folder",
            )
        folder = moods.folder_of(self._folder, mood)
        if folder is None:
            raise Permanent(
                f'There is no music called "{mood}": make a folder of that name in MUSIC_DIR, '
                "or choose another mood.",
                code="music_mood",
            )
        found = moods.files(folder, SUFFIXES)
        if not found:
            if not mood:
                return None
            raise Permanent(
                f"The music folder {folder} holds no tune ({', '.join(sorted(SUFFIXES))}): put "
                "one in or choose another mood.",
                code="music_mood",
            )
        path, _ = moods.walk(found, number, mood.casefold())
        return Tune(moods.identity(path, folder), path)
