"""TikTok's OAuth and Content Posting API over ``requests``.

Source of the calls, fields and figures: TikTok's "Login Kit for Web" and "Content Posting API"
documents as of November 2026. Note: PKCE's challenge is the hex SHA-256 of the verifier, and a
refresh makes the old refresh token invalid.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import structlog

from adapters.asked_pause import retry_after
from adapters.figures import UNKNOWN_STATES
from adapters.ports import (
    ChunkPlan,
    CreatorInfo,
    PostInfo,
    PostStatus,
    Progress,
    TokenGrant,
    UploadTicket,
)
from adapters.tiktok.api.error_codes import OAUTH, POSTING, STATUS, failure, refusal
from adapters.tiktok.api.http import Http, code_of
from core.errors import AddressRefusedError, Permanent, Retryable
from core.settings import TIKTOK_SCOPES

BLOCK_BYTES = 512 * 1024  # as fast as curl (scripts/bench upload); more is not faster
UPLOAD_SECONDS = (30.0, 300.0)
"""To connect or send one block (urllib3 has one figure for both), and for the answer."""

CONTENT_TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".avi": "video/x-msvideo",
    ".mkv": "video/x-matroska",
}

State = Literal["uploading", "processing", "inbox", "published", "failed"]
STATES: Mapping[str, State] = {
    "PROCESSING_UPLOAD": "uploading",
    "PROCESSING_DOWNLOAD": "processing",
    "SEND_TO_USER_INBOX": "inbox",
    "PUBLISH_COMPLETE": "published",
    "FAILED": "failed",
}

log = structlog.get_logger(__name__)

T = TypeVar("T")


class TikTokAuthorizer:
    """Implements ``ports.Authorizer``.

    Args:
        client_key: the app's key.
        client_secret: its secret.
        api_url: base of the API, ``https://open.tiktokapis.com``.
        authorize_url: the page where a creator consents.
        scopes: the permissions to ask for.
    """

    def __init__(
        self,
        *,
        client_key: str,
        client_secret: str,
        api_url: str,
        authorize_url: str,
        scopes: tuple[str, ...] = TIKTOK_SCOPES,
    ) -> None:
        self._app = {"client_key": client_key, "client_secret": client_secret}
        self._api_url = api_url.rstrip("/")
        self._authorize_page = authorize_url
        self._scopes = scopes
        self._http = Http()

    def authorize_url(self, *, state: str, verifier: str, redirect_uri: str) -> str:
        query = {
            "client_key": self._app["client_key"],
            "response_type": "code",
            "scope": ",".join(self._scopes),
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": hashlib.sha256(verifier.encode()).hexdigest(),
            "code_challenge_method": "S256",
        }
        return f"{self._authorize_page}?{urlencode(query)}"

    def exchange_code(self, code: str, *, verifier: str, redirect_uri: str) -> TokenGrant:
        return self._grant(
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=verifier,
        )

    def refresh(self, refresh_token: str) -> TokenGrant:
        return self._grant(grant_type="refresh_token", refresh_token=refresh_token)

    def revoke(self, access_token: str) -> None:
        """Raises Parked if TikTok does not know the token or the app."""
        self._post("/v2/oauth/revoke/", token=access_token)

    def name_of(self, access_token: str) -> str:
        answer = self._http.get(
            f"{self._api_url}/v2/user/info/?fields=display_name", codes=POSTING, token=access_token
        )
        return _read(lambda: str(answer["data"]["user"]["display_name"]))

    def check_app(self) -> None:
        """Get a token of the app itself, which needs no creator. It is not used."""
        self._post("/v2/oauth/token/", grant_type="client_credentials")

    def _grant(self, **form: str) -> TokenGrant:
        answer = self._post("/v2/oauth/token/", **form)
        return _read(
            lambda: TokenGrant(
                open_id=str(answer["open_id"]),
                scopes=tuple(filter(None, str(answer["scope"]).split(","))),
                access_token=str(answer["access_token"]),
                expires_in=int(answer["expires_in"]),
                refresh_token=str(answer["refresh_token"]),
                refresh_expires_in=int(answer["refresh_expires_in"]),
            )
        )

    def _post(self, path: str, **form: str) -> dict[str, Any]:
        return self._http.post(f"{self._api_url}{path}", codes=OAUTH, form={**self._app, **form})


class TikTokPublisher:
    """Implements ``ports.Publisher``.

    Args:
        api_url: base of the API, ``https://open.tiktokapis.com``.
    """

    def __init__(self, *, api_url: str) -> None:
        self._api_url = api_url.rstrip("/")
        self._http = Http()

    def creator_info(self, access_token: str) -> CreatorInfo:
        data = self._ask(access_token, "creator_info/query")
        return _read(
            lambda: CreatorInfo(
                username=str(data["creator_username"]),
                nickname=str(data["creator_nickname"]),
                privacy_options=tuple(map(str, data["privacy_level_options"])),
                comment_disabled=bool(data["comment_disabled"]),
                duet_disabled=bool(data["duet_disabled"]),
                stitch_disabled=bool(data["stitch_disabled"]),
                max_seconds=int(data["max_video_post_duration_sec"]),
            )
        )

    def begin_direct_post(
        self, access_token: str, post: PostInfo, chunks: ChunkPlan
    ) -> UploadTicket:
        post_info = {
            "title": post.title,
            "privacy_level": post.privacy,
            "disable_comment": not post.allow_comment,
            "disable_duet": not post.allow_duet,
            "disable_stitch": not post.allow_stitch,
            "video_cover_timestamp_ms": post.cover_at_ms,
            "is_aigc": post.ai_generated,
            "brand_content_toggle": False,
            "brand_organic_toggle": False,
        }
        body = {"post_info": post_info, "source_info": _source_info(chunks)}
        return _ticket(self._ask(access_token, "video/init", body))

    def begin_inbox_upload(self, access_token: str, chunks: ChunkPlan) -> UploadTicket:
        body = {"source_info": _source_info(chunks)}
        return _ticket(self._ask(access_token, "inbox/video/init", body))

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
        """Send the chunks in order, starting with the one that contains ``first_byte``.

        Raises:
            AddressRefusedError: the upload address is no longer valid.
            Retryable: the connection broke (``lost_answer``, ``unreachable``), or TikTok expects
                other bytes (``wrong_range``); the post's status says which byte comes next.
            Permanent: TikTok rejects this upload, or the file became shorter meanwhile.
        """
        first_chunk = min(first_byte // chunks.chunk_size, chunks.count - 1)
        for index in range(first_chunk, chunks.count):
            if about_to_complete is not None and index == chunks.count - 1:
                about_to_complete()
            self._send_chunk(ticket, file, chunks, index, progress)

    def status(self, access_token: str, publish_id: str) -> PostStatus:
        body = {"publish_id": publish_id}
        data = self._ask(access_token, "status/fetch", body)
        posts = data.get("publicaly_available_post_id") or [""]  # spelled so by TikTok
        return _read(
            lambda: PostStatus(
                state=(state := _state(data["status"])),
                uploaded_bytes=_count(data.get("uploaded_bytes")),
                failure=failure(code_of(data.get("fail_reason")) or "unknown")
                if state == "failed"
                else None,
                platform_id=str(posts[0]),
            )
        )

    def _ask(
        self, access_token: str, call: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        answer = self._http.post(
            f"{self._api_url}/v2/post/publish/{call}/",
            codes=STATUS if call == "status/fetch" else POSTING,
            body=body or {},
            token=access_token,
        )
        return _read(lambda: dict(answer["data"]))

    def _send_chunk(
        self,
        ticket: UploadTicket,
        file: Path,
        chunks: ChunkPlan,
        index: int,
        progress: Progress | None,
    ) -> None:
        start = index * chunks.chunk_size
        is_last = index == chunks.count - 1
        end = chunks.video_size if is_last else start + chunks.chunk_size
        response = self._http.send(
            "PUT",
            ticket.upload_url,
            data=_Slice(file, start, end, chunks.video_size, progress),
            headers={
                "Content-Type": CONTENT_TYPES[file.suffix.lower()],
                "Content-Range": f"bytes {start}-{end - 1}/{chunks.video_size}",
            },
            timeout=UPLOAD_SECONDS,
        )
        match response.status_code:
            case HTTPStatus.OK | HTTPStatus.CREATED:
                return
            case HTTPStatus.PARTIAL_CONTENT if not is_last:
                return
            case HTTPStatus.PARTIAL_CONTENT | HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise Retryable("TikTok expects a different part of the video.", code="wrong_range")
            case HTTPStatus.FORBIDDEN | HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
                raise AddressRefusedError("The upload address is no longer valid.", after=60)
            case status:
                raise refusal(POSTING, "", status, retry_after(response.headers))


class _Slice:
    """Bytes ``start`` to ``end`` of a file, read block by block while they are sent."""

    def __init__(
        self, file: Path, start: int, end: int, total: int, progress: Progress | None
    ) -> None:
        self._file, self._start, self._end = file, start, end
        self._total, self._progress = total, progress

    def __len__(self) -> int:
        return self._end - self._start

    def __iter__(self) -> Iterator[bytes]:
        at = self._start
        with self._file.open("rb") as source:
            source.seek(at)
            while at < self._end:
                block = source.read(min(BLOCK_BYTES, self._end - at))
                if not block:
                    raise Permanent(
                        "The video file became shorter while it was sent: render it again."
                    )
                if self._progress is not None:
                    self._progress(at / self._total)  # first: stops a worker that lost its job
                yield block
                at += len(block)


def _source_info(chunks: ChunkPlan) -> dict[str, Any]:
    return {
        "source": "FILE_UPLOAD",
        "video_size": chunks.video_size,
        "chunk_size": chunks.chunk_size,
        "total_chunk_count": chunks.count,
    }


def _ticket(data: dict[str, Any]) -> UploadTicket:
    return _read(
        lambda: UploadTicket(publish_id=str(data["publish_id"]), upload_url=str(data["upload_url"]))
    )


def _count(value: object) -> int | None:
    """A number of bytes; None if TikTok leaves it out."""
    return None if value is None else int(str(value))


def _state(status: str) -> State:
    """A status that the documents don't name is waited for, like processing: it is no outcome."""
    if status not in STATES:
        UNKNOWN_STATES.inc()
        log.warning("tiktok_state_unknown", status=code_of(status) or "unreadable")
    return STATES.get(status, "processing")


def _read(build: Callable[[], T]) -> T:
    """Build a value from an answer; raises Retryable if a field is missing or wrong."""
    try:
        return build()
    except (KeyError, TypeError, ValueError, IndexError):
        pass  # raised below, outside: the exception's context would hold the answer
    raise Retryable("TikTok's answer lacks a field.", code="unreadable_answer")
