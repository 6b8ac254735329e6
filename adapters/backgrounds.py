"""Where a video's background comes from: the operator's folder, or a loop drawn here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters import clips, drawn, moods
from adapters.ffmpeg_process import Patience
from adapters.kept_films import KeptFilms
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
        self._kept = KeptFilms(cache, most_bytes=most_bytes)
        self._most_bytes = most_bytes

    def choose(self, mood: str, number: int, seconds: float) -> Background:
        """See ``Backgrounds.choose``.

        Raises:
            Permanent: codes ``background_folder`` (missing, or without a clip),
                ``background_mood`` (unknown), ``background_unreadable``.
        """
        folder = self._folder_of(mood)
        if folder is None:
            return self._drawn(mood.casefold(), number)
        found = moods.files(folder, clips.SUFFIXES)
        if not found:
            raise Permanent(
                f"The background folder {folder} holds no video "
                f"({', '.join(sorted(clips.SUFFIXES))}): put one in or unset BACKGROUND_DIR.",
                code="background_folder",
            )
        path, lap = moods.walk(found, number, mood.casefold())
        clip = clips.read(path)
        name = moods.identity(path, folder)
        stretches = max(1, int(clip.seconds // clips.CUT_SECONDS))
        stretch, _ = moods.walk(range(stretches), lap // _VISITS, name)
        begin = stretch * clips.CUT_SECONDS
        length = min(clip.seconds - begin, max(clips.CUT_SECONDS, seconds))
        into = moods.share(name, lap) * max(0.0, length - seconds)
        fits = len(found) * clips.CUT_BYTES <= self._most_bytes
        if clip.cheap or not fits:  # cuts that don't last until the next lap would cost, not save
            return _AsItIs(name, Footage(path, round(begin + into, 2)))
        return _Cut(name, path, round(begin, 2), round(length, 2), round(into, 2), self._kept)

    def _folder_of(self, mood: str) -> Path | None:
        """The folder that serves; None if a loop is to be drawn."""
        if self._folder is not None and not self._folder.is_dir():
            raise Permanent(
                f"The background folder {self._folder} does not exist: create it or unset "
                "BACKGROUND_DIR.",
                code="background_folder",
            )
        folder = moods.folder_of(self._folder, mood) if self._folder else None
        if folder is None and mood and mood.casefold() not in drawn.KINDS:
            raise Permanent(
                f'There is no background called "{mood}": make a folder of that name in '
                f"BACKGROUND_DIR, or choose one of {', '.join(drawn.KINDS)}.",
                code="background_mood",
            )
        return folder

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
    clip: str
    path: Path
    begin: float
    length: float
    into: float
    """Second of the cut at which the video begins."""
    kept: KeptFilms

    @property
    def name(self) -> str:
        return f"{self.clip}@{self.begin + self.into:.2f}"

    @contextmanager
    def ready(self, progress: Progress) -> Iterator[Footage]:
        if not self.path.is_file():
            raise clips.gone(self.path)
        name = clips.name_of_cut(self.path, self.begin, self.length)
        with self.kept.take(name, lambda into: self._make(into, progress), _asking(progress)) as it:
            yield Footage(it, self.into)

    def _make(self, into: Path, progress: Progress) -> None:
        clips.cut(
            self.path, into, start=self.begin, seconds=self.length, patience=Patience(),
            progress=progress,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Drawn:
    kind: str
    variant: int
    kept: KeptFilms

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
