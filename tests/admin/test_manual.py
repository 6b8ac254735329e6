"""Manual posts: the page for phones, and the download that needs only its link."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from werkzeug.http import parse_options_header

from models import Job, JobState, Post, PostState, Video, now, shown
from pipelines.publishing.delivery.manual.links import Links
from tests.admin import records

if TYPE_CHECKING:
    from flask import Flask

    from core.settings import Settings
    from tests.admin.conftest import Browser

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def post(settings: Settings, record: None) -> Post:
    shown = records.video(settings.media_dir, content=CONTENT)
    return records.post(
        shown,
        records.account(timezone="Europe/Berlin"),
        PostState.MANUAL,
        reason="Every other way is closed.",
    )


@pytest.fixture
def path(settings: Settings, post: Post) -> str:
    """The path of the post's download link."""
    return f"/download/{Links.of(settings).download(post).token}"


# ── the download ─────────────────────────────────────────────────────────────────────────────


def test_a_link_downloads_the_video_without_a_sign_in(stranger: Browser, path: str) -> None:
    answer = stranger.get(path)

    assert (answer.status_code, answer.data) == (200, CONTENT)
    headers = answer.headers
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Content-Disposition"] == 'attachment; filename="The green ladder.mp4"'
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Accept-Ranges"] == "bytes"
    assert "Set-Cookie" not in headers


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "status", "sent"),
    [
        ("bytes=0-0", 206, (0, 0)),
        ("bytes=100-199", 206, (100, 199)),
        ("bytes=10000-", 206, (10_000, 10_239)),
        ("bytes=10000-99999", 206, (10_000, 10_239)),
        ("bytes=-40", 206, (10_200, 10_239)),
        ("bytes=-99999", 206, (0, 10_239)),
        ("bytes=0-1,5-6", 200, (0, 10_239)),
        ("bytes=nonsense", 200, (0, 10_239)),
        ("bytes=7-3", 200, (0, 10_239)),
        ("lines=1-2", 200, (0, 10_239)),
    ],
)
def test_ranges_are_sent_as_requested(
    stranger: Browser, path: str, asked: str, status: int, sent: tuple[int, int]
) -> None:
    answer = stranger.get(path, headers={"Range": asked})

    first, last = sent
    assert answer.status_code == status
    assert answer.data == CONTENT[first : last + 1]
    assert answer.headers["Content-Length"] == str(last + 1 - first)
    if status == 206:
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/10240"


def test_a_range_beyond_the_end_says_where_the_end_is(stranger: Browser, path: str) -> None:
    for asked in ("bytes=10240-", "bytes=20000-20001", "bytes=-0"):
        answer = stranger.get(path, headers={"Range": asked})
        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == "bytes */10240"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_resumed_download_never_mixes_two_files(
    settings: Settings, stranger: Browser, path: str
) -> None:
    whole = stranger.get(path)
    rest = {"Range": "bytes=10000-", "If-Range": whole.headers["ETag"]}
    assert stranger.get(path, headers=rest).status_code == 206

    # when the video was rendered again in the meantime
    (settings.media_dir / Video.get().path).write_bytes(CONTENT[::-1] + b"!")

    answer = stranger.get(path, headers=rest)
    assert (answer.status_code, answer.data) == (200, CONTENT[::-1] + b"!")


def test_head_sends_only_the_length(stranger: Browser, path: str) -> None:
    answer = stranger.client.head(path, headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == "10240"


def test_an_invalid_link_says_why(
    settings: Settings, stranger: Browser, post: Post, path: str
) -> None:
    secret = settings.secret_key.get_secret_value()
    expired = Links(secret_key=secret, public_url="", hours=0).download(post).token
    gone = Links.of(settings).download(Post(id=999)).token
    for token, status, sentence in (
        (expired, 410, "has expired"),
        (gone, 410, "Post status: deleted"),
        (path.removeprefix("/download/")[:-1], 404, "incomplete or not valid"),
        (f"{post.id}", 404, "incomplete or not valid"),
    ):
        answer = stranger.get(f"/download/{token}")
        assert answer.status_code == status
        assert sentence in answer.text
        assert "Sign in" in answer.text
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Content-Disposition" not in answer.headers


@pytest.mark.parametrize(
    "state", [PostState.PUBLISHED, PostState.CANCELLED, PostState.PLANNED, PostState.PARKED]
)
def test_a_post_that_is_no_longer_manual_has_no_download(
    stranger: Browser, path: str, state: PostState
) -> None:
    Post.update(state=state).execute()
    answer = stranger.get(path)
    assert answer.status_code == 410
    assert f"Post status: {shown(state)}" in answer.text


def test_a_video_that_was_rendered_again_is_not_posted_by_hand(
    stranger: Browser, editor: Browser, post: Post, path: str
) -> None:
    Video.update(key="another").execute()

    answer = stranger.get(path)
    assert answer.status_code == 410
    assert "The video was rendered again" in answer.text
    page = editor.get(f"/manual/{post.id}").text
    assert "The video was rendered again" in page
    assert path not in page


def test_only_files_of_the_media_folder_are_ever_sent(
    settings: Settings, stranger: Browser, path: str
) -> None:
    outside = settings.media_dir.parent / "secret.mp4"
    outside.write_text("secret")
    link = settings.media_dir / "link.mp4"
    link.symlink_to(outside)
    for stored in (str(outside), "../secret.mp4", str(link), "/etc/passwd", "missing.mp4", ""):
        Video.update(path=stored).execute()
        answer = stranger.get(path)
        assert answer.status_code == 410, stored
        assert "The video file is missing" in answer.text


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Die grüne Leiter", "Die grüne Leiter"),
        ('A/B\\C:"D"\r\nSet-Cookie: x', "A B C D Set-Cookie x"),
        ("..", "video"),
        ("../../etc/passwd", "etc passwd"),
        ("緑のはしご 🪜", "緑のはしご 🪜"),
        ("x" * 300, "x" * 100),
    ],
)
def test_the_file_name_works_on_any_phone(
    stranger: Browser, post: Post, path: str, title: str, name: str
) -> None:
    script = post.video.part.script
    script.title = title
    script.save()

    said = stranger.get(path).headers["Content-Disposition"]

    _, options = parse_options_header(said)
    assert options["filename"] == f"{name}.mp4"


# ── the page ─────────────────────────────────────────────────────────────────────────────────


def test_home_and_the_list_show_manual_posts(viewer: Browser, post: Post) -> None:
    Post.update(scheduled_at=now() + timedelta(hours=2)).execute()
    home = " ".join(re.sub("<[^>]+>", " ", viewer.get("/").text).split())
    assert "1 manual post to publish" in home

    page = viewer.get("/manual/").text
    for words in ("The green ladder", "ladder_tales", "Europe/Berlin", "Every other way is closed"):
        assert words in page
    assert f'href="/manual/{post.id}"' in page


def test_the_list_starts_with_the_most_urgent(settings: Settings, viewer: Browser) -> None:
    account, other = records.account(), records.account("other_tales")
    later, sooner = (records.video(settings.media_dir) for _ in range(2))
    records.post(later, account, PostState.MANUAL, scheduled_at=now() + timedelta(hours=5))
    records.post(sooner, account, PostState.MANUAL, scheduled_at=now() + timedelta(hours=1))
    records.post(sooner, other, PostState.MANUAL)
    records.post(later, other, PostState.PUBLISHED)

    listed = re.findall(r'href="/manual/(\d+)"', viewer.get("/manual/").text)
    assert listed == ["3", "2", "1"]
    only = re.findall(r'href="/manual/(\d+)"', viewer.get(f"/manual/?account={other.id}").text)
    assert only == ["3"]


def test_the_page_has_everything_a_person_needs(
    stranger: Browser, viewer: Browser, editor: Browser, post: Post
) -> None:
    page = editor.get(f"/manual/{post.id}").text

    for words in ("The green ladder #storytime", "AI-generated label on", "Mark as posted"):
        assert words in page
    link = re.search(r'id="link" readonly value="http://127.0.0.1:8080(/download/[^"]+)"', page)
    assert link
    assert stranger.get(link[1]).data == CONTENT
    assert "Mark as posted" not in viewer.get(f"/manual/{post.id}").text


def test_a_person_marks_it_as_posted(editor: Browser, post: Post) -> None:
    where = "https://www.tiktok.com/@ladder_tales/video/7500000000000000001"

    wrong = editor.post(f"/manual/{post.id}/posted", where="https://evil.example/video")
    assert wrong.status_code == 422
    assert "That is not the address of a TikTok video" in wrong.text
    assert Post.get_by_id(post.id).state == PostState.MANUAL

    editor.post(f"/manual/{post.id}/posted", where=where)

    posted = Post.get_by_id(post.id)
    assert (posted.state, posted.address) == (PostState.PUBLISHED, where)
    page = editor.get(f"/manual/{post.id}").text
    assert "Marked as posted" in page
    assert "Please check it" not in page
    assert "Post status: published" in page
    assert where in page


def test_a_link_of_another_account_is_questioned(editor: Browser, post: Post) -> None:
    where = "https://www.tiktok.com/@river_tales/video/7500000000000000001"
    editor.post(f"/manual/{post.id}/posted", where=where)
    page = editor.get("/manual/").text
    assert "belongs to @river_tales, but the account is ladder_tales. Please check it." in page


def test_a_post_is_mailed_cancelled_or_posted_automatically(editor: Browser, post: Post) -> None:
    editor.post(f"/manual/{post.id}/mail")
    assert Job.get(Job.stage == "mail").state == JobState.WAITING
    editor.post(f"/manual/{post.id}/back")
    assert Post.get_by_id(post.id).state == PostState.PLANNED
    assert Job.get(Job.stage == "mail").state == JobState.CANCELLED

    Post.update(state=PostState.MANUAL).execute()
    editor.post(f"/manual/{post.id}/cancel")
    assert Post.get_by_id(post.id).state == PostState.CANCELLED


def test_a_post_that_does_not_exist_has_no_page(app: Flask, viewer: Browser) -> None:
    assert viewer.get("/manual/77").status_code == 404
    assert "No manual posts" in viewer.get("/manual/").text
