"""Secrets at rest: the newest key encrypts, every key decrypts.

A stored value is ``<key id>.<Fernet token>``. The key id is the first eight hex digits of the
key's SHA-256: it shows which key a value needs and reveals nothing about the key. So
``rotate-keys`` can prove that an old key is unused, and a start can name a missing key.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from peewee import TextField

from core.errors import ConfigurationError

NEW_KEY = "scripts/manage new-key prints a good one"
ADD_KEY = "add that key after the newest one, separated by a comma"
KEY_ID_PATTERN = r"^([0-9a-f]{8})\."
"""Finds the key id of a stored value, in PostgreSQL and in Python."""


def key_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def needed_key(stored: str) -> str | None:
    """Id of the key that encrypted a stored value; None when it has no key id."""
    found = re.match(KEY_ID_PATTERN, stored)
    return found and found.group(1)


def new_key() -> str:
    return Fernet.generate_key().decode()


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """Fernet keys by key id, newest first."""

    keys: dict[str, Fernet]

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read keys separated by commas or white space, newest first.

        Raises:
            ValueError: no key, or a short or garbled one; the message never repeats the key.
        """
        names = text.replace(",", " ").split()
        if not names:
            raise ValueError(f"is empty; {NEW_KEY}")
        keys: dict[str, Fernet] = {}
        for position, name in enumerate(names, start=1):
            try:
                keys[key_id(name)] = Fernet(name)
            except ValueError:
                which = f"key {position} of {len(names)} " if len(names) > 1 else ""
                raise ValueError(
                    f"{which}has {len(name)} characters and is not a Fernet key "
                    f"(44 characters of URL-safe base64); {NEW_KEY}"
                ) from None
        return cls(keys)

    @property
    def newest(self) -> str:
        return next(iter(self.keys))

    @property
    def old(self) -> list[str]:
        """Ids of the keys that only decrypt."""
        return list(self.keys)[1:]

    def encrypt(self, plain: str) -> str:
        return f"{self.newest}.{self.keys[self.newest].encrypt(plain.encode()).decode()}"

    def decrypt(self, stored: str) -> str:
        """Raises ConfigurationError when the key is not on this ring or the value is damaged."""
        name = needed_key(stored)
        if name is None:  # it may be a plain secret: never repeat it
            raise ConfigurationError(
                "A stored secret is not properly encrypted: restore it from a backup or "
                "connect the account again."
            )
        fernet = self.keys.get(name)
        if fernet is None:
            raise ConfigurationError(
                f"A stored secret needs the key with id {name}, which is not in CRYPTOGRAPHY_KEY: "
                f"{ADD_KEY}."
            )
        try:
            return fernet.decrypt(stored.partition(".")[2]).decode()
        except InvalidToken:
            raise ConfigurationError(
                f"A stored secret under key {name} is damaged: restore it from a backup or "
                "connect the account again."
            ) from None


class _Ring:
    """The process's keyring; ``configure`` sets it once, before the first secret is used."""

    current: Keyring | None = None


def configure(keys: str) -> None:
    _Ring.current = Keyring.parse(keys)


def keyring() -> Keyring:
    if _Ring.current is None:
        raise ConfigurationError("CRYPTOGRAPHY_KEY was not read before a secret was needed.")
    return _Ring.current


class EncryptedTextField(TextField):
    """Text that is always encrypted in the database."""

    def db_value(self, value: str | None) -> str | None:
        return None if value is None else keyring().encrypt(value)

    def python_value(self, value: str | None) -> str | None:
        return None if value is None else keyring().decrypt(value)
