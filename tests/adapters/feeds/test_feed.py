"""Stories from feeds: from the sandbox, and from a local test server."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from adapters.feeds.feed import FeedSource
from adapters.ports import FetchedStory, StoryQuery, UnreadableRow
from core.errors import Permanent, Retryable
from sandbox.testing import RunningSandbox

BLOG = b"""<?xml version="1.0"?>
<rss version="2.0"><channel><title>The Night Desk</title>
<item><guid>https://night.example/1</guid><link>https://night.example/1</link>
<title>The bell &amp; the boat</title><author>Mara</author>
<pubDate>Fri, 20 Nov 2026 21:30:00 GMT</pubDate>
<description>&lt;p&gt;It rang &lt;em&gt;twice&lt;/em&gt;.&lt;/p&gt;
&lt;p&gt;Then it was quiet.&lt;/p&gt;</description>
</item></channel></rss>"""

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve one response locally; 304 for requests with its validators. Returns the address."""
    servers = []

    def serve(content: bytes, status: int = 200, **headers: str) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                marks = (self.headers["If-None-Match"], self.headers["If-Modified-Since"])
                given = (headers.get("ETag"), headers.get("Last_Modified"))
                unchanged = any(marks) and marks == given
                self.send_response(304 if unchanged else status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/feed"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def stories(
    place: str, limit: int = 25, memory: dict[str, str] | None = None
) -> list[FetchedStory]:
    source = FeedSource(user_agent="storymill-tests/1 (tests)", allowed_hosts={"127.0.0.1"})
    asked = {} if memory is None else memory
    return list(source.stories(StoryQuery(place=place, limit=limit, memory=asked)))


def test_a_subreddits_feed_gives_the_posts_that_its_listing_gives(sandbox: RunningSandbox) -> None:
    # When the sandbox's subreddit is read from its feed, without an API key
    found = stories(f"{sandbox.reddit_url}/r/sandboxstories/top/.rss", limit=100)

    # Then posts have the same ids as from the API, and only their own text
    texts = [story for story in found if not story.media_only]
    assert texts
    assert all(story.external_id.startswith("reddit:t3_") for story in found)
    assert all(story.place == "sandboxstories" and story.title for story in found)
    assert all("submitted by" not in story.body for story in found)
    assert all(len(story.body.split()) > 20 for story in texts[:3])
    assert any(story.media_only for story in found)
    # And no more than requested
    assert len(stories(f"{sandbox.reddit_url}/r/sandboxstories/top/.rss", limit=2)) == 2


def test_a_blogs_feed_becomes_markdown(serve: Serve) -> None:
    (story,) = stories(serve(BLOG))

    assert story.title == "The bell & the boat"
    assert story.body == "It rang *twice*.\n\nThen it was quiet."
    assert (story.place, story.author) == ("The Night Desk", "Mara")
    assert story.external_id.startswith("feed:")
    assert story.written_at is not None
    assert story.written_at.isoformat() == "2026-11-20T21:30:00+00:00"


def rss(*items: str) -> str:
    return f'<rss version="2.0"><channel><title>T</title>{"".join(items)}</channel></rss>'


def an_item(title: str = "The bell", text: str = "It rang.", more: str = "") -> str:
    return f"<item><title>{title}</title><description>{text}</description>{more}</item>"


@pytest.mark.parametrize(
    ("encoding", "declared", "header"),
    [
        ("utf-8", "", ""),
        ("utf-8", "", "text/xml"),
        ("utf-16", "utf-16", ""),
        ("iso-8859-1", "iso-8859-1", ""),
        ("cp1252", "", "application/rss+xml; charset=windows-1252"),
        ("cp1252", "windows-1252", "text/xml"),
    ],
)
def test_a_feed_is_read_in_the_encoding_that_it_or_its_server_names(
    serve: Serve, encoding: str, declared: str, header: str
) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    content = (head + rss(an_item("Grüße", "Où étais-tu?"))).encode(encoding)

    (story,) = stories(serve(content, **({"Content_Type": header} if header else {})))

    assert (story.title, story.body) == ("Grüße", "Où étais-tu?")


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("<![CDATA[A <b>bold</b> &amp; brave]]>", "x", ("A bold & brave", "x")),
        ("AT&amp;amp;T, 5 &lt; 6", "x", ("AT&T, 5 < 6", "x")),
        ("t", "<![CDATA[<p>A</p><script>b()</script><style>c</style><p>D</p>]]>", ("t", "A\n\nD")),
        ("t", "One line.\n\nAnother &amp;amp; more.", ("t", "One line.\n\nAnother & more.")),
        ("Joy &#55357;&#56832;", "x &#55357; y &#0;", ("Joy 😀", "x  y")),
        ("t", "<![CDATA[" + "<div>" * 300 + "deep" + "</div>" * 300 + "]]>", ("t", "deep")),
    ],
)
def test_texts_are_as_their_writer_meant_them(
    serve: Serve, title: str, text: str, expected: tuple[str, str]
) -> None:
    (story,) = stories(serve(rss(an_item(title, text)).encode()))
    assert (story.title, story.body) == expected


def test_an_entry_that_can_not_be_read_stops_no_other(serve: Serve) -> None:
    deep = "<![CDATA[" + "<div>" * 900 + "x" + "</div>" * 900 + "]]>"

    bad, good = stories(serve(rss(an_item("Deep", deep), an_item("Good")).encode()))

    assert isinstance(bad, UnreadableRow)
    assert (bad.title, bad.why) == ("Deep", "Its HTML is nested too deeply to be read.")
    assert good.body == "It rang."


def test_numbered_entries_of_different_feeds_are_distinct(serve: Serve) -> None:
    # Given two feeds that both number their entries, and one globally unique id
    numbered = an_item(more='<guid isPermaLink="false">1</guid>')
    named = an_item(more='<guid isPermaLink="false">tag:night.example,2026:1</guid>')
    one, other = (stories(serve(rss(numbered, named).encode())) for _ in range(2))

    assert one[0].external_id != other[0].external_id
    assert one[1].external_id == other[1].external_id


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("/story/1", "{server}/story/1"),
        ("https://night.example/1", "https://night.example/1"),
        ("javascript:alert(1)", ""),
        ("http://[", ""),
    ],
)
def test_only_web_addresses_become_links(serve: Serve, link: str, shown: str) -> None:
    address = serve(rss(an_item(more=f"<link>{link}</link>")).encode())
    (story,) = stories(address)
    assert story.url == shown.format(server=address.removesuffix("/feed"))


def test_a_feed_is_followed_and_unpacked_as_browsers_do(serve: Serve) -> None:
    packed = serve(gzip.compress(BLOG), Content_Encoding="gzip")
    moved = serve(b"", 302, Location=packed)
    assert [story.title for story in stories(moved)] == ["The bell & the boat"]


def test_a_page_says_where_its_feed_is(serve: Serve) -> None:
    link = '<link rel="Alternate" type="application/rss+xml" href="/posts.xml">'
    page = serve(f"<!doctype html><html><head>{link}</head>".encode(), Content_Type="text/html")

    with pytest.raises(
        Permanent, match=r"is a web page: use its feed address, http://127\S+/posts\.xml\."
    ):
        stories(page)


def test_a_feed_that_was_cut_off_is_fetched_again(serve: Serve) -> None:
    # Otherwise its last story would be added incomplete, and never corrected
    whole = rss(an_item(), an_item("The boat", "It sank.")).encode()
    with pytest.raises(Retryable, match="was cut off"):
        stories(serve(whole[:-60]))


def test_a_slow_server_blocks_no_worker(serve: Serve) -> None:
    source = FeedSource(
        user_agent="storymill-tests/1 (tests)", allowed_hosts={"127.0.0.1"}, most_seconds=0
    )
    with pytest.raises(Retryable, match="is too slow"):
        list(source.stories(StoryQuery(place=serve(BLOG))))


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"<html><body>Welcome</body></html>", 200, "is not an RSS or Atom feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', 200, "is not an RSS or Atom feed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), 200, "is not an RSS or Atom feed"),
        (b"", 200, "is not an RSS or Atom feed"),
        (b"gone", 404, "HTTP 404"),
        (b"no", 403, "HTTP 403"),
        (b"x" * 10_000_001, 200, "is larger than 10 MB"),
    ],
)
def test_a_page_that_is_not_a_feed_is_refused(
    serve: Serve, content: bytes, status: int, sentence: str
) -> None:
    with pytest.raises(Permanent, match=sentence):
        stories(serve(content, status))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("Fri, 20 Nov 2020 21:30:00 GMT", 0),
        ("9" * 400, 86_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("\xb2", None),
        ("-1", None),
        ("soon", None),
        ("Fri, 32 Nov 2020 21:30:00 GMT", None),
        ("", None),
    ],
)
def test_a_server_that_asks_to_slow_down_is_retried_later(
    serve: Serve, status: int, wish: str, seconds: float | None
) -> None:
    with pytest.raises(Retryable) as refused:
        stories(serve(b"", status, Retry_After=wish))
    unsaid = 60 if status == 429 else None
    assert refused.value.after == (unsaid if seconds is None else seconds)


def test_a_server_may_say_when_to_retry(serve: Serve) -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with pytest.raises(Retryable) as refused:
        stories(serve(b"", 503, Retry_After=in_an_hour))
    assert refused.value.after == pytest.approx(3600, abs=60)


ETAG, MODIFIED = 'W/"a\xe9b"', "Fri, 20 Nov 2026 21:30:00 GMT"


@pytest.mark.parametrize(
    "marks",
    [{"ETag": ETAG}, {"Last_Modified": MODIFIED}, {"ETag": ETAG, "Last_Modified": MODIFIED}],
)
def test_a_feed_in_which_nothing_is_new_is_not_read_again(
    serve: Serve, marks: dict[str, str]
) -> None:
    # Given a feed that was read once
    memory: dict[str, str] = {}
    place = serve(BLOG, **marks)
    assert len(stories(place, memory=memory)) == 1
    assert memory == {name.replace("_", "-"): mark for name, mark in marks.items()}
    kept = dict(memory)

    # When it is fetched again (and wrongly sends the feed although it has not changed)
    assert stories(place, memory=memory) == []

    # Then its validators stay until it has other stories
    assert memory == kept
    assert len(stories(serve(BLOG, ETag="other"), memory=memory)) == 1
    assert memory == {"ETag": "other"}
    assert len(stories(serve(BLOG), memory=memory)) == 1
    assert memory == {}


def test_an_unread_feed_that_says_nothing_is_new_is_retried_later(serve: Serve) -> None:
    with pytest.raises(Retryable, match="its server is faulty"):
        stories(serve(b"", 304))


def test_a_feed_that_can_not_be_read_does_not_count_as_read(serve: Serve) -> None:
    memory: dict[str, str] = {}
    with pytest.raises(Permanent):
        stories(serve(b"<html>", ETag="page"), memory=memory)
    with pytest.raises(Retryable):
        stories(serve(BLOG[:-60], ETag="half"), memory=memory)
    assert memory == {}


@pytest.mark.parametrize("mark", ["x" * 501, "a\x00b", "a\x85b", " "])
def test_a_validator_that_can_not_be_stored_is_left_out(serve: Serve, mark: str) -> None:
    memory: dict[str, str] = {}
    assert stories(serve(BLOG, ETag=mark), memory=memory)
    assert memory == {}


def test_an_unavailable_server_is_retried_later() -> None:
    with pytest.raises(Retryable, match="can't be reached"):
        stories("http://127.0.0.1:9/feed")


@pytest.mark.parametrize("place", ["http://a..b/", "http://[::1", "http://", "http://h:99999/"])
def test_an_invalid_address_is_refused(place: str) -> None:
    with pytest.raises(Permanent, match="is not a valid web address"):
        stories(place)


def test_invalid_addresses_are_not_retried(serve: Serve) -> None:
    with pytest.raises(Permanent, match="redirects too many times"):
        stories(serve(b"", 302, Location="/feed"))
    with pytest.raises(Permanent, match="is not a valid web address"):
        stories(serve(b"", 302, Location="ftp://night.example/feed"))


def test_a_masked_address_is_never_asked() -> None:
    with pytest.raises(Permanent, match="hidden part of this address was lost"):
        stories("https://night.example/feed?key=[secret]")


@pytest.mark.parametrize("place", ["tifu", "file:///etc/passwd", "ftp://night.example/feed"])
def test_other_addresses_are_not_opened(place: str) -> None:
    with pytest.raises(Permanent, match="must start with https"):
        stories(place)
