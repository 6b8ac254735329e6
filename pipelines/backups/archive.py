"""What a backup consists of, and where its pieces are.

::

    backups/<name>/database       pg_dump's custom format
    backups/<name>/files          one line of JSON for each file that the record needs
    backups/<name>/backup.json    what is in it; written last: without it, there is no backup
    backups/<name>/verified.json  how the test of restoring it ended
    files/<two letters>/<hash>    the files themselves, shared by all backups

With keys everything except the two small documents is encrypted, and these are signed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from adapters.ports import BackupPlace
from core.errors import InputError
from core.files.encrypted_stream import FileKeys, UnreadableError

FORMAT = 1
BACKUPS, FILES = "backups/", "files/"
FACTS, VERIFIED = "backup.json", "verified.json"
LARGEST_DOCUMENT = 1 << 20
"""Bytes of a small document: it names each table and migration once."""


class DamagedError(InputError):
    """A backup, or a piece of it, is missing or not what was written."""


class KeyMissingError(InputError):
    """A backup needs a key that this installation doesn't have."""


class Stored(BaseModel, frozen=True):
    """A stored content as it lies in the place, encrypted or not."""

    size: int
    sha256: str


class Facts(BaseModel, frozen=True):
    """What is in a backup."""

    format: int
    name: str
    created_at: datetime
    finished_at: datetime
    storymill: str
    """The version that made it."""
    postgresql: int
    """The server's major version."""
    migrations: list[str]
    key_ids: list[str]
    """Keys of ``CRYPTOGRAPHY_KEY`` that its stored secrets need."""
    encrypted_with: str
    """Id of the key in ``BACKUP_KEY``; empty if it is not encrypted."""
    counts: dict[str, int]
    """Rows of each table."""
    database: Stored
    manifest: Stored
    files: int
    file_bytes: int
    new_bytes: int
    missing_files: int


class Verdict(BaseModel, frozen=True):
    """How the test of restoring a backup ended."""

    at: datetime
    good: bool
    sentence: str = ""
    """What is wrong."""


Document = TypeVar("Document", Facts, Verdict)


@dataclass(frozen=True, slots=True)
class Archive:
    """All backups in one place."""

    place: BackupPlace
    keys: FileKeys

    # ── which there are ──────────────────────────────────────────────────────────────────────

    def names(self) -> list[str]:
        """Names of the backups that were finished, oldest first."""
        self.place.check()
        marks = (name.split("/") for name in self.place.sizes(BACKUPS))
        return sorted(parts[1] for parts in marks if parts[2:] == [FACTS])

    def facts(self, name: str) -> Facts:
        """What is in a backup.

        Raises:
            DamagedError: there is no such backup, or what it says of itself was changed.
            KeyMissingError: it is encrypted with another key.
        """
        facts = self._document(name, FACTS, Facts)
        if facts is None:
            raise DamagedError(f"There is no backup {name} in {self.place.label}.")
        if facts.name != name:
            raise DamagedError(f"What lies at {name} is the backup {facts.name}: rename it back.")
        if facts.format != FORMAT:
            raise DamagedError(
                f"The backup {name} has format {facts.format}, which this version of Storymill "
                "doesn't know: update Storymill first."
            )
        return facts

    def verdict(self, name: str) -> Verdict | None:
        """How its last test ended; None if it was not tested."""
        return self._document(name, VERIFIED, Verdict)

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    def write(self, name: str, piece: str, chunks: Iterable[bytes]) -> Stored:
        """Store a piece of a backup, encrypted if there are keys."""
        counted = _Hashed(self._encrypted(chunks))
        size = self.place.write(f"{BACKUPS}{name}/{piece}", counted)
        return Stored(size=size, sha256=counted.hash.hexdigest())

    def write_file(self, stored_as: str, chunks: Iterable[bytes]) -> int:
        """Store a file that backups share; returns its bytes in the place."""
        return self.place.write(stored_as, self._encrypted(chunks))

    def finish(self, facts: Facts) -> None:
        """Write the mark that makes it a backup."""
        self._write_document(facts.name, FACTS, facts, facts.encrypted_with)

    def judge(self, facts: Facts, verdict: Verdict) -> None:
        """Keep how a test ended."""
        self._write_document(facts.name, VERIFIED, verdict, facts.encrypted_with)

    def file_name(self, sha256: str) -> str:
        """Where the file with this hash is stored.

        Of an encrypted one the name shows nothing: nobody can tell from it whether a file that
        they have is in the backup.
        """
        name = sha256
        if self.keys.newest:
            name = self.keys.sign(self.keys.newest, sha256.encode())
        return f"{FILES}{name[:2]}/{name}"

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def read(self, name: str, piece: str, expected: Stored, encrypted_with: str) -> Iterator[bytes]:
        """A piece of a backup, decrypted.

        Raises:
            DamagedError: it is missing or not what was written; maybe only after its last chunk.
            KeyMissingError: its key is not on the ring.
        """
        which = f"The piece {piece!r} of the backup {name}"
        counted = _Hashed(self._raw(f"{BACKUPS}{name}/{piece}", which))
        yield from self._decrypted(counted, encrypted_with, which)
        for _ in counted:  # what a reader left, for the hash
            pass
        if Stored(size=counted.size, sha256=counted.hash.hexdigest()) != expected:
            raise DamagedError(f"{which} is damaged: use another backup.")

    def read_file(self, stored_as: str, encrypted_with: str, known_as: str) -> Iterator[bytes]:
        """A file that backups share, decrypted; ``known_as`` is its name in the media folder."""
        which = f"The stored copy of {known_as}"
        yield from self._decrypted(self._raw(stored_as, which), encrypted_with, which)

    # ── removing ─────────────────────────────────────────────────────────────────────────────

    def remove(self, name: str) -> None:
        """Remove a backup; its mark goes first, so what is left of it never counts as one."""
        pieces = self.place.sizes(f"{BACKUPS}{name}/")
        for piece in sorted(pieces, key=lambda each: not each.endswith(FACTS)):
            self.place.remove(piece)

    def forget_unfinished(self) -> int:
        """Remove what was never finished; returns how many. Nobody else may be writing."""
        self.place.check()
        self.place.forget_unfinished()
        finished = set(self.names())
        started = {name.split("/")[1] for name in self.place.sizes(BACKUPS)}
        for name in started - finished:
            self.remove(name)
        return len(started - finished)

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    def _encrypted(self, chunks: Iterable[bytes]) -> Iterable[bytes]:
        return self.keys.encrypt(chunks) if self.keys.newest else chunks

    def _decrypted(
        self, chunks: Iterable[bytes], encrypted_with: str, which: str
    ) -> Iterator[bytes]:
        try:
            yield from self.keys.decrypt(chunks) if encrypted_with else chunks
        except UnreadableError as error:
            if error.missing_key:
                raise key_missing(which, error.missing_key) from None
            raise DamagedError(f"{which} is damaged: use another backup.") from None

    def _raw(self, name: str, which: str) -> Iterator[bytes]:
        try:
            yield from self.place.read(name)
        except FileNotFoundError:
            raise DamagedError(f"{which} is missing: use another backup.") from None
        except OSError as error:
            raise DamagedError(f"{which} can't be read ({error.strerror}).") from None

    def _write_document(
        self, name: str, file: str, content: BaseModel, encrypted_with: str
    ) -> None:
        inner = content.model_dump(mode="json")
        seal = self._seal(inner, encrypted_with)
        outer = {"encrypted_with": encrypted_with, "content": inner, "seal": seal}
        text = json.dumps(outer, indent=1, sort_keys=True)
        self.place.write(f"{BACKUPS}{name}/{file}", [text.encode()])

    def _document(self, name: str, file: str, kind: type[Document]) -> Document | None:
        damaged = DamagedError(f"The backup {name} is damaged ({file}): use another backup.")
        read = bytearray()
        try:
            for chunk in self.place.read(f"{BACKUPS}{name}/{file}"):
                read += chunk
                if len(read) > LARGEST_DOCUMENT:
                    raise damaged
        except FileNotFoundError:
            return None
        try:
            outer = json.loads(read)
            inner, encrypted_with, seal = outer["content"], outer["encrypted_with"], outer["seal"]
            document = kind.model_validate(inner)
        except (ValueError, KeyError, TypeError, ValidationError):
            raise damaged from None
        if encrypted_with and encrypted_with not in self.keys.keys:
            raise key_missing(f"The backup {name}", str(encrypted_with))
        if seal != self._seal(inner, encrypted_with):
            raise damaged
        return document

    def _seal(self, content: object, encrypted_with: str) -> str:
        text = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
        if encrypted_with:
            return self.keys.sign(encrypted_with, text)
        return hashlib.sha256(text).hexdigest()


def key_missing(which: str, name: str) -> KeyMissingError:
    return KeyMissingError(
        f"{which} is encrypted with the key {name}, which is not in BACKUP_KEY: add that key after "
        "the newest one, separated by a comma."
    )


class _Hashed(Iterator[bytes]):
    """Passes chunks on, and counts and hashes them."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.size = 0
        self.hash = hashlib.sha256()

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        self.size += len(chunk)
        self.hash.update(chunk)
        return chunk
