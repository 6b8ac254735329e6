"""TikTok's upload host: writes each chunk straight from the socket to disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import ClientDisconnected

from sandbox.calls import Refusal, serving
from sandbox.faults import CutResponse
from sandbox.records import Post, hashed
from sandbox.tiktok.wire import TikTok

if TYPE_CHECKING:
    from sandbox.world import World

TYPES = {"video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm"}
PIECE = 2**20


def uploads(world: World) -> Blueprint:
    host = Blueprint("tiktok_uploads", __name__)
    wire = TikTok(world)

    @host.put("/upload/")
    @serving(world, wire, "upload")
    def upload() -> Response:
        post = _post(world)
        first, length = _range(post)
        path = part_path(world, post)
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.seek(first)
            _receive(world, post, file, length)
        with world.posts.changing(post.publish_id):
            if post.received != first:  # the same chunk arrived twice at once
                raise _refused(416)
            post.received += length
            post.chunks_received += 1
            complete = post.received == post.size
            if complete:
                post.completed_at = world.now()
        if complete:
            world.wake.set()
        response = Response(status=201 if complete else 206)
        response.headers["Content-Range"] = f"bytes 0-{post.received - 1}/{post.size}"
        return response

    return host


def part_path(world: World, post: Post) -> Path:
    return world.videos / f"{post.publish_id}.part"


def _refused(status: int) -> Refusal:
    return Refusal(Response(status=status))


def _post(world: World) -> Post:
    post = world.posts.get(request.args.get("upload_id", ""))
    if post is None:
        raise _refused(404)
    token_known = hashed(request.args.get("upload_token", "")) == post.upload_token
    if not token_known or world.now() > post.upload_until:
        raise _refused(403)
    return post


def _range(post: Post) -> tuple[int, int]:
    """Check that the headers describe the whole next chunk; returns its first byte and length."""
    length = request.content_length
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers.get("Content-Range", ""))
    if request.mimetype not in TYPES or length is None or found is None:
        raise _refused(400)
    first, last, total = (int(figure) for figure in found.groups())
    if last - first + 1 != length:
        raise _refused(400)
    is_last_chunk = post.chunks_received == post.chunks - 1
    expected_end = post.size if is_last_chunk else post.received + post.chunk_size
    done = post.received == post.size
    if done or first != post.received or last + 1 != expected_end or total != post.size:
        raise _refused(416)
    return first, length


def _receive(world: World, post: Post, file: BinaryIO, length: int) -> None:
    """Copy the body; an incomplete chunk is not accepted, and the next try overwrites it."""
    cut_after = g.fault.byte if g.fault and g.fault.fault == "upload_reset_at_byte" else length
    wanted = left = min(length, cut_after)
    try:
        while left:
            piece = request.stream.read(min(PIECE, left))
            file.write(piece)
            left -= len(piece)
    except (ClientDisconnected, ConnectionError):
        raise Refusal(CutResponse()) from None
    finally:
        with world.posts.changing(post.publish_id):
            post.bytes_read += wanted - left
    if cut_after < length:
        raise Refusal(CutResponse())
