"""The operator's media by mood: a mood is a sub-folder's name."""

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
    """The folder of the operator's that serves ``mood``; None if it is made here.

    Args:
        folder: the operator's; None where there is none.
        mood: the name of a sub-folder, in any case of letters, or of what can be made here; empty
            takes ``folder`` itself, or anything that is made here.
        what: ``background`` or ``music``: begins the name of its setting, and of the codes.
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
            f'There is no {what} called "{mood}": make a folder of that name in {setting}, or '
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
    """Every file below ``folder`` with one of the suffixes, hidden ones apart, in a fixed order."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def walk(choices: Sequence[_Choice], number: int, seed: str) -> tuple[_Choice, int]:
    """The choice of the video ``number`` (0, 1, 2, …) and its lap, the visits it had before.

    The walk goes round all choices in one shuffled order, so that as many neighbouring videos as
    there are choices get each another one.
    """
    order = list(range(len(choices)))
    random.Random(seed).shuffle(order)  # noqa: S311 (reproducible on purpose)
    lap, place = divmod(number, len(choices))
    return choices[order[place]], lap


def share(seed: str, lap: int) -> float:
    """A share from 0 to 1 for each lap; two laps that follow each other lie 0.38 apart at least.

    Steps of the golden ratio spread any number of points most evenly.
    """
    first = int.from_bytes(sha256(seed.encode()).digest()[:6]) / 2**48
    return (first + lap * _GOLDEN) % 1.0


def identity(path: Path, folder: Path) -> str:
    """Tells a file from others that had its name before."""
    return f"{path.relative_to(folder)}:{path.stat().st_size}"
