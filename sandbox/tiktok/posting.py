"""TikTok's Content Posting API: creator_info, init (direct and inbox), status."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, request

from sandbox.calls import serving
from sandbox.records import Post, hashed, hashtags_of
from sandbox.tiktok.creators import Creator
from sandbox.tiktok.wire import TikTok, answer, json_body, refuse

if TYPE_CHECKING:
    from sandbox.world import World

TITLE_UNITS = 2_200
DAY = 86_400
UNAUDITED_CREATORS_A_DAY = 5
CREATOR_INFO_FRESH_SECONDS = 3_600

# Documents say MB; clients use 10^6 or 2^20. The sandbox accepts what is valid for both.
MIN_CHUNK = 5 * 2**20
MAX_CHUNK = 64 * 10**6
MAX_LAST_CHUNK = 128 * 10**6
MAX_CHUNKS = 1_000
MAX_VIDEO = 4 * 10**9

SWITCHES = (
    "disable_comment",
    "disable_duet",
    "disable_stitch",
    "is_aigc",
    "brand_content_toggle",
    "brand_organic_toggle",
)


def posting(world: World) -> Blueprint:
    api = Blueprint("tiktok_posting", __name__)
    wire = TikTok(world)

    @api.post("/v2/post/publish/creator_info/query/")
    @serving(world, wire, "creator_info")
    def creator_info() -> Response:
        creator = wire.creator("video.publish")
        wire.limit("creator_info", world.settings.creator_info_a_minute)
        world.creator_info_asked[creator.username] = world.now()
        return answer(
            {
                "creator_avatar_url": f"{request.host_url}sandbox/avatars/{creator.username}.svg",
                "creator_username": creator.username,
                "creator_nickname": creator.nickname,
                "privacy_level_options": list(creator.privacy_options),
                "comment_disabled": creator.comment_disabled,
                "duet_disabled": creator.duet_disabled,
                "stitch_disabled": creator.stitch_disabled,
                "max_video_post_duration_sec": creator.max_seconds,
            }
        )

    @api.post("/v2/post/publish/video/init/")
    @serving(world, wire, "init")
    def init() -> Response:
        creator = wire.creator("video.publish")
        wire.limit("init", world.settings.init_a_minute)
        body = json_body()
        source = _source(body)
        info = _post_info(body, creator)
        with world.lock:  # keeps the cap exact with concurrent requests
            _check_direct_caps(world, creator, info)
            return _begin(world, creator, source, info)

    @api.post("/v2/post/publish/inbox/video/init/")
    @serving(world, wire, "inbox_init")
    def inbox_init() -> Response:
        creator = wire.creator("video.upload")
        wire.limit("inbox_init", world.settings.init_a_minute)
        source = _source(json_body())
        with world.lock:
            _check_inbox_cap(world, creator)
            return _begin(world, creator, source, None)

    @api.post("/v2/post/publish/status/fetch/")
    @serving(world, wire, "status")
    def status() -> Response:
        creator = wire.creator("video.publish", "video.upload")
        wire.limit("status", world.settings.status_a_minute)
        post = world.posts.get(str(json_body().get("publish_id", "")))
        if post is None or post.creator != creator.username:
            raise refuse("invalid_params", "The publish_id does not exist.")
        return answer(_status(post, world.now(), g.fault.fault if g.fault else ""))

    return api


def _status(post: Post, now: float, fault: str) -> dict[str, Any]:
    match fault:
        case "status_without_bytes":
            return {"status": "PROCESSING_UPLOAD"}
        case "status_with_old_bytes":
            return {"status": "PROCESSING_UPLOAD", "uploaded_bytes": 0}
        case "status_unnamed":
            return {"status": "PROCESSING_SOMEWHERE"}
    state = post.status(now)
    data: dict[str, Any] = {"status": state, "uploaded_bytes": post.received}
    if state == "FAILED":
        data["fail_reason"] = post.fail_reason
    if state == "PUBLISH_COMPLETE" and post.public and fault != "status_without_number":
        data["publicaly_available_post_id"] = [post.post_id]
    return data


def _source(body: dict[str, Any]) -> tuple[int, int, int]:
    """Return size, chunk size and count, checked by the documented chunk rules."""
    source = body.get("source_info")
    if not isinstance(source, dict):
        raise refuse("invalid_params", "source_info is missing.")
    if source.get("source") == "PULL_FROM_URL":
        raise refuse("url_ownership_unverified")
    if source.get("source") != "FILE_UPLOAD":
        raise refuse("invalid_params", "source must be FILE_UPLOAD or PULL_FROM_URL.")
    names = ("video_size", "chunk_size", "total_chunk_count")
    sizes = {name: source.get(name) for name in names}
    if not all(type(value) is int and value > 0 for value in sizes.values()):
        raise refuse("invalid_params", f"{', '.join(names)} must be positive integers.")
    size, chunk, count = (int(source[name]) for name in names)
    if size > MAX_VIDEO:
        raise refuse("invalid_file_upload", "The video is larger than 4 GB.")
    whole = chunk == size and size <= MAX_CHUNK
    if not whole and not (chunk < size and MIN_CHUNK <= chunk <= MAX_CHUNK):
        raise refuse("invalid_params", "The chunk size is invalid.")
    last = size - chunk * (count - 1)
    if count != size // chunk or count > MAX_CHUNKS or last > MAX_LAST_CHUNK:
        raise refuse("invalid_params", "The total chunk count is invalid.")
    return size, chunk, count


def _post_info(body: dict[str, Any], creator: Creator) -> dict[str, Any]:
    info = body.get("post_info")
    if not isinstance(info, dict):
        raise refuse("invalid_params", "post_info is missing.")
    title = info.get("title", "")
    if not isinstance(title, str) or len(title.encode("utf-16-le")) // 2 > TITLE_UNITS:
        raise refuse("invalid_params", f"title must be text of at most {TITLE_UNITS} UTF-16 units.")
    if not all(isinstance(info.get(name, False), bool) for name in SWITCHES):
        raise refuse("invalid_params", f"{', '.join(SWITCHES)} must be true or false.")
    cover = info.get("video_cover_timestamp_ms", 0)
    if type(cover) is not int or cover < 0:
        raise refuse("invalid_params", "video_cover_timestamp_ms must be an integer from 0.")
    if info.get("privacy_level") not in creator.privacy_options:
        raise refuse("privacy_level_option_mismatch")
    return info


def _check_direct_caps(world: World, creator: Creator, info: dict[str, Any]) -> None:
    today = [p for p in world.posts.all() if p.via == "api" and p.created_at > world.now() - DAY]
    if not world.settings.audited:
        if info["privacy_level"] != "SELF_ONLY":
            raise refuse("unaudited_client_can_only_post_to_private_accounts")
        others = {post.creator for post in today if post.direct} - {creator.username}
        if len(others) >= UNAUDITED_CREATORS_A_DAY:
            raise refuse("reached_active_user_cap")
    count = sum(post.direct and post.creator == creator.username for post in today)
    if count >= world.settings.daily_posts:
        raise refuse("spam_risk_too_many_posts")


def _check_inbox_cap(world: World, creator: Creator) -> None:
    now = world.now()
    waiting = sum(
        not post.direct
        and post.creator == creator.username
        and post.created_at > now - DAY
        and post.status(now) not in ("PUBLISH_COMPLETE", "FAILED")
        for post in world.posts.all()
    )
    if waiting >= world.settings.pending_shares:
        raise refuse("spam_risk_too_many_pending_share")


def _begin(
    world: World, creator: Creator, source: tuple[int, int, int], info: dict[str, Any] | None
) -> Response:
    now, upload_token = world.now(), secrets.token_urlsafe(24)
    size, chunk_size, chunks = source
    asked = world.creator_info_asked.get(creator.username, 0.0)
    post = Post(
        publish_id=f"v_{'pub' if info is not None else 'inbox'}_file~v2-1.{secrets.randbits(63)}",
        creator=creator.username,
        direct=info is not None,
        info=info or {},
        size=size,
        chunk_size=chunk_size,
        chunks=chunks,
        upload_token=hashed(upload_token),
        created_at=now,
        upload_until=now + world.settings.upload_seconds,
        asked_creator_info=asked > now - CREATOR_INFO_FRESH_SECONDS,
        hashtags=hashtags_of(str((info or {}).get("title", ""))),
    )
    world.posts.put(post.publish_id, post)
    query = f"upload_id={post.publish_id}&upload_token={upload_token}"
    address = f"{request.host_url}tiktok/upload/?{query}"
    return answer({"publish_id": post.publish_id, "upload_url": address})
