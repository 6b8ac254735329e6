"""Where a video's background comes from: the operator's folder, or a loop drawn here."""

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
_VISITS = 4  # videos that follow each other on one stretch of a clip, before the next is cut


class Backgrounds:
    """Chooses backgrounds by mood and by the video's number, and prepares them.

    The same number gives the same background, as long as the folder stays as it is. Neighbouring
    numbers give each another clip, until all were shown; then each clip goes on elsewhere.

    Args:
        folder: the operator's own clips, moods in sub-folders; None draws loops instead.
        cache: folder that keeps what was drawn or cut.
        most_bytes: what may be kept; what was longest unused is removed first.
    """

    def __init__(self, *, folder: Path | None, cache: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._kept = MediaCache(cache, suffix=".mp4", most_bytes=most_bytes)
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
                f"The background folder {folder} holds no video "
                f"({', '.join(sorted(suffixes))}): put one in or unset BACKGROUND_DIR.",
                code="background_folder",
            )
        path, lap = moods.walk(found, number, mood.casefold())
        name = moods.identity(path, folder)
        if path.suffix.lower() in clips.STILLS:
            return _Still(name, path, self._kept)
        clip = clips.read(path)
        if clip.still:
            return _Still(name, path, self._kept)
        if clip.seconds < seconds:
            return _Loop(name, clip, round(moods.share(name, lap) * clip.seconds, 2), self._kept)
        return self._stretch(clip, name, lap, seconds, len(found))

    def _stretch(
        self, clip: clips.Clip, name: str, lap: int, seconds: float, count: int
    ) -> Background:
        """A stretch of a clip that is longer than the video; it is one of ``count`` clips."""
        stretches = max(1, int(clip.seconds // clip_cuts.CUT_SECONDS))
        stretch, _ = moods.walk(range(stretches), lap // _VISITS, name)
        begin = min(stretch * clip_cuts.CUT_SECONDS, clip.seconds - seconds)
        length = min(clip.seconds - begin, max(clip_cuts.CUT_SECONDS, seconds))
        into = moods.share(name, lap) * max(0.0, length - seconds)
        fits = count * clip_cuts.CUT_BYTES <= self._most_bytes
        # cuts that don't last until the next lap would cost, not save
        if clip.usual and (clip.cheap or not fits):
            footage = Footage(clip.path, round(clip.begins + begin + into, 2))
            return _AsItIs(name, footage)
        return _Cut(name, clip, round(begin, 2), round(length, 2), round(into, 2), self._kept)

    def _drawn(self, kind: str, number: int) -> Background:
        if kind:
            variant, _ = moods.walk(range(drawn.VARIANTS), number, kind)
        else:
            kind, lap = moods.walk(list(drawn.KINDS), number, "drawn")
            variant, _ = moods.walk(range(drawn.VARIANTS), lap, kind)
        return _Drawn(kind, variant, self._kept)


@dataclass(frozen=True, slots=True)
class _AsItIs:
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
    into: float
    """Second of the cut at which the video begins."""
    kept: MediaCache

    @property
    def name(self) -> str:
        return f"{self.file}@{self.begin + self.into:.2f}-{clip_cuts.EDITION}"

    @contextmanager
    def ready(self, progress: Progress) -> Iterator[Footage]:
        def make(into: Path) -> None:
            clip_cuts.cut(
                self.clip, into, start=self.begin, seconds=self.length, patience=Patience(),
                progress=progress,
            )  # fmt: skip

        with _prepared(self.clip.path, (self.begin, self.length), make, self.kept, progress) as it:
            yield Footage(it, self.into)


@dataclass(frozen=True, slots=True)
class _Loop:
    """All of a clip that is shorter than the video."""

    file: str
    clip: clips.Clip
    into: float
    kept: MediaCache

    @property
    def name(self) -> str:
        return f"{self.file}@{self.into:.2f}-loop-{clip_cuts.EDITION}"

    @contextmanager
    def ready(self, progress: Progress) -> Iterator[Footage]:
        def make(into: Path) -> None:
            clip_cuts.loop(self.clip, into, patience=Patience(), progress=progress)

        with _prepared(self.clip.path, ("loop",), make, self.kept, progress) as film:
            yield Footage(film, self.into)


@dataclass(frozen=True, slots=True)
class _Still:
    file: str
    path: Path
    kept: MediaCache

    @property
    def name(self) -> str:
        return f"{self.file}-still-{clip_cuts.EDITION}"

    @contextmanager
    def ready(self, progress: Progress) -> Iterator[Footage]:
        def make(into: Path) -> None:
            clip_stills.film(self.path, into, patience=Patience(), progress=progress)

        with _prepared(self.path, ("still",), make, self.kept, progress) as film:
            yield Footage(film, 0.0)


@contextmanager
def _prepared(
    clip: Path, what: tuple[object, ...], make: Callable[[Path], None], kept: MediaCache,
    progress: Progress,
) -> Iterator[Path]:  # fmt: skip
    if not clip.is_file():
        raise clips.gone(clip)
    with kept.take(clip_cuts.name_of(clip, what), make, _asking(progress)) as film:
        yield film


@dataclass(frozen=True, slots=True)
class _Drawn:
    kind: str
    variant: int
    kept: MediaCache

    @property
    def name(self) -> str:
        return f"drawn-{drawn.EDITION}-{self.kind}-{self.variant}"

    @contextmanager
    def ready(self, progress: Progress) -> Iterator[Footage]:
        def make(into: Path) -> None:
            drawn.draw(into, self.kind, self.variant, progress=progress)

        with self.kept.take(self.name, make, _asking(progress)) as film:
            yield Footage(film, 0.0)


def _asking(progress: Progress) -> Callable[[], None]:
    return lambda: progress(0.0)
