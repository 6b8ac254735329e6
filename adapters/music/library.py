"""Choose a video's music: a tune from the operator's folder, or a composed one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.media import moods
from adapters.media.media_cache import MediaCache
from adapters.music import composed
from adapters.ports import NO_MUSIC, ComposedMusic, Progress, Tune
from core.errors import Permanent, Retryable

SUFFIXES = frozenset({".mp3", ".m4a", ".ogg", ".opus", ".flac", ".wav"})
MOST_BYTES = 500_000_000  # all composed tunes together take a quarter of it


class Tunes:
    """Chooses tunes by mood and video number; neighbouring numbers get different ones.

    Args:
        folder: the operator's own tunes, with moods in sub-folders; None composes instead.
        cache: folder for composed tunes.
    """

    def __init__(self, *, folder: Path | None, cache: Path) -> None:
        self._folder = folder
        self._cache = MediaCache(cache, suffix=".flac", most_bytes=MOST_BYTES)

    def choose(self, mood: str, number: int) -> Tune | None:
        """See ``Music.choose``.

        Raises:
            Permanent: codes ``music_folder`` (missing), ``music_mood`` (unknown, or empty).
        """
        if mood.casefold() == NO_MUSIC:
            return None
        folder = moods.serving(
            self._folder, mood, what="music", made_here=(*composed.MOODS, NO_MUSIC)
        )
        if folder is None:
            kind = mood.casefold() or ComposedMusic.CALM
            variant, _ = moods.walk(range(composed.VARIANTS), number, kind)
            return _Composed(kind, variant, self._cache)
        found = moods.files(folder, SUFFIXES)
        if not found:
            raise Permanent(
                f"The music folder {folder} contains no tune ({', '.join(sorted(SUFFIXES))}): put "
                f'one in or choose another mood, or "{NO_MUSIC}".',
                code="music_mood",
            )
        path, _ = moods.walk(found, number, mood.casefold())
        return _Own(moods.identity(path, folder), path)


@dataclass(frozen=True, slots=True)
class _Own:
    name: str
    path: Path
    loops = False

    @contextmanager
    def ready(self, _progress: Progress) -> Iterator[Path]:
        if not self.path.is_file():
            raise Retryable(
                f"The tune {self.path} has been removed; another one will be used.",
                code="music_gone",
            )
        yield self.path


@dataclass(frozen=True, slots=True)
class _Composed:
    mood: str
    variant: int
    cache: MediaCache
    loops = True

    @property
    def name(self) -> str:
        return f"composed-{composed.EDITION}-{self.mood}-{self.variant}"

    @contextmanager
    def ready(self, progress: Progress) -> Iterator[Path]:
        def make(into: Path) -> None:
            composed.compose(into, self.mood, self.variant, progress=progress)

        with self.cache.take(self.name, make, lambda: progress(0.0)) as tune:
            yield tune
