"""Locates a file to send: where it really is, and whether it stays unchanged."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from core.errors import Permanent, Retryable


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Shows whether a path still leads to the same, unchanged file."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Fingerprint:
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class LocatedFile:
    """An ordinary file that may be read."""

    path: Path
    """Where it really is, links followed."""
    fingerprint: Fingerprint

    def check_unchanged(self) -> None:
        """Raises Permanent if the file is no longer the one that was located.

        A sender that checks this before each block never completes an upload of anything else: a
        file that is changed or replaced meanwhile is noticed at the last block at the latest.
        """
        try:
            now = Fingerprint.of(self.path.stat())
        except OSError as error:
            raise _file_error(self.path, error) from error
        if now != self.fingerprint:
            raise Permanent(
                f"The video {self.path.name} changed while it was checked or sent: find out what "
                "writes to it, render it again, then requeue.",
                code="video_changing",
            )


def locate(path: Path, folder: Path) -> LocatedFile:
    """Find the file that ``path`` leads to; it must be inside ``folder``.

    Nothing is opened that could block, such as a pipe.

    Raises:
        Permanent: codes ``video_missing``, ``video_name``, ``video_link_loop``,
            ``video_forbidden``, ``video_outside``, ``video_not_a_file``.
        Retryable: code ``video_disk``.
    """
    try:
        real = Path(os.path.realpath(path, strict=True))
        status = real.lstat()
        if stat.S_ISREG(status.st_mode):
            os.close(os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW))
    except ValueError as error:
        raise _bad_name(path) from error
    except OSError as error:
        raise _file_error(path, error) from error
    if not real.is_relative_to(folder.resolve()):
        raise Permanent(
            f"The video {path.name} is not in the media folder {folder}; only videos in it are "
            "posted: render it again.",
            code="video_outside",
        )
    if not stat.S_ISREG(status.st_mode):
        raise Permanent(
            f"{path} is not a regular file (but a folder, pipe, socket or device): remove it and "
            "render the video again.",
            code="video_not_a_file",
        )
    return LocatedFile(real, Fingerprint.of(status))


def _file_error(path: Path, error: OSError) -> Permanent | Retryable:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return Permanent(f"The video {path} is missing: render it again.", code="video_missing")
        case errno.ENAMETOOLONG:
            return _bad_name(path)
        case errno.ELOOP:
            return Permanent(
                f"The link {path} leads back to itself: remove it and render the video again.",
                code="video_link_loop",
            )
        case errno.EACCES | errno.EPERM:
            return Permanent(
                f"This process has no permission to read the video {path}: grant it, then requeue.",
                code="video_forbidden",
            )
        case _:
            return Retryable(
                f"The disk with {path} can't be read ({error.strerror}): check the disk.",
                code="video_disk",
            )


def _bad_name(path: Path) -> Permanent:
    return Permanent(
        f"{str(path)[:80]!r} is not a valid file name (too long, or with invalid characters): "
        "render the video again.",
        code="video_name",
    )
