"""A web page's article: its text, without menus, comments and buttons, and from public hosts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from adapters.feeds.article import LARGEST_PAGE, ArticlePages
from core.errors import Permanent, Retryable

BLOG = """<!doctype html><html lang="en"><head><title>The clock · Cellar tales</title></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/about">About this site</a></li></ul></nav>
<article><h1>The clock under the stairs</h1><div class="entry-content">
<p>We found a clock under the stairs when the old coal was finally carried out of the house.</p>
<p>It ran <em>backwards</em>, and <a href="/aunt">my aunt</a> said that nobody should stop it,
because the last one who had tried was still seventeen.</p>
<p>So we put it into the hall, and every morning there was a little more coal in the cellar.</p>
</div><div class="sharedaddy"><h3>Share this:</h3><ul><li>Click to share on X</li></ul></div>
</article>
<section id="comments"><h2>2 comments</h2><p>What a tale, thank you so much for this one.</p>
</section><footer><p>Copyright Cellar tales. This site uses cookies.</p></footer></body></html>"""

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve one response locally; returns its address."""
    servers = []

    def serve(content: str | bytes, status: int = 200, **headers: str) -> str:
        body = content.encode() if isinstance(content, str) else content

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                for name, value in {"Content_Type": "text/html; charset=utf-8", **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/tale?key=canary-8812"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def text(address: str) -> str:
    return ArticlePages(user_agent="storymill-tests/1", allowed_hosts={"127.0.0.1"}).text(address)


def test_a_pages_article_is_read_without_what_is_around_it(serve: Serve) -> None:
    told = text(serve(BLOG))

    assert told.count("\n\n") >= 2
    assert "It ran *backwards*, and my aunt said" in told
    assert told.endswith("there was a little more coal in the cellar.")
    for around in ("Home", "Share", "thank you", "Copyright"):
        assert around not in told


def test_a_page_on_a_private_host_is_refused_before_it_is_asked(serve: Serve) -> None:
    for address in (serve(BLOG), "http://169.254.169.254/latest", "http://[::1]/"):
        with pytest.raises(Permanent, match="is not on the public internet"):
            ArticlePages(user_agent="storymill-tests/1").text(address)


@pytest.mark.parametrize(
    ("content", "answer", "error", "sentence"),
    [
        ("", {}, Permanent, "has no article"),
        ("gone", {"status": 404}, Permanent, "is not given out .HTTP 404.: open it and paste"),
        ("slow", {"status": 429}, Retryable, "unavailable .HTTP 429."),
        ("down", {"status": 503}, Retryable, "unavailable .HTTP 503."),
        ("%PDF", {"Content_Type": "application/pdf"}, Permanent, "is not a web page"),
        ("x" * (LARGEST_PAGE + 1), {}, Permanent, "is larger than"),
    ],
)
def test_what_is_no_article_says_so_without_the_address(
    serve: Serve,
    content: str,
    answer: dict[str, object],
    error: type[Exception],
    sentence: str,
) -> None:
    with pytest.raises(error, match=sentence) as refused:
        text(serve(content, **answer))
    assert "canary" not in str(refused.value)


def test_a_page_that_is_away_or_slow_is_tried_again(serve: Serve) -> None:
    with pytest.raises(Retryable, match="can't be reached"):
        text("http://127.0.0.1:9/")
    slow = ArticlePages(
        user_agent="storymill-tests/1", allowed_hosts={"127.0.0.1"}, most_seconds=-1
    )
    with pytest.raises(Retryable, match="is too slow"):
        slow.text(serve(BLOG))
