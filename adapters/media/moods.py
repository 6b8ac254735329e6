"""The operator's media by mood: each mood is a sub-folder."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from core.errors import Permanent

_GOLDEN = 0.618_033_988_749_895
_Choice = TypeVar("_Choice")


def serving(
    folder: Path | None, mood: str, *, what: str, made_here: Collection[str]
) -> Path | None:
    """The operator's folder for ``mood``; None if Storymill makes the media itself.

    Args:
        folder: the operator's folder; None if there is none.
        mood: name of a sub-folder (upper or lower case) or of a mood made here; empty means
            ``folder`` itself, or anything made here.
        what: ``background`` or ``music``: prefix of the setting's name and of the error codes.
        made_here: moods that need no folder.

    Raises:
        Permanent: codes ``<what>_folder`` (missing), ``<what>_mood`` (unknown).
    """
    setting = f"{what.upper()}_DIR"
    if folder is not None and not folder.is_dir():
        raise Permanent(
            f"The {what} folder {folder} does not exist: create it or unset {setting}.",
            code=f"{what}_folder",
        )
    found = _folder_of(folder, mood) if folder else None
    if found is None and mood and mood.casefold() not in made_here:
        raise Permanent(
            f'There is no {what} called "{mood}": create a folder with that name in {setting}, or '
            f"choose one of {', '.join(made_here)}.",
            code=f"{what}_mood",
        )
    return found


def _folder_of(folder: Path, mood: str) -> Path | None:
    if not mood:
        return folder
    named = (child for child in folder.iterdir() if child.name.casefold() == mood.casefold())
    return next((child for child in sorted(named) if child.is_dir()), None)


def files(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    """All files below ``folder`` with one of the suffixes, except hidden ones, in a fixed order."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def walk(choices: Sequence[_Choice], number: int, seed: str) -> tuple[_Choice, int]:
    """The choice for video ``number`` (0, 1, 2, …), and its lap: how often it was chosen before.

    The walk cycles through all choices in one shuffled order, so that no choice repeats until all
    others were used.
    """
    order = list(range(len(choices)))
    random.Random(seed).shuffle(order)  # noqa: S311 (reproducible on purpose)
    lap, place = divmod(number, len(choices))
    return choices[order[place]], lap


def share(seed: str, lap: int) -> float:
    """A share from 0 to 1 for each lap; consecutive laps are at least 0.38 apart.

    Golden-ratio steps spread any number of points most evenly.
    """
    first = int.from_bytes(sha256(seed.encode()).digest()[:6]) / 2**48
    return (first + lap * _GOLDEN) % 1.0


def identity(path: Path, folder: Path) -> str:
    """Distinguish a file from earlier ones with the same name."""
    return f"{path.relative_to(folder)}:{path.stat().st_size}"
