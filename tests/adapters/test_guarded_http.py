"""What a person gives as an address reaches the public internet, and nothing behind it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from adapters.feeds.feed import FeedSource
from adapters.guarded_http import AddressNotPublicError, GuardedSession
from adapters.ports import StoryQuery
from core.errors import Permanent, Retryable

FEED = b'<rss version="2.0"><channel><title>T</title></channel></rss>'


class Listener:
    """A server on the loopback that counts who connects, and answers or redirects."""

    def __init__(self) -> None:
        self.connections = 0
        self.redirect_to = ""
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the library's name
                self.send_response(302 if listener.redirect_to else 200)
                if listener.redirect_to:
                    self.send_header("Location", listener.redirect_to)
                self.send_header("Content-Length", str(len(FEED)))
                self.end_headers()
                self.wfile.write(FEED)

            def log_message(self, *_: Any) -> None: ...

        class Server(ThreadingHTTPServer):
            def get_request(self) -> Any:
                listener.connections += 1
                return super().get_request()

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def other() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


REFUSED = (
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://127.255.255.254:{port}/",
    "http://2130706433:{port}/",
    "http://017700000001:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fd00::1]:{port}/",
    "http://[ff02::1]:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://user:secret@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@example.com/",
    "http://127.0.0.1:{port}/?@example.com",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/latest/",
    "http://[fd00:ec2::254]/latest/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "https://127.0.0.1:{port}/",
    "https://10.1.2.3/",
)


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_public_is_refused_before_a_byte_is_sent(
    address: str, listener: Listener
) -> None:
    source = FeedSource(user_agent="storymill-tests/1 (tests)")

    with pytest.raises(Permanent, match="does not lead to a public web address"):
        list(source.stories(StoryQuery(place=address.format(port=listener.port))))

    assert listener.connections == 0


@pytest.mark.parametrize("hop", ["http://127.0.0.1:{port}/", "http://localhost:{port}/",
                                 "http://2130706433:{port}/", "//0.0.0.0:{port}/"])  # fmt: skip
def test_a_redirect_is_checked_as_the_address_is(
    hop: str, listener: Listener, other: Listener
) -> None:
    # Given a server that may be asked, and that redirects to one that may not
    listener.redirect_to = hop.format(port=other.port)
    session = GuardedSession(allowed={f"127.0.0.1:{listener.port}"})

    with pytest.raises(AddressNotPublicError):
        session.get(f"http://127.0.0.1:{listener.port}/", timeout=5)

    assert (listener.connections, other.connections) == (1, 0)


def test_a_name_that_changes_its_answer_is_asked_once(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a name whose first answer is a public address, and every later one the loopback
    asked: list[str] = []

    def answer(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        address = "192.0.2.7" if host == "192.0.2.7" or len(asked) > 1 else "8.8.8.8"
        if host == "rebind.test" and len(asked) > 1:
            address = "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    connected: list[tuple[str, int]] = []

    def connect(_: socket.socket, where: tuple[str, int]) -> None:
        connected.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket.socket, "connect", connect)

    # When it is read, the connection goes to the address that was checked
    source = FeedSource(user_agent="storymill-tests/1 (tests)")
    with pytest.raises(Retryable, match="can't be reached"):
        list(source.stories(StoryQuery(place=f"http://rebind.test:{listener.port}/feed")))

    assert asked.count("rebind.test") == 1
    assert all(host != "127.0.0.1" for host, _ in connected)
    assert listener.connections == 0


@pytest.mark.parametrize(
    "scheme", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/"]
)
def test_only_the_web_is_read(scheme: str) -> None:
    with pytest.raises(Permanent):
        list(FeedSource(user_agent="t").stories(StoryQuery(place=scheme)))


def test_a_named_host_may_be_private(listener: Listener) -> None:
    for name in (f"127.0.0.1:{listener.port}", "127.0.0.1"):
        with GuardedSession(allowed={name}) as session:
            assert session.get(f"http://127.0.0.1:{listener.port}/", timeout=5).content == FEED

    # And another port of it only where the whole host is named
    elsewhere = GuardedSession(allowed={f"127.0.0.1:{listener.port + 1}"})
    with elsewhere, pytest.raises(AddressNotPublicError):
        elsewhere.get(f"http://127.0.0.1:{listener.port}/", timeout=5)


def test_what_fails_on_the_way_says_the_same_for_every_reason(listener: Listener) -> None:
    # Given an open port that answers nothing useful, and a closed one, both allowed
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    mute = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        caller, _ = mute.accept()
        caller.close()

    threading.Thread(target=hang_up, daemon=True).start()
    said = []
    for port in (closed, mute.getsockname()[1]):
        source = FeedSource(user_agent="t", allowed_hosts={"127.0.0.1"})
        with pytest.raises(Retryable) as failed:
            list(source.stories(StoryQuery(place=f"http://127.0.0.1:{port}/")))
        said.append(str(failed.value).replace(str(port), "PORT"))
    mute.close()

    assert said[0] == said[1]


def test_proxies_and_passwords_of_the_environment_are_not_used(
    listener: Listener, other: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{other.port}")
    with GuardedSession(allowed={f"127.0.0.1:{listener.port}"}) as session:
        session.get(f"http://127.0.0.1:{listener.port}/", timeout=5)
    assert (listener.connections, other.connections) == (1, 0)
