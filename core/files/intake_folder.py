"""The folder of files that stories are read from: nothing outside it is ever opened.

An editor names a file by its place below the folder (``INTAKE_DIR``). Symbolic links are resolved
and must end inside. The resolved path is then opened step by step, each step refusing links, so a
link that is swapped in between leads nowhere.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import InputError, Permanent
from core.files.disk import FULL

UPLOADS = "uploads"
"""Subfolder for files that were uploaded in a browser."""
LONGEST_STEM = 60
"""Characters kept of an uploaded file's name."""
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A file below a folder: its place, and a mark that changes with its content."""

    place: str
    version: str


class IntakeFolder:
    """Files below one folder, named by their places in it.

    All methods raise ``Permanent``, with a sentence that says what to do. The sentence for a place
    outside the folder is the same whatever is there.

    Args:
        folder: ``INTAKE_DIR``; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, given: str) -> str:
        """``given`` as it is stored: relative to the folder if it is below it, else unchanged."""
        path = given.strip()
        plain = os.path.normpath(path)
        for root in {os.path.abspath(self.folder), os.path.realpath(self.folder)}:  # noqa: PTH100 (text, not resolved)
            if plain.startswith(root + os.sep):
                return os.path.relpath(plain, root)
        return path

    def refusal(self, place: str, *, folder: bool = False) -> str:
        """Why the place can't be read, as a sentence; empty if it can."""
        try:
            os.close(self._opened(place, folder=folder))
        except Permanent as error:
            return str(error)
        return ""

    def read(self, place: str, largest: int) -> bytes:
        """The content of a regular file of at most ``largest`` bytes."""
        with os.fdopen(self._opened(place, folder=False), "rb") as file:
            if os.fstat(file.fileno()).st_size > largest:
                raise _too_large(place, largest)
            try:
                content = file.read(largest + 1)
            except OSError as error:
                raise _unreadable(place, error) from None
        if len(content) > largest:
            raise _too_large(place, largest)
        return content

    def walk(self, place: str, closed: dict[str, OSError]) -> Iterator[Found]:
        """The files below a folder, without hidden ones; linked folders are not entered.

        Args:
            place: the folder.
            closed: filled with the names of folders that can't be read, and the reasons.
        """
        top = self._opened(place, folder=True)

        def note(error: OSError) -> None:
            closed[str(error.filename)] = error

        try:
            for below, folders, names, here in os.fwalk(".", dir_fd=top, onerror=note):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(names):
                    if not name.startswith("."):
                        path = os.path.normpath(os.path.join(place, below, name))  # noqa: PTH118 (text)
                        yield Found(path, _version(name, here))
        finally:
            os.close(top)

    @contextmanager
    def kept(self, uploaded: Sequence[tuple[str, BinaryIO]], largest: int) -> Iterator[list[str]]:
        """Store uploaded files in a new folder of their own; gives their places.

        If the block raises, they are removed again.

        Args:
            uploaded: name and content of each file.
            largest: most bytes of all files together.

        Raises:
            InputError: they are too large, or the disk is full.
        """
        folder = self.folder / UPLOADS / secrets.token_hex(8)
        places: list[str] = []
        left = largest
        try:
            folder.mkdir(parents=True)
            for name, content in uploaded:
                path = folder / _free(folder, safe_name(name))
                left -= _copy(content, path, left, largest)
                places.append(str(path.relative_to(self.folder)))
            yield places
        except BaseException as error:
            _remove(folder)
            if isinstance(error, OSError):
                raise _not_stored(error) from error
            raise

    def forget(self, place: str) -> None:
        """Delete an uploaded file, or the folder of an upload; other places are left alone."""
        steps = Path(place).parts
        if len(steps) < 2 or steps[0] != UPLOADS or ".." in steps:  # noqa: PLR2004  # uploads/folder
            return
        _remove(self.folder / steps[0] / steps[1])

    def _opened(self, place: str, *, folder: bool) -> int:
        """A descriptor of the regular file or folder at ``place``."""
        root, steps = self._steps(place)
        try:
            here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise _unusable(
                f"The intake folder {self.folder} can't be read ({error.strerror}): create it, or "
                "set INTAKE_DIR."
            ) from None
        try:
            for step in steps[:-1]:
                here = _into(step, here)
            if not steps:
                if not folder:
                    raise _unusable("The intake folder itself is not a file: name a file in it.")
                return os.dup(here)
            return _last(place, steps[-1], here, folder=folder)
        except OSError as error:
            raise _unreadable(place, error, folder=folder) from None
        finally:
            os.close(here)

    def _steps(self, place: str) -> tuple[str, list[str]]:
        """The resolved folder, and the names that lead from it to the resolved place."""
        if not place.strip():
            raise _unusable("No file is named: give its place in the intake folder.")
        if any(unicodedata.category(sign) == "Cc" for sign in place):
            raise _unusable(
                "The name has a line break or another control character: rename the file."
            )
        try:
            root = os.path.realpath(self.folder)
            real = os.path.realpath(os.path.join(root, place))  # noqa: PTH118 (Path.resolve raises on loops)
        except OSError as error:  # a link was replaced while it was read
            raise _unreadable(place, error) from None
        if real == root:
            return root, []
        if not real.startswith(root.rstrip(os.sep) + os.sep):
            raise _unusable(
                f"“{_shown(place)}” is outside the intake folder {self.folder}: put the file there "
                "and give its place in it, or upload it on the page Sources."
            )
        return root, list(Path(os.path.relpath(real, root)).parts)


def safe_name(name: str) -> str:
    """A file name without folders, control characters, or anything a shell or a path reads.

    It keeps letters and digits of any script, and its suffix.
    """
    bare = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    clean = "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in bare)
    stem, dot, suffix = clean.strip("-.").rpartition(".")
    if not dot:
        stem, suffix = suffix, ""
    kept = stem.strip("-.").encode()[: LONGEST_STEM * 2].decode("utf-8", "ignore")[:LONGEST_STEM]
    return f"{kept or 'file'}{dot}{suffix[:10].lower()}"


def _free(folder: Path, name: str) -> str:
    """The name, with a number if another file of this upload has it."""
    number, path = 1, Path(name)
    while (folder / path).exists():
        number += 1
        path = Path(f"{Path(name).stem}-{number}{Path(name).suffix}")
    return str(path)


def _copy(content: BinaryIO, path: Path, left: int, largest: int) -> int:
    written = 0
    with path.open("xb") as file:
        while block := content.read(_BLOCK):
            written += len(block)
            if written > left:
                raise InputError(
                    f"The upload is larger than {largest // 1024**2} MB: split it, or put it into "
                    "the intake folder on the server."
                )
            file.write(block)
    return written


def _remove(folder: Path) -> None:
    with suppress(OSError):  # what can't be removed does no harm: its name is used by nothing
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def _into(step: str, here: int) -> int:
    """Enter a folder; ``here`` is closed."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    entered = os.open(step, flags, dir_fd=here)
    os.close(here)
    return entered


def _last(place: str, name: str, here: int, *, folder: bool) -> int:
    _check(place, os.stat(name, dir_fd=here, follow_symlinks=False), folder=folder)
    # O_NONBLOCK: if a pipe took the file's place just now, opening it would wait for a writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    opened = os.open(name, flags, dir_fd=here)
    try:
        _check(place, os.fstat(opened), folder=folder)
    except BaseException:
        os.close(opened)
        raise
    return opened


def _check(place: str, about: os.stat_result, *, folder: bool) -> None:
    if folder and not stat.S_ISDIR(about.st_mode):
        raise _unusable(f"“{_shown(place)}” is not a folder: correct the source's place.")
    if not folder and not stat.S_ISREG(about.st_mode):
        raise _unusable(f"“{_shown(place)}” is not a regular file: correct the source's place.")


def _version(name: str, here: int) -> str:
    try:
        about = os.stat(name, dir_fd=here, follow_symlinks=False)
    except OSError:
        return ""
    return f"{about.st_size} {about.st_mtime_ns}"


def _unreadable(place: str, error: OSError, *, folder: bool = False) -> Permanent:
    what = "folder" if folder else "file"
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return _unusable(
            f"There is no {what} “{_shown(place)}” in the intake folder: correct the source's "
            "place, or upload the file on the page Sources."
        )
    if error.errno == errno.ELOOP:
        return _unusable(f"“{_shown(place)}” was replaced by a link just now: try again.")
    return _unusable(
        f"“{_shown(place)}” can't be read ({error.strerror}): check its name and permissions."
    )


def _too_large(place: str, largest: int) -> Permanent:
    return _unusable(f"“{_shown(place)}” is larger than {largest // 1024**2} MB: split it.")


def _not_stored(error: OSError) -> InputError:
    if error.errno in FULL:
        return InputError("The disk is full, so the upload was not stored: free some space first.")
    return InputError(
        f"The upload can't be stored in the intake folder ({error.strerror}): check that the "
        "server may write to INTAKE_DIR."
    )


def _unusable(sentence: str) -> Permanent:
    return Permanent(sentence, code="intake_file")


def _shown(place: str) -> str:
    """A place as text, whatever bytes its names have."""
    return os.fsencode(place).decode("utf-8", "replace")
