"""Encrypted files of any length, written and read piece by piece.

A file is a header (format, key id, salt) and pieces of 1 MiB, each encrypted with AES-256-GCM. The
key of a file is derived from a key of the ring and the file's salt, so the counter can be its
nonce. The nonce also says which piece is the last one: a file that was cut off, or whose pieces
were changed or moved, can't be read. The scheme is STREAM (Hoang, Reyhanitabar, Rogaway and Vizár,
"Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.crypto import Keyring, key_id

PIECE = 1 << 20
"""Bytes of a piece before its encryption."""
_FORMAT = b"storymill-1\n"
_ID, _SALT, _TAG = 8, 16, 16
_HEADER = len(_FORMAT) + _ID + _SALT
_COUNTER = 11


class UnreadableError(Exception):
    """The file was cut off or changed, or its key is not on the ring.

    Attributes:
        missing_key: id of the key that it needs; empty if the file itself is damaged.
    """

    def __init__(self, missing_key: str = "") -> None:
        super().__init__(missing_key)
        self.missing_key = missing_key


@dataclass(frozen=True, slots=True, repr=False)
class FileKeys:
    """Keys of files by key id, the newest first; empty means that files are not encrypted."""

    keys: dict[str, bytes]

    @classmethod
    def parse(cls, text: str) -> FileKeys:
        """Read Fernet keys as ``Keyring.parse`` does; empty text gives no keys.

        Raises:
            ValueError: a short or garbled key; the message never repeats it.
        """
        names = text.replace(",", " ").split()
        if names:
            Keyring.parse(text)
        return cls({key_id(name): base64.urlsafe_b64decode(name) for name in names})

    @property
    def newest(self) -> str:
        """Id of the key that encrypts; empty without keys."""
        return next(iter(self.keys), "")

    def sign(self, name: str, content: bytes) -> str:
        """A hash that only holders of the key ``name`` can make; hex."""
        key = _derived(self.keys[name], b"", b"storymill sign")
        return hmac.new(key, content, hashlib.sha256).hexdigest()

    def encrypt(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The encrypted file of what the chunks contain; needs a key."""
        salt = os.urandom(_SALT)
        cipher = _cipher(self.keys[self.newest], salt)
        header = _FORMAT + self.newest.encode() + salt
        yield header
        for number, (piece, last) in enumerate(_pieces(chunks, PIECE)):
            yield cipher.encrypt(_nonce(number, last=last), piece, header)

    def decrypt(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """What an encrypted file contains; pieces are given only after they were checked.

        Raises:
            UnreadableError: cut off, changed, or under another key; maybe after some pieces.
        """
        left = iter(chunks)
        start = b""
        while len(start) < _HEADER:
            more = next(left, b"")
            if not more:
                raise UnreadableError
            start += more
        header, rest = start[:_HEADER], start[_HEADER:]
        if not header.startswith(_FORMAT):
            raise UnreadableError
        name = header[len(_FORMAT) :][:_ID].decode("ascii", "replace")
        if name not in self.keys:
            raise UnreadableError(missing_key=name)
        cipher = _cipher(self.keys[name], header[-_SALT:])
        for number, (piece, last) in enumerate(_pieces(_after(rest, left), PIECE + _TAG)):
            try:
                yield cipher.decrypt(_nonce(number, last=last), piece, header)
            except (InvalidTag, ValueError):
                raise UnreadableError from None


def encrypted_size(size: int) -> int:
    """Bytes of the encrypted file of ``size`` bytes."""
    return _HEADER + size + _TAG * max(1, -(-size // PIECE))


def _after(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def _pieces(chunks: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """The content in pieces of ``size`` bytes, and whether each is the last; at least one."""
    kept = bytearray()
    for chunk in chunks:
        kept += chunk
        while len(kept) > size:
            yield bytes(kept[:size]), False
            del kept[:size]
    yield bytes(kept), True


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(_derived(key, salt, b"storymill file"))


def _derived(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt or None, info=purpose).derive(key)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_COUNTER, "big") + bytes([last])
