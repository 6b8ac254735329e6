"""Choose a video's background: a clip from the operator's folder, or a drawn loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.backgrounds import clip_cuts, clip_stills, clips, drawn
from adapters.ffmpeg.encoder_process import Patience
from adapters.media import moods
from adapters.media.media_cache import MediaCache
from adapters.ports import Background, Footage, Progress
from core.errors import Permanent

MOST_BYTES = 8_000_000_000
_VISITS = 4  # videos that use one cut of a clip before the next stretch is cut


class Backgrounds:
    """Chooses backgrounds by mood and video number, and prepares them.

    The same number gives the same background while the folder does not change. Neighbouring
    numbers give different clips until all were shown; then each clip continues elsewhere.

    Args:
        folder: the operator's own clips, with moods in sub-folders; None draws loops instead.
        cache: folder for drawn and cut clips.
        most_bytes: size limit of the cache; the least recently used files are removed first.
    """

    def __init__(self, *, folder: Path | None, cache: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._cache = MediaCache(cache, suffix=".mp4", most_bytes=most_bytes)
        self._most_bytes = most_bytes

    def choose(self, mood: str, number: int, seconds: float) -> Background:
        """See ``Backgrounds.choose``.

        Raises:
            Permanent: codes ``background_folder`` (missing, or without a clip),
                ``background_mood`` (unknown), ``background_unreadable``.
        """
        folder = moods.serving(self._folder, mood, what="background", made_here=drawn.KINDS)
        if folder is None:
            return self._drawn(mood.casefold(), number)
        suffixes = clips.SUFFIXES | clips.STILLS
        found = moods.files(folder, suffixes)
        if not found:
            raise Permanent(
                f"The background folder {folder} contains no video "
                f"({', '.join(sorted(suffixes))}): put one in or unset BACKGROUND_DIR.",
                code="background_folder",
            )
        path, lap = moods.walk(found, number, mood.casefold())
        name = moods.identity(path, folder)
        if path.suffix.lower() in clips.STILLS:
            return _Still(name, path, self._cache)
        clip = clips.read(path)
        if clip.still:
            return _Still(name, path, self._cache)
        if clip.seconds < seconds:
            return _Loop(name, clip, round(moods.share(name, lap) * clip.seconds, 2), self._cache)
        return self._stretch(clip, name, lap, seconds, len(found))

    def _stretch(
        self, clip: clips.Clip, name: str, lap: int, seconds: float, count: int
    ) -> Background:
        """A stretch of a clip that is longer than the video; the clip is one of ``count``."""
        stretches = max(1, int(clip.seconds // clip_cuts.CUT_SECONDS))
        stretch, _ = moods.walk(range(stretches), lap // _VISITS, name)
        begin = min(stretch * clip_cuts.CUT_SECONDS, clip.seconds - seconds)
        length = min(clip.seconds - begin, max(clip_cuts.CUT_SECONDS, seconds))
        offset = moods.share(name, lap) * max(0.0, length - seconds)
        fits = count * clip_cuts.CUT_BYTES <= self._most_bytes
        # cuts removed from the cache before the next lap would only cost time
        if clip.usual and (clip.cheap or not fits):
            footage = Footage(clip.path, round(clip.begins + begin + offset, 2))
            return _Unchanged(name, footage)
        return _Cut(name, clip, round(begin, 2), round(length, 2), round(offset, 2), self._cache)

    def _drawn(self, kind: str, number: int) -> Background:
        if kind:
            variant, _ = moods.walk(range(drawn.VARIANTS), number, kind)
        else:
            kind, lap = moods.walk(list(drawn.KINDS), number, "drawn")
            variant, _ = moods.walk(range(drawn.VARIANTS), lap, kind)
        return _Drawn(kind, variant, self._cache)


@dataclass(frozen=True, slots=True)
class _Unchanged:
    clip: str
    footage: Footage

    @property
    def name(self) -> str:
        return f"{self.clip}@{self.footage.start}"

    @contextmanager
    def ready(self, _progress: Progress) -> Iterator[Footage]:
        if not self.footage.path.is_file():
            raise clips.gone(self.footage.path)
        yield self.footage


@dataclass(frozen=True, slots=True)
class _Cut:
    file: str
    clip: clips.Clip
    begin: float
    length: float
    offset: float
    """Second of the cut at which the video starts."""
    cache: MediaCache

    @property
    def name(self) -> str:
        return f"{self.file}@{self.begin + self.offset:.2f}-{clip_cuts.EDITION}"

    @contextmanager
    def ready(self, progress: Progress) -> Iterator[Footage]:
        def make(into: Path) -> None:
            clip_cuts.cut(
                self.clip, into, start=self.begin, seconds=self.length, patience=Patience(),
                progress=progress,
            )  # fmt: skip

        with _prepared(self.clip.path, (self.begin, self.length), make, self.cache, progress) as it:
            yield Footage(it, self.offset)


@dataclass(frozen=True, slots=True)
class _Loop:
    """A whole clip that is shorter than the video."""

    file: str
    clip: clips.Clip
    offset: float
    cache: MediaCache

    @property
    def name(self) -> str:
        return f"{self.file}@{self.offset:.2f}-loop-{clip_cuts.EDITION}"

    @contextmanager
    def ready(self, progress: Progress) -> Iterator[Footage]:
        def make(into: Path) -> None:
            clip_cuts.loop(self.clip, into, patience=Patience(), progress=progress)

        with _prepared(self.clip.path, ("loop",), make, self.cache, progress) as film:
            yield Footage(film, self.offset)


@dataclass(frozen=True, slots=True)
class _Still:
    file: str
    path: Path
    cache: MediaCache

    @property
    def name(self) -> str:
        return f"{self.file}-still-{clip_cuts.EDITION}"

    @contextmanager
    def ready(self, progress: Progress) -> Iterator[Footage]:
        def make(into: Path) -> None:
            clip_stills.film(self.path, into, patience=Patience(), progress=progress)

        with _prepared(self.path, ("still",), make, self.cache, progress) as film:
            yield Footage(film, 0.0)


@contextmanager
def _prepared(
    clip: Path, what: tuple[object, ...], make: Callable[[Path], None], cache: MediaCache,
    progress: Progress,
) -> Iterator[Path]:  # fmt: skip
    if not clip.is_file():
        raise clips.gone(clip)
    with cache.take(clip_cuts.name_of(clip, what), make, _reporting(progress)) as film:
        yield film


@dataclass(frozen=True, slots=True)
class _Drawn:
    kind: str
    variant: int
    cache: MediaCache

    @property
    def name(self) -> str:
        return f"drawn-{drawn.EDITION}-{self.kind}-{self.variant}"

    @contextmanager
    def ready(self, progress: Progress) -> Iterator[Footage]:
        def make(into: Path) -> None:
            drawn.draw(into, self.kind, self.variant, progress=progress)

        with self.cache.take(self.name, make, _reporting(progress)) as film:
            yield Footage(film, 0.0)


def _reporting(progress: Progress) -> Callable[[], None]:
    return lambda: progress(0.0)
