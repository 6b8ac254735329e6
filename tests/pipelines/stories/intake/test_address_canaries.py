"""Secrets in the addresses of feeds take every path of a fetch, and appear in no output."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
import redis

from admin.auth import create_user
from core import crypto
from core.limiter import PREFIX, beside
from models import DeadLetter, Job, LimitSetting, Source, Story
from pipelines import ledger
from pipelines.stages import STAGES
from pipelines.stories.intake.fetch import enqueue_due_sources
from tests.admin.test_sources import FORM
from tests.pipelines.publishing.real_processes import Mill, Office, environment
from tests.pipelines.publishing.test_canaries import forms

pytestmark = pytest.mark.slow

PASSWORD = "an owner's password"
LAST_TRY = STAGES["fetch"].attempts - 1
RST = struct.pack("ii", 1, 0)
STORY = "It rang twice, and then it was quiet for the rest of the night. " * 9
PAGES = (
    "/", "/live.json", "/audit/", "/failures/", "/insights/", "/insights/videos.csv", "/jobs/",
    "/limits/", "/metrics", "/posts/", "/posts/export.csv", "/sources/", "/sources/new",
    "/stories/", "/stories/paste", "/ready",
)  # fmt: skip
ENDS = {
    "good": "",
    "moved": "",
    "400": "feed",
    "401": "feed",
    "403": "feed",
    "404": "feed",
    "429": "rate_limit_exceeded",
    "500": "http_500",
    "blocked": "feed_blocked",
    "away": "feed_blocked",
    "reset": "feed_away",
    "late": "feed_away",
    "endless": "feed",
    "wrong": "feed",
    "page": "feed",
    "cut": "feed_away",
    "careless": "CarelessError",
}
"""How the fetch of each path ends: its job's error code, or nothing."""
REDIRECTS = {"moved": "/good", "endless": "/endless", "away": "/login/"}
SAMPLE = ("good", "404", "user 404")
"""Sources that are also shown by command."""


class Feeds(ThreadingHTTPServer):
    """A server that fails by path, and repeats what it was asked wherever it can."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: set[str] = set()
        self.events: list[str] = []


class Answer(BaseHTTPRequestHandler):
    server: Feeds

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.split("/")[1]
        self.server.asked.add(path)
        echo = f"{unquote(self.path)} {self.path} {dict(self.headers)}".replace("&", "&amp;")
        match path:
            case "reset":
                linger = (socket.SOL_SOCKET, socket.SO_LINGER, RST)
                self.connection.setsockopt(*linger)
                self.connection.close()
            case "late":
                time.sleep(2)
            case to if to in REDIRECTS:
                self._send(302, "", Location=self.path.replace(f"/{to}", REDIRECTS[to], 1))
            case "blocked":
                self._send(403, f"<h1>Your request was blocked</h1><p>{echo}")
            case "page":
                link = f"/other?key={urlsplit(self.path).query}"
                self._send(200, f"<link rel=alternate type=application/rss+xml href='{link}'>")
            case "wrong" | "login":
                self._send(200, echo)
            case "careless":
                self._send(200, "", **{"X-Careless": "yes"})
            case status if status.isdigit():
                self._send(int(status), echo)
            case _:
                feed = self._feed(echo.replace("<", ""))
                self._send(200, feed[: -30 if path == "cut" else None], ETag=self.path[:400])

    def do_POST(self) -> None:
        """Sentry's events."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.events.append((gzip.decompress(body) if packed else body).decode())
        self._send(200, "{}")

    def _feed(self, echo: str) -> str:
        link = self.path.replace("&", "&amp;")
        return (
            f'<rss version="2.0"><channel><title>{echo}</title><item><title>A bell {echo}</title>'
            f"<link>{link}</link><author>{echo}</author><description>{STORY} {echo}</description>"
            "</item></channel></rss>"
        )

    def _send(self, status: int, text: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def feeds() -> Iterator[Feeds]:
    with Feeds() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def addresses(server: Feeds) -> dict[str, tuple[str, str]]:
    """For each path, the address of a feed and the secret in it; at each place where one can be."""
    host = f"127.0.0.1:{server.server_port}"
    made = {}
    for number, path in enumerate(ENDS):
        secret = f"canary+of {path}/{number}=feed&token"
        made[path] = (f"http://{host}/{path}?feed={quote(secret, safe='')}&user=heron", secret)
    for path in ("good", "404", "careless"):
        secret = f"{path}0f8fad5bd9cb469fa165"
        made[f"path {path}"] = (f"http://{host}/{path}/{secret}.xml", secret)
        secret = f"canary of the {path} password"
        made[f"user {path}"] = (f"http://ada:{quote(secret)}@{host}/{path}", secret)
    return made


def test_no_secret_of_a_feeds_address_comes_out_on_any_path(
    record: None, database_url: str, redis_url: str, feeds: Feeds, tmp_path: Path
) -> None:
    # Given feeds with secrets, added by page, by command and as links
    key = crypto.new_key()
    crypto.configure(key)
    known = addresses(feeds)
    settings = environment(
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        CRYPTOGRAPHY_KEY=key,
        SECRET_KEY="a session key for this test",
        MEDIA_DIR=str(tmp_path),
        FETCH_ALLOWED_HOSTS="127.0.0.1",
        SENTRY_DSN=f"http://public@127.0.0.1:{feeds.server_port}/1",
    )
    mill = Mill(settings, tmp_path)
    create_user("olga", PASSWORD, "owner")
    LimitSetting.create(name="feed_fetch", count=1000, seconds=1)
    with mill.redis_watched():
        with mill.back_office() as office:
            assert office.post("/sign-in", on="/sign-in", name="olga", password=PASSWORD).ok
            added = add(office, mill, known)

            # When a worker has fetched them, and an owner has opened every page
            enqueue_due_sources()
            Job.update(attempts=LAST_TRY).where(Job.stage == "fetch").execute()
            with mill.worker():
                ended = until_all_ended(redis_url, added)
            look_at_everything(office, mill, added)
        mill.manage(
            "sources list", "jobs list", "failures list", "limits list",
            *(f"sources {what} {added[name]}" for what in ("show", "outcomes") for name in SAMPLE),
        )  # fmt: skip
    mill.read_record()
    mill.outputs["sentry"] = "\n".join(feeds.events)

    # Then each path was used and ended as it should, with stories where it is good
    assert feeds.asked >= set(ENDS)
    expected = {name: ENDS[name.split()[-1]] for name in known}
    assert {name: code for name, code in ended.items() if code != expected[name]} == {}
    assert Story.select().where(Story.body.contains("It rang twice")).count() == 4
    shows = {
        "table job": "fetch", "table dead_letter": "blocked the request",
        "worker's log": "set_aside", "web's log": "/sources/", "redis": "fetch",
        "/sources/": "?feed=[secret]", "/failures/": "HTTP 404", "manage sources list": "[secret]",
        "table source": "gAAAA", "refused": "Enter the address again", "sentry": "CarelessError",
    }  # fmt: skip
    assert {name: words in mill.outputs[name] for name, words in shows.items()} == dict.fromkeys(
        shows, True
    )

    # And no output contains a secret, although it is still there, encrypted
    leaks = {
        (name, where)
        for name, (_, secret) in known.items()
        for where, text in mill.outputs.items()
        if any(form in text for form in forms(secret))
    }
    assert not leaks, sorted(leaks)
    kept = {Source.get_by_id(source).whole_place for source in added.values()}
    assert kept == {address for address, _ in known.values()}


def add(office: Office, mill: Mill, known: dict[str, tuple[str, str]]) -> dict[str, int]:
    """Add a source for each address, some also as a link; returns the sources' ids."""
    common: dict[str, str] = {**FORM, "kind": "feed", "nsfw": "allow", "language": ""}
    commands = []
    for number, (name, (address, _)) in enumerate(known.items()):
        match number % 3:
            case 0:
                fields = {**common, "name": f"Named {name} {address}"[:120], "place": address}
                refused = office.post("/sources/new", on="/sources/new", **{**fields, "count": "0"})
                assert refused.status_code == 422
                mill.outputs["refused"] = refused.text
                saved = office.post("/sources/new", on="/sources/new", **fields)
                assert saved.status_code == 303, saved.text
                mill.outputs[f"saved {name}"] = office.get("/sources/").text  # with its message
            case 1:
                commands.append(f"sources add {address} --kind feed")
            case _:
                commands.append(f"sources add {address} --kind feed")
                asked = office.post("/stories/link", on="/stories/paste", link=address)
                assert asked.status_code == 303, asked.text
                twice = office.post("/stories/link", on="/stories/paste", link=address)
                mill.outputs[f"asked {name}"] = twice.text + office.get("/stories/paste").text
    mill.manage(*(f"{command} --dry-run" for command in commands[:2]), *commands)
    ids = {source.whole_place: source.id for source in Source.select()}
    return {name: ids[address] for name, (address, _) in known.items()}


def until_all_ended(redis_url: str, added: dict[str, int]) -> dict[str, str]:
    """The error code of each fetch; pauses that one of the feeds asks for are lifted."""
    deadline = time.monotonic() + 60
    with closing(redis.Redis.from_url(beside(redis_url))) as limits:
        while True:
            for key in limits.scan_iter(f"{PREFIX}:feed_fetch:*:hold"):
                limits.delete(key)
            Job.update(due_at=Job.created_at).where(
                Job.stage == "fetch", Job.state == "waiting", Job.attempts == LAST_TRY
            ).execute()
            ledger.sweep()  # as the clock process does
            jobs = {job.subject_id: job for job in Job.select().where(Job.stage == "fetch")}
            left = [
                jobs[each] for each in added.values() if jobs[each].state not in {"done", "dead"}
            ]
            if not left:
                # A job that is done keeps the code of what it last waited for.
                codes = {
                    job.subject_id: job.error_code for job in jobs.values() if job.state == "dead"
                }
                return {name: codes.get(source, "") for name, source in added.items()}
            assert time.monotonic() < deadline, [(job.subject_id, job.waits_for) for job in left]
            time.sleep(0.2)


def look_at_everything(office: Office, mill: Mill, added: dict[str, int]) -> None:
    rows: dict[str, Any] = {"failures": DeadLetter, "stories": Story}
    single = [f"/{at}/{row.id}" for at, table in rows.items() for row in table.select()]
    single += [
        f"/sources/{source}/{page}" for source in added.values() for page in ("edit", "outcomes")
    ]
    for page in (*PAGES, *single):
        answer = office.get(page)
        assert answer.status_code == 200 or page == "/metrics", f"{page}: {answer.status_code}"
        mill.outputs[page] = answer.text
    for name, source in added.items():
        office.post(f"/sources/{source}/switch")
        office.post(f"/sources/{source}/fetch")
        mill.outputs[f"message of {name}"] = office.get("/sources/").text
