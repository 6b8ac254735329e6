"""A feed's server blocks, asks to slow down, or repeats the secret of the feed's address."""

from __future__ import annotations

import time

import pytest

from adapters.feeds.feed import FeedSource
from adapters.ports import StoryQuery
from core.errors import Permanent, Retryable, StageError
from tests.adapters.feeds.test_feed import BLOG, Serve, an_item, rss, serve, stories

__all__ = ["serve"]

BLOCKED = b"""<!doctype html><html><head><title>Blocked</title><style>a{}</style></head><body>
<h1>Sorry</h1><p>Our network policy has stopped this. Please sign in.</p></body></html>"""


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"x_ratelimit_remaining": "0.0", "x_ratelimit_reset": "41"}, 41),
        (429, {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "41", "Retry_After": "50"}, 50),
        (429, {"x_ratelimit_remaining": "9", "x_ratelimit_reset": "41"}, 60),
        (429, {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "soon"}, 60),
        (429, {"ratelimit_remaining": "0", "ratelimit_reset": "9999999"}, 86_400),
        (403, {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "41"}, 41),
        (403, {"Retry_After": "50"}, 50),
        (403, {}, 900),
        (200, {}, 900),
    ],
)
def test_a_block_says_how_long_to_wait_and_is_not_called_a_wrong_address(
    serve: Serve, status: int, headers: dict[str, str], seconds: float
) -> None:
    with pytest.raises(Retryable) as refused:
        stories(serve(BLOCKED, status, Content_Type="text/html", **headers))

    assert refused.value.after == seconds
    code = "rate_limit_exceeded" if status == 429 else "feed_blocked"
    assert refused.value.code == code
    assert "correct" not in str(refused.value)
    assert status == 429 or "Wait, or sign in" in str(refused.value)


def test_a_reset_may_be_a_moment(serve: Serve) -> None:
    headers = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": f"{time.time() + 90:.0f}"}
    with pytest.raises(Retryable) as refused:
        stories(serve(b"", 429, **headers))
    assert refused.value.after == pytest.approx(90, abs=5)


def test_a_feed_that_leads_to_a_sign_in_page_is_blocked(serve: Serve) -> None:
    login = serve(b"<html><h1>Welcome back</h1></html>").removesuffix("/feed") + "/login/?why=lor"
    with pytest.raises(Retryable, match="sign-in page") as refused:
        stories(serve(b"", 302, Location=login))
    assert refused.value.after == 900


def test_a_closed_feed_is_refused_with_what_to_do(serve: Serve) -> None:
    for status in (401, 403):
        with pytest.raises(Permanent, match=rf"\(HTTP {status}\): it needs a sign-in, or blocks"):
            stories(serve(b'{"reason": "private"}', status))


@pytest.mark.parametrize("content", [BLOG, b""])
def test_a_response_that_uses_up_the_allowance_slows_all_feeds_of_its_host(
    serve: Serve, content: bytes
) -> None:
    # Given a server that allows one request, and the feed's validators
    marks = {} if content else {"ETag": "a"}
    last = {"x_ratelimit_remaining": "0.0", "x_ratelimit_reset": "41", **marks}
    place, asked = serve(content, **last), []
    source = FeedSource(
        user_agent="storymill-tests/1 (tests)",
        allowed_hosts={"127.0.0.1"},
        slow_down=lambda address, seconds: asked.append((address, seconds)),
    )

    # When it answers with stories, or that nothing is new
    list(source.stories(StoryQuery(place=place, memory=dict(marks))))

    # Then nobody asks it again for so long
    assert asked == [(place, 41.0)]


TOKEN = "c0ffee15f00d5ea5e4b1ec7ab1e5"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400), (b"", 401), (b"", 403), (BLOCKED, 403), (b"", 404), (b"", 410), (b"", 429),
        (b"", 500), (b"", 503), (b"", 304), (BLOCKED, 200), (b"<html>", 200), (b"{}", 200),
        (BLOG[:-60], 200), (b"x" * 10_000_001, 200),
        (b"<link rel=alternate type=application/rss+xml href='/?key=%b'>" % TOKEN.encode(), 200),
    ],
)  # fmt: skip
def test_no_error_repeats_the_secret_of_an_address(
    serve: Serve, content: bytes, status: int
) -> None:
    for place in (
        f"{serve(content, status)}?feed={TOKEN}&user=quiet_heron",
        f"{serve(content, status)}/{TOKEN}.xml",
    ):
        with pytest.raises(StageError) as refused:
            stories(place)
        assert TOKEN not in str(refused.value)
        assert "127.0.0.1" in str(refused.value)


def test_stories_do_not_repeat_the_secret_of_an_address(serve: Serve) -> None:
    # Given a feed that repeats its token everywhere, in links with a place only, too
    item = an_item(TOKEN, f"See /f?feed={TOKEN}", f"<author>{TOKEN}</author><link>#top</link>")
    content = rss(item).replace("<title>T<", f"<title>{TOKEN}<").encode()
    memory: dict[str, str] = {}

    (story,) = stories(f"{serve(content, ETag=TOKEN)}?feed={TOKEN}", memory=memory)

    assert TOKEN not in repr(story) + repr(memory)
    assert story.body == "See /f?feed=[secret]"
    assert story.url.endswith("/feed#top")
