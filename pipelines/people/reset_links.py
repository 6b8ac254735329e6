"""Signed links with which a person chooses a new password: for one use, and for a short time.

A link names the password that it replaces, by a hash of its hash. So the first use, or any other
change of the password, ends all links that were made before.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Self

from itsdangerous import BadSignature, URLSafeSerializer

from core.errors import InputError
from core.settings import Settings
from models import User, now

SALT = "storymill.new-password"
"""Separates these links from everything else that SECRET_KEY signs."""
LONGEST_TOKEN = 200
MAILED_LASTS = timedelta(minutes=30)
GIVEN_LASTS = timedelta(hours=24)
"""For a link that an owner gives to somebody who is new."""


class ResetLinks:
    """Makes and reads links.

    Parameters:
      secret_key: signs the links; changing it invalidates all existing links.
      public_url: the back office's public address.
    """

    def __init__(self, *, secret_key: str, public_url: str) -> None:
        self._signer = URLSafeSerializer(
            secret_key,
            salt=SALT,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        self._public_url = public_url.rstrip("/")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            secret_key=settings.secret_key.get_secret_value(), public_url=settings.public_url
        )

    def address(self, user: User, lasts: timedelta) -> str:
        until = int((now() + lasts).timestamp())
        signed = self._signer.dumps([user.id, until, _replaced(user)])
        token = signed.decode() if isinstance(signed, bytes) else signed
        return f"{self._public_url}/new-password/{token}"

    def user(self, token: str) -> User:
        """Whose password the link changes.

        Raises:
            InputError: it was not made here, has expired, or was used.
        """
        try:
            user_id, until, replaced = self._signer.loads(token[:LONGEST_TOKEN])
        except BadSignature:
            raise InputError("This link is incomplete. Copy the whole link again.") from None
        user: User | None = User.get_or_none(User.id == user_id, User.active)
        if user is None or datetime.fromtimestamp(until, UTC) <= now():
            raise InputError("This link has expired. Ask for a new one.")
        if replaced != _replaced(user):
            raise InputError("This link was used already. Ask for a new one.")
        return user


def _replaced(user: User) -> str:
    return hashlib.sha256(f"{user.id} {user.password_hash}".encode()).hexdigest()[:16]
