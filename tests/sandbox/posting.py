"""A simple client for TikTok's posting calls."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import requests

from sandbox.testing import RunningSandbox

Answer = tuple[int, str, dict[str, Any]]


def ask(sandbox: RunningSandbox, token: str, path: str, body: Any = None) -> Answer:
    """POST as JSON; returns the status, the error code and the data."""
    response = requests.post(
        f"{sandbox.tiktok_url}/v2/{path}/",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    answer = response.json()
    assert answer["error"]["log_id"]
    return response.status_code, answer["error"]["code"], answer["data"]


def whole(size: int) -> dict[str, Any]:
    """``source_info`` for a file sent in one chunk."""
    return cut(size, size, 1)


def cut(size: int, chunk_size: int, count: int) -> dict[str, Any]:
    return {
        "source": "FILE_UPLOAD",
        "video_size": size,
        "chunk_size": chunk_size,
        "total_chunk_count": count,
    }


def post_body(size: int, **info: Any) -> dict[str, Any]:
    info = {"title": "A story #storytime", "privacy_level": "PUBLIC_TO_EVERYONE", **info}
    return {"post_info": info, "source_info": whole(size)}


def put(url: str, body: bytes, first: int, total: int, **headers: str) -> requests.Response:
    wanted = {
        "Content-Type": "video/mp4",
        "Content-Range": f"bytes {first}-{first + len(body) - 1}/{total}",
        **headers,
    }
    return requests.put(url, data=body, headers=wanted, timeout=20)


def publish(sandbox: RunningSandbox, token: str, video: Path, **info: Any) -> str:
    """Start a direct post and send the file; returns the publish id."""
    data = video.read_bytes()
    path = "post/publish/video/init"
    status, code, ticket = ask(sandbox, token, path, post_body(len(data), **info))
    assert (status, code) == (200, "ok")
    assert put(ticket["upload_url"], data, 0, len(data)).status_code == 201
    return str(ticket["publish_id"])


def ended(sandbox: RunningSandbox, token: str, publish_id: str) -> dict[str, Any]:
    """Get the status until it is final."""
    for _ in range(60):
        body = {"publish_id": publish_id}
        status, _, data = ask(sandbox, token, "post/publish/status/fetch", body)
        assert status == 200
        if not data["status"].startswith("PROCESSING"):
            return data
        time.sleep(0.15)
    raise AssertionError(f"still {data}")
