"""Passwords: which may be chosen, and how they are hashed without keeping pages waiting."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import BoundedSemaphore
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import InputError, StorymillError

P = ParamSpec("P")
T = TypeVar("T")

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
LEAST_STRENGTH = 3
"""Of zxcvbn's 0 to 4: more than 10^8 guesses, "safely unguessable" for a slow hash."""
CHECKED_LETTERS = 72
"""zxcvbn needs time by the square of the length; this many letters are strong enough alone."""
MOST_WAITING = 3
"""Sign-ins by strangers that may wait for a hash at once: fewer than the web process's threads."""

# OWASP's password storage advice: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# One thread does all hashing: otherwise each server thread's allocator would keep 19 MiB. It also
# leaves the other processor cores to the pages.
_hashing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hashing")
_places = BoundedSemaphore(MOST_WAITING)


class BusyError(StorymillError):
    """Too many passwords wait to be checked; try again in a moment."""


def check_new(password: str, *personal: str) -> None:
    """Whether a person may choose this password.

    Args:
        password: what was typed.
        personal: words that others would try first, such as the user's name.

    Raises:
        InputError: it is too short, too long, common, or easy to guess; the message says which.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InputError(
            f"A password must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters. "
            "Three random words are easy to remember."
        )
    from zxcvbn import zxcvbn  # noqa: PLC0415  # 16 MB of word lists, needed a few times a year

    found = zxcvbn(password[:CHECKED_LETTERS], user_inputs=["storymill", *personal])
    if found["score"] < LEAST_STRENGTH:
        warning = found["feedback"]["warning"] or "This password is easy to guess."
        raise InputError(f"{warning.rstrip('.')}. Choose another: three random words are good.")


def hash_password(password: str) -> str:
    """Argon2id. The caller has checked the password, if a person chose it."""
    return _hashing.submit(_hasher.hash, password).result()


def is_password(hashed: str, password: str) -> bool:
    try:
        return _hashing.submit(_hasher.verify, hashed, password[: LONGEST_PASSWORD + 1]).result()
    except (VerificationError, InvalidHashError):  # the latter: no password was chosen yet
        return False


def is_password_of_stranger(hashed: str | None, password: str) -> bool:
    """Like ``is_password``; without a hash it takes as long, and is wrong.

    Raises:
        BusyError: ``MOST_WAITING`` others wait already, so the other threads stay free for pages.
    """
    if not _places.acquire(blocking=False):
        raise BusyError("Too many people are signing in at once. Wait a few seconds, then retry.")
    try:
        right = is_password(hashed or dummy_hash(), password)
    finally:
        _places.release()
    return right and hashed is not None


def needs_rehash(hashed: str) -> bool:
    return _hasher.check_needs_rehash(hashed)


@cache
def dummy_hash() -> str:
    return hash_password(secrets.token_hex())


def in_hashing_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``work``, which hashes several values, where all hashing is done."""
    return _hashing.submit(work, *args, **kwargs).result()
