"""Stories from feeds, on the sandbox's wire and from files that a server gives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from adapters.feed import FeedSource
from adapters.ports import FetchedStory, StoryQuery
from core.errors import Permanent, Retryable
from scripts.sandbox.testing import RunningSandbox, running_sandbox

BLOG = b"""<?xml version="1.0"?>
<rss version="2.0"><channel><title>The Night Desk</title>
<item><guid>https://night.example/1</guid><link>https://night.example/1</link>
<title>The bell &amp; the boat</title><author>Mara</author>
<pubDate>Fri, 20 Nov 2026 21:30:00 GMT</pubDate>
<description>&lt;p&gt;It rang &lt;em&gt;twice&lt;/em&gt;.&lt;/p&gt;
&lt;p&gt;Then it was quiet.&lt;/p&gt;</description>
</item></channel></rss>"""

Serve = Callable[..., str]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves one answer on loopback; gives its address."""
    servers = []

    def serve(content: bytes, status: int = 200, **headers: str) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/feed"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def stories(place: str, limit: int = 25) -> list[FetchedStory]:
    source = FeedSource(user_agent="storymill-tests/1 (tests)")
    return list(source.stories(StoryQuery(place=place, limit=limit)))


def test_a_subreddits_feed_gives_the_posts_that_its_listing_gives(sandbox: RunningSandbox) -> None:
    # When the sandbox's subreddit is read by its feed, without a key
    found = stories(f"{sandbox.reddit_url}/r/sandboxstories/top/.rss", limit=100)

    # Then posts have the ids that the API would give, and their own words only
    told = [story for story in found if not story.media_only]
    assert told
    assert all(story.external_id.startswith("reddit:t3_") for story in found)
    assert all(story.place == "sandboxstories" and story.title for story in found)
    assert all("submitted by" not in story.body for story in found)
    assert all(len(story.body.split()) > 20 for story in told[:3])
    assert any(story.media_only for story in found)
    # And no more than was asked for
    assert len(stories(f"{sandbox.reddit_url}/r/sandboxstories/top/.rss", limit=2)) == 2


def test_a_blogs_feed_becomes_markdown(serve: Serve) -> None:
    (story,) = stories(serve(BLOG))

    assert story.title == "The bell & the boat"
    assert story.body == "It rang *twice*.\n\nThen it was quiet."
    assert (story.place, story.author) == ("The Night Desk", "Mara")
    assert story.external_id.startswith("feed:")
    assert story.written_at is not None
    assert story.written_at.isoformat() == "2026-11-20T21:30:00+00:00"


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"<html><body>Welcome</body></html>", 200, "is no RSS or Atom feed"),
        (b"", 200, "is no RSS or Atom feed"),
        (b"gone", 404, "HTTP 404"),
        (b"no", 403, "HTTP 403"),
        (b"x" * 10_000_001, 200, "is larger than 10 MB"),
    ],
)
def test_what_is_no_feed_says_so(serve: Serve, content: bytes, status: int, sentence: str) -> None:
    with pytest.raises(Permanent, match=sentence):
        stories(serve(content, status))


def test_a_server_that_asks_to_slow_down_is_asked_later(serve: Serve) -> None:
    with pytest.raises(Retryable) as refused:
        stories(serve(b"", 429, Retry_After="7"))
    assert refused.value.after == 7


def test_a_server_that_is_away_is_asked_later() -> None:
    with pytest.raises(Retryable, match="can't be read now"):
        stories("http://127.0.0.1:9/feed")


@pytest.mark.parametrize("place", ["tifu", "file:///etc/passwd", "ftp://night.example/feed"])
def test_other_addresses_are_not_opened(place: str) -> None:
    with pytest.raises(Permanent, match="must begin with https"):
        stories(place)
