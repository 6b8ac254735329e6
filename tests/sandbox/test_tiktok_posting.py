"""TikTok's posting calls: what is checked, counted and refused, and how a post proceeds."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.testing import RunningSandbox, running_sandbox
from tests.sandbox.conftest import MakeVideo
from tests.sandbox.posting import ask, cut, ended, post_body, publish, put, whole

INIT = "post/publish/video/init"
INBOX = "post/publish/inbox/video/init"
STATUS = "post/publish/status/fetch"
CREATOR_INFO = "post/publish/creator_info/query"
MB = 10**6
CHUNK = 5 * 2**20


@pytest.fixture
def token(sandbox: RunningSandbox) -> str:
    return str(sandbox.grant("storymill_tales")["access_token"])


def test_creator_info_differs_by_creator(sandbox: RunningSandbox, token: str) -> None:
    private = sandbox.grant("quiet_confessions")["access_token"]

    status, code, public_info = ask(sandbox, token, CREATOR_INFO)
    _, _, private_info = ask(sandbox, private, CREATOR_INFO)

    assert (status, code) == (200, "ok")
    assert public_info["creator_username"] == "storymill_tales"
    assert "PUBLIC_TO_EVERYONE" in public_info["privacy_level_options"]
    assert public_info["max_video_post_duration_sec"] == 600
    assert "PUBLIC_TO_EVERYONE" not in private_info["privacy_level_options"]
    assert private_info["duet_disabled"]


def test_a_video_is_uploaded_and_published(
    sandbox: RunningSandbox, token: str, make_video: MakeVideo
) -> None:
    video = make_video()
    ask(sandbox, token, CREATOR_INFO)

    publish_id = publish(sandbox, token, video, title="Two lights #nosleep #cuentó")
    status = ask(sandbox, token, STATUS, {"publish_id": publish_id})[2]
    end = ended(sandbox, token, publish_id)

    assert status == {"status": "PROCESSING_UPLOAD", "uploaded_bytes": video.stat().st_size}
    assert end["status"] == "PUBLISH_COMPLETE"
    (post,) = sandbox.posts()
    assert end["publicaly_available_post_id"] == [int(post["post_id"])]
    assert post["sha256"] == hashlib.sha256(video.read_bytes()).hexdigest()
    assert (post["width"], post["height"], post["fps"]) == (540, 960, 30)
    assert post["hashtags"] == ["nosleep", "cuentó"]
    assert post["order"] == 1
    assert post["asked_creator_info"]
    kept = requests.get(sandbox.url + post["video"], headers={"Range": "bytes=0-99"}, timeout=10)
    assert (kept.status_code, kept.content) == (206, video.read_bytes()[:100])
    cover = requests.get(sandbox.url + post["cover"], timeout=10)
    assert cover.content.startswith(b"\xff\xd8")


def test_chunks_are_only_accepted_in_order(sandbox: RunningSandbox, token: str) -> None:
    size = 2 * CHUNK + 1_000
    body = {**post_body(size), "source_info": cut(size, CHUNK, 2)}
    ticket = ask(sandbox, token, INIT, body)[2]
    url, data = ticket["upload_url"], b"x" * size

    early = put(url, data[CHUNK:], CHUNK, size)
    short = put(url, data[: CHUNK - 1], 0, size)
    wrong_type = put(url, data[:CHUNK], 0, size, **{"Content-Type": "text/plain"})
    mismatch = put(url, data[:CHUNK], 0, size, **{"Content-Range": "bytes 0-9/10"})
    first = put(url, data[:CHUNK], 0, size)
    again = put(url, data[:CHUNK], 0, size)
    uploaded = ask(sandbox, token, STATUS, {"publish_id": ticket["publish_id"]})[2]
    last = put(url, data[CHUNK:], CHUNK, size)

    assert [r.status_code for r in (early, short, wrong_type, mismatch)] == [416, 416, 400, 400]
    assert first.status_code == 206
    assert first.headers["Content-Range"] == f"bytes 0-{CHUNK - 1}/{size}"
    assert again.status_code == 416
    assert uploaded["uploaded_bytes"] == CHUNK
    assert last.status_code == 201


def test_an_upload_address_is_valid_for_an_hour_and_only_with_its_token(
    sandbox: RunningSandbox, token: str
) -> None:
    url = ask(sandbox, token, INIT, post_body(100))[2]["upload_url"]

    forged = put(url[:-4] + "XXXX", b"x" * 100, 0, 100)
    sandbox.advance(3_601)
    late = put(url, b"x" * 100, 0, 100)

    assert (forged.status_code, late.status_code) == (403, 403)


@pytest.mark.parametrize(
    ("source", "right"),
    [
        (whole(1), True),
        (whole(64 * MB), True),
        (cut(200 * MB, 10 * MB, 20), True),
        (cut(69 * MB, 10 * MB, 6), True),
        (cut(4 * MB, 2 * MB, 2), False),  # under 5 MB: whole
        (whole(64 * MB + 1), False),  # over 64 MB: in chunks
        (cut(20 * MB, 4 * MB, 5), False),  # chunks of 5 MB at least
        (cut(300 * MB, 65 * MB, 4), False),  # and 64 MB at most
        (cut(69 * MB, 10 * MB, 7), False),  # the count is rounded down
        (cut(10 * MB, 20 * MB, 1), False),
        ({**whole(1000), "video_size": "1000"}, False),
        ({**whole(1000), "total_chunk_count": 0}, False),
    ],
)
def test_the_rules_of_chunks(
    sandbox: RunningSandbox, token: str, source: dict[str, Any], right: bool
) -> None:
    body = {**post_body(1), "source_info": source}

    status, code, _ = ask(sandbox, token, INIT, body)

    assert (status, code) == ((200, "ok") if right else (400, "invalid_params"))


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"title": "x" * 2_200}, (200, "ok")),
        ({"title": "x" * 2_201}, (400, "invalid_params")),
        ({"title": "🐦" * 1_101}, (400, "invalid_params")),  # two UTF-16 units each
        ({"disable_duet": "yes"}, (400, "invalid_params")),
        ({"privacy_level": "EVERYBODY"}, (403, "privacy_level_option_mismatch")),
        ({"privacy_level": None}, (403, "privacy_level_option_mismatch")),
    ],
)
def test_a_posts_fields_are_checked(
    sandbox: RunningSandbox, token: str, info: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert ask(sandbox, token, INIT, post_body(100, **info))[:2] == expected


def test_pulling_from_an_address_needs_verification(sandbox: RunningSandbox, token: str) -> None:
    source = {"source": "PULL_FROM_URL", "video_url": "https://media.example/a.mp4"}

    answer = ask(sandbox, token, INIT, {**post_body(1), "source_info": source})

    assert answer[:2] == (403, "url_ownership_unverified")


def test_tokens_and_scopes_are_checked(sandbox: RunningSandbox) -> None:
    drafts_only = sandbox.grant(scope="user.info.basic,video.upload")["access_token"]

    assert ask(sandbox, "act.made-up", CREATOR_INFO)[:2] == (401, "access_token_invalid")
    assert ask(sandbox, drafts_only, CREATOR_INFO)[:2] == (401, "scope_not_authorized")
    assert ask(sandbox, drafts_only, INIT, post_body(9))[:2] == (401, "scope_not_authorized")
    inbox = ask(sandbox, drafts_only, INBOX, {"source_info": whole(9)})
    assert inbox[:2] == (200, "ok")


@pytest.mark.parametrize(
    ("path", "limit"), [(CREATOR_INFO, 20), (INIT, 6), (INBOX, 6), (STATUS, 30)]
)
def test_rate_limits_are_exact_per_minute_and_token(
    sandbox: RunningSandbox, token: str, path: str, limit: int
) -> None:
    sandbox.change(pending_shares=1_000)
    other = sandbox.grant("midnight_pages")["access_token"]
    body = post_body(100)
    publish_id = ask(sandbox, other, INIT, body)[2]["publish_id"]

    def call(bearer: str) -> str:
        return ask(sandbox, bearer, path, {**body, "publish_id": publish_id})[1]

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(call, [token] * (limit + 5)))

    assert codes.count("rate_limit_exceeded") == 5
    assert call(other) == "ok"
    sandbox.advance(61)
    assert call(token) != "rate_limit_exceeded"


def test_fifteen_direct_posts_a_day(sandbox: RunningSandbox, token: str) -> None:
    sandbox.change(init_a_minute=100)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(sandbox, token, INIT, post_body(9))[1], range(18)))

    assert answers.count("ok") == 15
    assert answers.count("spam_risk_too_many_posts") == 3
    sandbox.advance(86_401)
    token = sandbox.grant("storymill_tales")["access_token"]
    assert ask(sandbox, token, INIT, post_body(9))[1] == "ok"


def test_at_most_five_drafts_wait_until_the_creator_posts_one(
    sandbox: RunningSandbox, token: str, make_video: MakeVideo
) -> None:
    data = make_video().read_bytes()
    body = {"source_info": whole(len(data))}
    tickets = [ask(sandbox, token, INBOX, body)[2] for _ in range(5)]
    assert ask(sandbox, token, INBOX, body)[:2] == (403, "spam_risk_too_many_pending_share")

    put(tickets[0]["upload_url"], data, 0, len(data))
    assert ended(sandbox, token, tickets[0]["publish_id"])["status"] == "SEND_TO_USER_INBOX"
    sandbox.publish_from_inbox(tickets[0]["publish_id"])

    assert ended(sandbox, token, tickets[0]["publish_id"])["status"] == "PUBLISH_COMPLETE"
    sandbox.advance(61)
    assert ask(sandbox, token, INBOX, body)[1] == "ok"


def test_an_unaudited_app_posts_privately_only(sandbox: RunningSandbox, token: str) -> None:
    sandbox.change(audited=False)

    public = ask(sandbox, token, INIT, post_body(9))
    private = ask(sandbox, token, INIT, post_body(9, privacy_level="SELF_ONLY"))

    assert public[:2] == (403, "unaudited_client_can_only_post_to_private_accounts")
    assert private[1] == "ok"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("creator", "video", "reason"),
    [
        ("storymill_tales", None, "file_format_check_failed"),
        ("storymill_tales", {"fps": 15}, "frame_rate_check_failed"),
        ("storymill_tales", {"width": 320, "height": 568}, "picture_size_check_failed"),
        (
            "just_started_today",
            {"seconds": 61, "fps": 24, "width": 360, "height": 360},
            "duration_check_failed",
        ),
    ],
)
def test_an_invalid_video_fails_with_its_reason(
    sandbox: RunningSandbox,
    make_video: MakeVideo,
    creator: str,
    video: dict[str, int] | None,
    reason: str,
) -> None:
    token = sandbox.grant(creator)["access_token"]
    path = make_video(**(video or {}))
    data = path.read_bytes() if video else path.read_bytes()[:-500].replace(b"moov", b"zzzz")
    ticket = ask(sandbox, token, INIT, post_body(len(data)))[2]
    assert put(ticket["upload_url"], data, 0, len(data)).status_code == 201

    end = ended(sandbox, token, ticket["publish_id"])

    assert (end["status"], end["fail_reason"]) == ("FAILED", reason)


def test_views_grow_and_private_videos_are_not_listed(
    sandbox: RunningSandbox, token: str, make_video: MakeVideo
) -> None:
    public = publish(sandbox, token, make_video())
    private = publish(sandbox, token, make_video(), privacy_level="SELF_ONLY")
    assert "publicaly_available_post_id" not in ended(sandbox, token, private)
    ended(sandbox, token, public)
    fields = "video/list/?fields=id,view_count,like_count,title"

    def views() -> int:
        url = f"{sandbox.tiktok_url}/v2/{fields}"
        headers = {"Authorization": f"Bearer {token}"}
        (video,) = requests.post(url, headers=headers, timeout=10).json()["data"]["videos"]
        assert video["id"] == sandbox.post(public)["post_id"]
        return int(video["view_count"])

    seen = [views()]
    for _ in range(2):
        sandbox.advance(1_800)
        seen.append(views())
    assert seen[0] < seen[1] < seen[2]


def test_an_upload_of_500_mb_needs_little_memory(sandbox: RunningSandbox, token: str) -> None:
    size, chunk = 500 * MB, 50 * MB
    body = {**post_body(1), "source_info": cut(size, chunk, 10)}
    ticket = ask(sandbox, token, INIT, body)[2]
    piece = bytes(chunk)

    statuses = [put(ticket["upload_url"], piece, n * chunk, size).status_code for n in range(10)]

    assert statuses == [206] * 9 + [201]
    seen = Path(f"/proc/{sandbox.process.pid}/status")
    if seen.exists():  # Linux reports the peak, in kB
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", seen.read_text())
        assert int(peak) < 300_000


@pytest.mark.slow
def test_a_killed_sandbox_loses_nothing(tmp_path: Any, make_video: MakeVideo) -> None:
    data = make_video().read_bytes()
    with running_sandbox(data_dir=tmp_path, processing_seconds=0.2) as before:
        granted = before.grant()
        done = publish(before, granted["access_token"], make_video())
        ended(before, granted["access_token"], done)
        ticket = ask(before, granted["access_token"], INIT, post_body(len(data)))[2]
        before.fault("tiktok", "status", "500", times=1)
        before.process.kill()
        before.process.wait()

    port = int(before.url.rsplit(":", 1)[1])
    with running_sandbox(data_dir=tmp_path, port=port, processing_seconds=0.2) as after:
        token = granted["access_token"]
        failing = ask(after, token, STATUS, {"publish_id": done})
        assert put(ticket["upload_url"], data, 0, len(data)).status_code == 201
        assert failing[:2] == (500, "internal_error")
        assert ended(after, token, done)["status"] == "PUBLISH_COMPLETE"
        assert ended(after, token, ticket["publish_id"])["status"] == "PUBLISH_COMPLETE"
        assert [post["order"] for post in after.posts()] == [2, 1]
        assert requests.get(after.url + after.posts()[1]["video"], timeout=10).content == data
