"""Piper's voices: those on this machine, and the public catalogue to download more from.

The catalogue is ``voices.json`` at https://huggingface.co/rhasspy/piper-voices. It lists for each
voice the language, the quality, and each file's path, size and MD5 digest.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import requests
import structlog
from urllib3.exceptions import HTTPError

from core.errors import InputError, Retryable
from core.files import disk
from core.voices import configuration_of, packaged

log = structlog.get_logger(__name__)

_CHUNK = 1 << 18
_TRIES = 4
_TIMEOUT = (10, 60)  # seconds to connect, and between two blocks
_MOST_CATALOGUE = 20_000_000
_PARTIAL = 206
_NOT_SATISFIABLE = 416

Received = Callable[[int], None]
"""Receives how many more bytes have arrived; negative if a file is started again."""


@dataclass(frozen=True, slots=True)
class VoiceFile:
    path: str
    """Path relative to the catalogue's base address."""
    size: int
    md5: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class CatalogueVoice:
    name: str
    language: str
    quality: str
    speakers: int
    files: tuple[VoiceFile, ...]
    """The configuration, then the model: a voice counts as installed once its model is there."""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def found(folder: Path) -> list[Path]:
    """Return the voices in ``folder`` that have a configuration file."""
    voices = sorted(folder.glob("*.onnx")) if folder.is_dir() else []
    return [voice for voice in voices if configuration_of(voice).is_file()]


def installed(folder: Path) -> list[Path]:
    """Return the voices of packages and those in ``folder``, which come before a package's."""
    whole = {name: file for name, file in packaged().items() if configuration_of(file).is_file()}
    voices = whole | {voice.stem: voice for voice in found(folder)}
    return [voices[name] for name in sorted(voices)]


class VoiceCatalogue:
    """The catalogue at ``url``.

    All methods raise:
        Retryable: no network, or the server fails (code ``catalogue_unreachable``); the disk is
            full (code ``disk_full``).
        InputError: there is no such voice, or the content is not a catalogue.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def voices(self) -> dict[str, CatalogueVoice]:
        """Read the catalogue."""
        text = b""
        try:
            with self._get("voices.json") as answer:
                for piece in answer.iter_content(_CHUNK):
                    text += piece
                    if len(text) > _MOST_CATALOGUE:
                        raise self._no_catalogue()
        except requests.RequestException as error:
            raise self._unreachable() from error
        try:
            listed = json.loads(text)
            return {name: _voice(name, entry) for name, entry in listed.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._no_catalogue() from error

    def download(self, name: str, folder: Path, received: Received | None = None) -> Path:
        """Download a voice into ``folder``; returns its ``.onnx`` file.

        Files have hidden names until they are complete. An interrupted download resumes where it
        stopped, also in a later call. A file must match the catalogue's size and digest.
        """
        voice = self.named(name)
        report = received or (lambda _count: None)
        with _disk_errors(folder), _alone(folder):
            missing = [file for file in voice.files if not _is_whole(folder / file.name, file)]
            needed = sum(file.size for file in missing)
            if shutil.disk_usage(folder).free < needed:
                raise _disk_full(folder)
            for file in missing:
                self._fetch(file, folder, report)
        return folder / f"{name}.onnx"

    def named(self, name: str) -> CatalogueVoice:
        """The catalogue's entry for a voice. Raises InputError if there is none of that name."""
        voices = self.voices()
        if name in voices:
            return voices[name]
        near = get_close_matches(name, voices, n=3, cutoff=0.4)
        suggestion = (
            f"did you mean {', '.join(near)}?" if near else "see scripts/manage voices list."
        )
        raise InputError(f"The catalogue has no voice {name!r}; {suggestion}")

    def _fetch(self, file: VoiceFile, folder: Path, report: Received) -> None:
        part = folder / f".{file.name}.part"
        for left in reversed(range(_TRIES)):
            try:
                self._go_on(file, part, report)
            except (requests.RequestException, HTTPError) as error:
                log.info("voice_download_broke_off", file=file.name, tries_left=left)
                answer = getattr(error, "response", None)
                if answer is not None and answer.status_code == _NOT_SATISFIABLE:
                    part.unlink()  # it is longer than the server's file
                if not left:
                    raise self._unreachable() from error
                continue
            if _is_whole(part, file):
                part.replace(folder / file.name)
                return
            report(-part.stat().st_size)
            part.unlink()
        raise InputError(
            f"{file.name} does not match the catalogue (size or MD5) and was deleted. Try again "
            "later, or check VOICES_URL."
        )

    def _go_on(self, file: VoiceFile, part: Path, report: Received) -> None:
        """Download what is still missing of ``part``."""
        with part.open("ab") as into:
            have = into.tell()
            if have >= file.size:
                return
            headers = {"Range": f"bytes={have}-"} if have else {}
            with self._get(file.path, headers) as answer:
                if have and answer.status_code != _PARTIAL:
                    into.truncate(0)  # the server starts from the beginning
                    have = 0
                elif have:
                    report(have)
                # read1 returns all data received before a break; iter_content drops the last block
                while piece := answer.raw.read1(_CHUNK):
                    have += len(piece)
                    into.write(piece)
                    report(len(piece))
                    if have > file.size:
                        break
            _settle(into)
        if have < file.size:
            raise requests.ConnectionError("the connection ended early")

    def _get(self, path: str, headers: Mapping[str, str] | None = None) -> requests.Response:
        # identity: sizes and offsets must be those of the file itself
        asked = {"Accept-Encoding": "identity", **(headers or {})}
        address = f"{self._url}/{quote(path)}"
        answer = requests.get(address, headers=asked, stream=True, timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer

    def _unreachable(self) -> Retryable:
        return Retryable(
            f"The voices at {self._url} can't be reached: check the network or VOICES_URL, and try "
            "again; the download will resume.",
            code="catalogue_unreachable",
        )

    def _no_catalogue(self) -> InputError:
        return InputError(
            f"{self._url}/voices.json is not a catalogue of voices: check VOICES_URL."
        )


def _voice(name: str, entry: Mapping[str, Any]) -> CatalogueVoice:
    wanted = (f"{name}.onnx.json", f"{name}.onnx")
    files = [
        VoiceFile(path, int(listed["size_bytes"]), str(listed["md5_digest"]))
        for path, listed in entry["files"].items()
    ]
    by_name = {file.name: file for file in files}
    return CatalogueVoice(
        name=name,
        language=str(entry["language"]["code"]),
        quality=str(entry["quality"]),
        speakers=int(entry["num_speakers"]),
        files=tuple(by_name[wanted_name] for wanted_name in wanted),
    )


def _is_whole(path: Path, file: VoiceFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, _md5).hexdigest() == file.md5


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lock the folder for this process: two would write to the same hidden file."""
    with (folder / ".lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"Another download into {folder} is running; wait until it ends."
            ) from error
        yield


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno in disk.FULL:
            raise _disk_full(folder) from error
        raise InputError(
            f"{folder} can't be written to ({error.strerror}): check VOICES_DIR."
        ) from error


def _disk_full(folder: Path) -> Retryable:
    return Retryable(
        f"The disk with {folder} has no room for the voice: free some space.", code="disk_full"
    )
