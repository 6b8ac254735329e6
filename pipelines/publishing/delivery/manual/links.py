"""Signed addresses for people who post by hand: the download needs no sign-in, only its link.

A link is a capability: whoever has it can fetch that one video until it expires. So it is in no
log, and a post that is decided takes no more downloads.
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
"""Apart from everything else that SECRET_KEY signs."""
LONGEST_TOKEN = 200


class LinkExpiredError(InputError):
    """The link was good once."""


class LinkUnknownError(InputError):
    """The link was never made here, or not like this."""


@dataclass(frozen=True, slots=True)
class Download:
    """A download link and the moment after which it is of no use."""

    token: str
    address: str
    until: datetime


class Links:
    """Makes and reads links.

    Parameters:
      secret_key: signs them; changing it ends all that were made.
      public_url: where the back office is reached.
      hours: how long a download link is good.
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
        """A new link to the post's video; those made before stay good for their time."""
        # Its end is signed with it: the clock of the host that made it doesn't matter then.
        until = (now() + self._lasts).replace(microsecond=0)
        signed = self._signer.dumps([post.id, int(until.timestamp())])
        token = signed.decode() if isinstance(signed, bytes) else signed
        return Download(token, f"{self._public_url}/download/{token}", until)

    def page(self, post: Post) -> str:
        """Where the post is marked as posted, behind the sign-in."""
        return f"{self._public_url}/manual/{post.id}"

    def post_id(self, token: str) -> int:
        """The post that ``token`` opens.

        Raises:
            LinkUnknownError: it was not made here, or was changed.
            LinkExpiredError: its time is over.
        """
        try:
            post_id, until = self._signer.loads(token[:LONGEST_TOKEN])
        except BadSignature:
            raise LinkUnknownError("This download link is not complete, or not ours.") from None
        if datetime.fromtimestamp(until, UTC) <= now():
            raise LinkExpiredError("This download link is no longer good.")
        return int(post_id)
