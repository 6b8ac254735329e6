"""The sandbox's records of tokens, posts, webhooks and mail. Tokens are stored only as hashes."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Any


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass
class RedditToken:
    expires_at: float


@dataclass
class Code:
    """An authorization code that can be exchanged for tokens."""

    creator: str
    scopes: list[str]
    redirect_uri: str
    challenge: str
    expires_at: float


@dataclass
class Token:
    """An access or refresh token; ``grant`` is the same for all tokens of one authorization."""

    use: str
    creator: str
    scopes: list[str]
    grant: str
    expires_at: float


@dataclass
class StudioSession:
    """A sign-in to the creators' pages; its key is the hash of the cookie."""

    creator: str
    expires_at: float


@dataclass
class Draft:
    """A video that was uploaded on the creators' page and is not posted yet."""

    creator: str
    size: int


@dataclass
class Delivery:
    """A webhook to deliver."""

    id: str
    event: str
    body: str
    next_at: float
    give_up_at: float
    attempts: int = 0
    delivered: bool = False
    spoiled: bool = False
    """Signed with a wrong secret, as an attacker would."""


@dataclass
class Post:
    """A post, from the call to init until it is public."""

    publish_id: str
    creator: str
    direct: bool
    """Posted directly, or sent into the creator's inbox."""
    info: dict[str, Any]
    """``post_info`` as sent; empty for the inbox."""
    size: int
    chunk_size: int
    chunks: int
    upload_token: str
    """Hash of the token in the upload address."""
    created_at: float
    upload_until: float
    asked_creator_info: bool
    received: int = 0
    """Bytes of the complete chunks, in order."""
    chunks_received: int = 0
    bytes_read: int = 0
    """All bytes that came to the upload address, including broken chunks."""
    completed_at: float = 0.0
    """When the last byte arrived; 0 before."""
    checked: bool = False
    fail_reason: str = ""
    sha256: str = ""
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    fps: float = 0.0
    done_at: float = 0.0
    """When processing ends."""
    published_at: float = 0.0
    settled: bool = False
    """Nothing more happens by itself, and its webhooks are queued."""
    post_id: int = 0
    hashtags: list[str] = field(default_factory=list)
    via: str = "api"
    """``api``, or ``browser`` for a video from the creators' upload page."""

    @property
    def title(self) -> str:
        return str(self.info.get("title", ""))

    @property
    def public(self) -> bool:
        return self.info.get("privacy_level") == "PUBLIC_TO_EVERYONE"

    def status(self, now: float) -> str:
        """The status in the status call's terms."""
        if not self.completed_at:
            return "FAILED" if self.fail_reason else "PROCESSING_UPLOAD"
        if not self.settled:
            half_way = (self.completed_at + self.done_at) / 2
            waiting = not self.checked or now < half_way
            return "PROCESSING_UPLOAD" if waiting else "PROCESSING_DOWNLOAD"
        if self.fail_reason:
            return "FAILED"
        return "PUBLISH_COMPLETE" if self.published_at else "SEND_TO_USER_INBOX"


@dataclass
class TakenMail:
    """A mail as received, with its envelope."""

    sender: str
    recipients: list[str]
    message: str
    """The whole mail as text; every byte is ASCII."""
    at: str
    secure: bool
    signed_in: bool
    id: str = field(default_factory=lambda: secrets.token_hex(6))


def hashtags_of(title: str) -> list[str]:
    """Words after a ``#``, in any script, without the ``#``."""
    return re.findall(r"#(\w+)", unicodedata.normalize("NFC", title))
