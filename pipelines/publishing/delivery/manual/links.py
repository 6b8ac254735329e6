"""Signed links for people who post by hand: a download needs the link, but no sign-in.

A link is a capability: whoever has it can download that one video until it expires. So links are
never logged, and a post that is decided allows no more downloads.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from itsdangerous import BadSignature, URLSafeSerializer

from core.errors import InputError
from core.settings import Settings
from models import Post, now

SALT = "storymill.download"
"""Separates these links from everything else that SECRET_KEY signs."""
LONGEST_TOKEN = 200


class LinkExpiredError(InputError):
    """The link has expired."""


class LinkUnknownError(InputError):
    """The link was not made here, or was changed."""


@dataclass(frozen=True, slots=True)
class Download:
    """A download link and the moment when it expires."""

    token: str
    address: str
    until: datetime


class Links:
    """Makes and reads links.

    Parameters:
      secret_key: signs the links; changing it invalidates all existing links.
      public_url: the back office's public address.
      hours: how long a download link is valid.
    """

    def __init__(self, *, secret_key: str, public_url: str, hours: int) -> None:
        self._signer = URLSafeSerializer(
            secret_key,
            salt=SALT,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        self._public_url = public_url.rstrip("/")
        self._lasts = timedelta(hours=hours)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            secret_key=settings.secret_key.get_secret_value(),
            public_url=settings.public_url,
            hours=settings.manual_link_hours,
        )

    def download(self, post: Post) -> Download:
        """A new link to the post's video; earlier links stay valid until they expire."""
        # The expiry is part of what is signed.
        until = (now() + self._lasts).replace(microsecond=0)
        signed = self._signer.dumps([post.id, int(until.timestamp())])
        token = signed.decode() if isinstance(signed, bytes) else signed
        return Download(token, f"{self._public_url}/download/{token}", until)

    def page(self, post: Post) -> str:
        """The page where the post is marked as posted; it needs a sign-in."""
        return f"{self._public_url}/manual/{post.id}"

    def post_id(self, token: str) -> int:
        """The post that ``token`` opens.

        Raises:
            LinkUnknownError: it was not made here, or was changed.
            LinkExpiredError: it has expired.
        """
        try:
            post_id, until = self._signer.loads(token[:LONGEST_TOKEN])
        except BadSignature:
            raise LinkUnknownError("This download link is incomplete or not valid.") from None
        if datetime.fromtimestamp(until, UTC) <= now():
            raise LinkExpiredError("This download link has expired.")
        return int(post_id)
