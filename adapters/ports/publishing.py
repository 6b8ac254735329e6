"""The platform: tokens, announcements, bytes, status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from adapters.ports.progress import Progress
from core.errors import StageError


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """An answer of the token endpoint; lifetimes in seconds, as given in the answer."""

    open_id: str
    scopes: tuple[str, ...]
    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)
    refresh_expires_in: int


@dataclass(frozen=True, slots=True)
class CreatorInfo:
    username: str
    nickname: str
    privacy_options: tuple[str, ...]
    comment_disabled: bool
    duet_disabled: bool
    stitch_disabled: bool
    max_seconds: int


@dataclass(frozen=True, slots=True)
class PostInfo:
    """The settings of a direct post; ``title`` has at most 2,200 UTF-16 units."""

    title: str
    privacy: str
    allow_comment: bool = False
    allow_duet: bool = False
    allow_stitch: bool = False
    cover_at_ms: int = 0
    ai_generated: bool = True


@dataclass(frozen=True, slots=True)
class UploadTicket:
    publish_id: str
    upload_url: str = field(repr=False)
    """A capability: whoever has it can upload. Valid for one hour; only stored encrypted."""


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """How a file of ``video_size`` bytes is split."""

    video_size: int
    chunk_size: int
    count: int


@dataclass(frozen=True, slots=True)
class PostStatus:
    state: Literal["uploading", "processing", "inbox", "published", "failed"]
    uploaded_bytes: int | None = None
    """None if the platform doesn't say; it may then have any number of them."""
    failure: StageError | None = None
    """Of a failed post: what TikTok's reason means, as if it had refused to begin the post."""
    platform_id: str = ""


class Authorizer(Protocol):
    def authorize_url(self, *, state: str, verifier: str, redirect_uri: str) -> str: ...

    def exchange_code(self, code: str, *, verifier: str, redirect_uri: str) -> TokenGrant:
        """Raises Permanent for a bad or used code, Retryable if the platform is unavailable."""

    def refresh(self, refresh_token: str) -> TokenGrant:
        """Raises Permanent if the grant is gone, Retryable if the platform is unavailable."""

    def name_of(self, access_token: str) -> str:
        """The creator's name."""

    def revoke(self, access_token: str) -> None: ...

    def check_app(self) -> None:
        """Ask whether the platform knows the app.

        Raises Parked if it refuses the app's key or secret, Retryable if it is unavailable.
        """


class Publisher(Protocol):
    """The Content Posting API; every call may raise Retryable, Permanent or Parked."""

    def creator_info(self, access_token: str) -> CreatorInfo: ...

    def begin_direct_post(
        self, access_token: str, post: PostInfo, chunks: ChunkPlan
    ) -> UploadTicket: ...

    def begin_inbox_upload(self, access_token: str, chunks: ChunkPlan) -> UploadTicket: ...

    def send(
        self,
        ticket: UploadTicket,
        file: Path,
        chunks: ChunkPlan,
        *,
        first_byte: int = 0,
        progress: Progress | None = None,
        about_to_complete: Callable[[], None] | None = None,
    ) -> None:
        """Send the chunks, starting with the one that contains ``first_byte``, in little memory.

        ``about_to_complete`` is called before the chunk that contains the last byte.
        """

    def status(self, access_token: str, publish_id: str) -> PostStatus: ...
