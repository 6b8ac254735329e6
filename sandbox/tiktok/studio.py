"""The creators' own pages in a browser: login, upload, content list.

The markup follows what public clients report about TikTok Studio in 2026: the ``data-e2e`` and
``data-tt`` hooks, a caption editor with hashtag suggestions, options behind "Show more", dialogs,
and the signed-in user as JSON in a script element. Posts made here are ordinary posts, marked
``via: browser``.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, jsonify, make_response, redirect, render_template, request
from werkzeug.exceptions import ClientDisconnected

from sandbox.background import new_post_id
from sandbox.calls import Refusal, serving
from sandbox.faults import CutResponse
from sandbox.records import Draft, Post, StudioSession, hashed, hashtags_of
from sandbox.tiktok.creators import CREATORS, Creator
from sandbox.tiktok.posting import TITLE_UNITS
from sandbox.tiktok.studio_wire import COOKIE, PAGE_VARIANTS, REFUSALS, Studio
from sandbox.tiktok.uploads import part_path

if TYPE_CHECKING:
    from sandbox.world import World

VISIBILITY = {
    "PUBLIC_TO_EVERYONE": ("0", "Everyone"),
    "FOLLOWER_OF_CREATOR": ("0", "Followers"),
    "MUTUAL_FOLLOW_FRIENDS": ("2", "Friends"),
    "SELF_ONLY": ("1", "Only you"),
}
"""Number and text of each option of the page's select."""
PAGE = 20
PIECE = 2**18
ROTATING = "msToken"
"""A cookie that every page renews, so that a client must return the latest one."""


def studio(world: World) -> Blueprint:  # noqa: C901 - a list of small views
    pages = Blueprint("tiktok_studio", __name__)
    wire = Studio(world)

    @pages.route("/login", methods=["GET", "POST"])
    def login() -> Response:
        creator = request.form.get("creator", "")
        if creator not in CREATORS:
            return make_response(render_template("studio_login.html", creators=CREATORS.values()))
        cookie, seconds = secrets.token_hex(16), world.settings.studio_seconds
        world.studio_sessions.put(hashed(cookie), StudioSession(creator, world.now() + seconds))
        response = make_response(redirect("tiktokstudio/upload"))
        response.set_cookie(COOKIE, cookie, max_age=seconds, httponly=True, samesite="Lax")
        return response

    @pages.get("/tiktokstudio/upload")
    @serving(world, wire, "page")
    def upload_page() -> Response:
        creator, variant = wire.creator("page"), _struck(*PAGE_VARIANTS)
        shown = creator
        if variant == "wrong_account":
            shown = next(c for c in CREATORS.values() if c is not creator)
        return _page(
            "studio_upload.html",
            variant=variant,
            creator=shown,
            options=[VISIBILITY[level] for level in creator.privacy_options],
            context=_context(shown),
        )

    @pages.put("/tiktokstudio/api/upload")
    @serving(world, wire, "upload")
    def upload() -> Response:
        creator, length = wire.creator("upload"), request.content_length or 0
        publish_id = f"v_web~v2-1.{secrets.randbits(63)}"
        _receive(world, publish_id, length)
        if _struck("rejected"):
            return jsonify(error="The video's format is not supported. Please choose another.")
        if _struck("stuck"):
            return jsonify(error="", stuck=True)
        world.drafts.put(publish_id, Draft(creator.username, length))
        return jsonify(error="", id=publish_id)

    @pages.post("/tiktokstudio/api/post")
    @serving(world, wire, "post")
    def post() -> Response:
        creator, body = wire.creator("post"), request.get_json()
        if _struck("captcha"):
            return jsonify(captcha=True)
        if _struck("rejected"):
            return jsonify(error="This content may violate our Community Guidelines.")
        if refusal := _struck(*REFUSALS):
            return jsonify(error=REFUSALS[refusal])
        draft = world.drafts.take(str(body.get("id")))
        if draft is None or draft.creator != creator.username:
            raise Refusal(make_response(jsonify(error="This video was posted already."), 409))
        _post(world, creator, draft, body)
        return jsonify(error="")

    @pages.get("/tiktokstudio/content")
    @serving(world, wire, "content")
    def content() -> Response:
        creator = wire.creator("content")
        own = [p for p in world.posts.all() if p.creator == creator.username and p.post_id]
        own.sort(key=lambda p: p.post_id, reverse=True)
        if _struck("unlisted"):
            own = own[1:]
        batch = {} if _struck("no_data", "no_table") else {"firstBatchQueryItems": _batch(own)}
        return _page(
            "studio_content.html",
            creator=creator,
            table="PostGrid" if _struck("no_table") else "components_PostTable_Container",
            posts=[(p, *_said_of(p)) for p in own[:PAGE]],
            context={**_context(creator), **batch},
        )

    return pages


def _struck(*names: str) -> str:
    """The name of this call's fault, if it is one of these."""
    return g.fault.fault if g.fault and g.fault.fault in names else ""


def _page(template: str, **values: Any) -> Response:
    response = make_response(render_template(template, **values))
    response.set_cookie(ROTATING, secrets.token_hex(8), max_age=10 * 86_400)
    response.headers["Cache-Control"] = "no-store"
    return response


def _context(creator: Creator) -> dict[str, Any]:
    user = {"uniqueId": creator.username, "nickName": creator.nickname}
    return {"commonAppContext": {"language": "en", "user": user}}


def _batch(own: list[Post]) -> dict[str, Any]:
    items = [
        {"item_id": str(p.post_id), "desc": p.title, "status": 102, "visibility": 1}
        for p in own[:PAGE]
    ]
    return {"cursor": len(items), "has_more": len(own) > PAGE, "item_list": items}


def _said_of(post: Post) -> tuple[str, str]:
    level = str(post.info.get("privacy_level", ""))
    stage = "Posted" if post.published_at else "Failed" if post.fail_reason else "Processing"
    return VISIBILITY.get(level, ("", ""))[1], stage


def _receive(world: World, publish_id: str, length: int) -> None:
    """Copy the body to disk, at the speed in the settings."""
    path = world.videos / f"{publish_id}.part"
    with path.open("wb") as file:
        while length:
            try:
                piece = request.stream.read(min(PIECE, length))
            except (ClientDisconnected, ConnectionError):
                path.unlink()
                raise Refusal(CutResponse()) from None
            file.write(piece)
            length -= len(piece)
            if world.settings.studio_bytes_a_second:
                time.sleep(len(piece) / world.settings.studio_bytes_a_second)


def _post(world: World, creator: Creator, draft: Draft, body: dict[str, Any]) -> None:
    title, now = str(body["text"]).strip(), world.now()
    levels = {VISIBILITY[level][1]: level for level in creator.privacy_options}
    if len(title.encode("utf-16-le")) // 2 > TITLE_UNITS or body["visibility"] not in levels:
        raise Refusal(make_response(jsonify(error="Check the description."), 400))
    post = Post(
        publish_id=str(body["id"]),
        creator=creator.username,
        direct=True,
        via="browser",
        info={
            "title": title,
            "privacy_level": levels[body["visibility"]],
            "disable_comment": not body["comment"],
            "disable_duet": not body["reuse"],
            "disable_stitch": not body["reuse"],
            "is_aigc": bool(body["aigc"]),
        },
        size=draft.size,
        chunk_size=draft.size,
        chunks=1,
        upload_token="",
        created_at=now,
        upload_until=now,
        asked_creator_info=False,
        received=draft.size,
        chunks_received=1,
        completed_at=now,
        post_id=new_post_id(now),
        hashtags=hashtags_of(title),
    )
    if not part_path(world, post).exists():
        raise Refusal(make_response(jsonify(error="The video is gone."), 400))
    world.posts.put(post.publish_id, post)
    world.wake.set()
