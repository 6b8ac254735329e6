"""Secrets take every path of a post, and appear in no output."""

from __future__ import annotations

import json
import re
import shutil
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from admin.auth import create_user
from core import crypto
from core.db import transaction
from models import Account, AccountState, DeadLetter, Job, Method, Post, Video, now
from pipelines import ledger
from pipelines.publishing.accounts import session_settings
from pipelines.stages import STAGES
from sandbox.testing import running_sandbox
from tests.browsers import CHROMEDRIVER, CHROMIUM
from tests.pipelines.publishing.delivery.wiretap import Trouble, Wiretap, tapped
from tests.pipelines.publishing.real_processes import Mill, Office, environment
from tests.waiting import until

pytestmark = pytest.mark.slow

CREATOR = "storymill_tales"
CLIENT_SECRET = "canary+of/the client=secret"
MAIL_PASSWORD = "canary~of~the~mail~password"
SECRET_KEY = "canary-of-the-session-key"
OWNER_PASSWORD = "canary of the owner's password"
LAST_TRY = STAGES["publish"].attempts - 1
DOWNLOAD = re.compile(r"/download/([\w.-]+)")
PAGES = (
    "/", "/live.json", "/accounts/", "/audit/", "/calendar/", "/failures/", "/insights/",
    "/insights/videos.csv", "/jobs/", "/limits/", "/manual/", "/me/", "/posts/",
    "/posts/export.csv", "/sources/", "/stories/", "/users/", "/videos/", "/webhooks/",
)  # fmt: skip

ENDS = {
    "direct": "published",
    "inbox": "inbox",
    "hand": "manual",
    "browser": "published",
    "rejected": "account_expired",
    "broken": "internal_error",
    "slowed": "rate_limit_exceeded",
    "late": "lost_answer",
    "cut": "lost_answer",
    "echoed": "unknown",
    "careless_init": "CarelessError",
    "careless_upload": "CarelessError",
    "careless_refresh": "retryable",
}
"""How the post of each path ends: its state, or its job's error code."""
TROUBLES = (
    ("rejected", "/video/init/", "401 access_token_invalid"),
    ("rejected", "/oauth/token/", "400 invalid_grant"),
    ("broken", "/video/init/", "500 internal_error"),
    ("slowed", "/video/init/", "429 rate_limit_exceeded"),
    ("late", "/video/init/", "late"),
    ("cut", "/upload/", "reset"),
    ("echoed", "/status/fetch/", "echoed"),
    ("careless_init", "/video/init/", "careless"),
    ("careless_upload", "/upload/", "careless"),
    ("careless_refresh", "/oauth/token/", "careless"),
)


@pytest.fixture
def tap() -> Iterator[Wiretap]:
    known = running_sandbox(
        processing_seconds=0.05, tiktok_client_secret=CLIENT_SECRET, mail_password=MAIL_PASSWORD
    )
    with known as sandbox, tapped(sandbox) as tap:
        yield tap


@pytest.fixture
def mill(
    record: None,
    database_url: str,
    redis_url: str,
    tap: Wiretap,
    tmp_path: Path,
) -> Mill:
    """Settings of the processes; this process has the same key and database."""
    sandbox = tap.sandbox
    key = crypto.new_key()
    crypto.configure(key)
    tap.secrets |= {
        key: "cryptography key",
        CLIENT_SECRET: "client secret",
        MAIL_PASSWORD: "mail password",
        SECRET_KEY: "session key",
        OWNER_PASSWORD: "password",
    }
    settings = environment(
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        CRYPTOGRAPHY_KEY=key,
        SECRET_KEY=SECRET_KEY,
        MEDIA_DIR=str(tmp_path),
        TIKTOK_CLIENT_KEY=sandbox.settings.tiktok_client_key,
        TIKTOK_CLIENT_SECRET=CLIENT_SECRET,
        TIKTOK_API_URL=f"{tap.url}/tiktok",
        TIKTOK_AUTHORIZE_URL=f"{sandbox.tiktok_url}/v2/auth/authorize/",
        TIKTOK_STUDIO_URL=sandbox.studio_url,
        SMTP_URL=sandbox.smtp_url("smtp"),
        MAIL_FROM="mill@example.com",
        MAIL_TO="hand@example.com",
        SENTRY_DSN=f"{tap.url.replace('//', '//public@')}/1",
    )
    return Mill(settings, tmp_path)


@pytest.fixture
def paths() -> dict[str, str]:
    """``ENDS`` without the browser path if there is no browser."""
    there = CHROMIUM and CHROMEDRIVER
    return {path: end for path, end in ENDS.items() if there or path != "browser"}


def test_no_secret_comes_out_on_any_path(
    mill: Mill,
    tap: Wiretap,
    paths: dict[str, str],
    make_videos: Callable[..., list[Video]],
    clip: Path,
) -> None:
    # Given an account and a post for each path, with its faults
    video = shutil.copy(clip, mill.folder / "video.mp4")
    posts = {path: begin(path, tap, make_videos(path=Path(video))[0]) for path in paths}

    # When a worker has done all it can, and an owner has opened every page
    create_user("olga", OWNER_PASSWORD, "owner")
    with mill.redis_watched(), mill.worker(), mill.back_office() as office:

        def all_ended() -> bool:
            ledger.sweep()  # as the clock process does
            return not not_ended(posts, paths)

        until(all_ended)
        until(tap.sandbox.mails)
        look_at_everything(office, mill, tap)
    mill.manage(
        "accounts list", "posts list", "failures list", "jobs list",
        f"accounts show {posts['rejected'].account.id}",
    )  # fmt: skip
    mill.read_record()
    mill.outputs["sentry"] = "\n".join(tap.events)
    mill.outputs["mail"] = json.dumps(tap.sandbox.mails())

    # Then each path was used, and each output shows it
    assert tap.struck == set(tap.troubles)
    expected = {
        "worker's log": "set_aside", "web's log": "page_failed", "sentry": "CarelessError",
        "table dead_letter": "CarelessError", "table attempt": "lost_answer",
        "table account": "careless_upload", "redis": "publish", "mail": "The hand lamp",
        "/posts/": "The lamp 1", "/posts/export.csv": "The direct lamp",
        "/accounts/": "careless_refresh", "/jobs/": "publish", "/audit/": "user.sign_in",
        f"/failures/{DeadLetter.select().first().id}": "Traceback",
        "manage posts list": "The direct lamp", "manage failures list": "Carel",
    }  # fmt: skip
    assert {name: words in mill.outputs[name] for name, words in expected.items()} == dict.fromkeys(
        expected, True
    )
    names = {"client_secret", "refresh_token", "access_token", "code", "code_verifier"}
    assert names - set(tap.secrets.values()) <= {"client_secret"}  # listed under its other name
    for_people = {"mail", *(f"/manual/{post.id}" for post in posts.values())}
    links = {link for name in for_people for link in DOWNLOAD.findall(mill.outputs.get(name, ""))}
    assert links

    # And none of them contains a secret, except links where a person needs them
    leaks = {
        (kind, where)
        for secret, kind in (tap.secrets | dict.fromkeys(links, "link")).items()
        for where, text in mill.outputs.items()
        if not (kind == "link" and where in for_people) and any(f in text for f in forms(secret))
    }
    assert not leaks, sorted(leaks)


def begin(path: str, tap: Wiretap, video: Video) -> Post:
    """Connect an account with its own tokens for the path, and plan its post."""
    sandbox = tap.sandbox
    grant = sandbox.grant(CREATOR)
    tap.learn(grant)
    methods = [path] if path in {Method.INBOX, Method.BROWSER} else [Method.DIRECT]
    left = timedelta(minutes=-5 if path == "careless_refresh" else 100)
    account = Account.create(
        open_id=path,
        name=path,
        state=AccountState.CONNECTED,
        scopes=grant["scope"],
        access_token=grant["access_token"],
        refresh_token=grant["refresh_token"],
        access_expires_at=now() + left,
        refresh_expires_at=now() + timedelta(days=100),
        privacy="SELF_ONLY",
        methods=[Method.MANUAL] if path == "hand" else methods,
    )
    if path == Method.BROWSER:
        cookies = sandbox.browser_session(CREATOR)
        tap.secrets |= {
            cookie["value"]: f"cookie {cookie['name']}" for cookie in json.loads(cookies)
        }
        session_settings.set_browser_session(
            account.id, cookies, "ada", username=CREATOR, site="127.0.0.1"
        )
    for name, call, what in TROUBLES:
        if name == path:
            refreshes = call == "/oauth/token/"
            tap.troubles.append(
                Trouble(call, grant["refresh_token" if refreshes else "access_token"], what)
            )
    post = Post.create(video=video, account=account, title=f"The {path} lamp")
    with transaction():
        ledger.enqueue("publish", post.id, request_id=path)
    if path.startswith("careless"):
        Job.update(attempts=LAST_TRY).where(Job.subject_id == post.id).execute()
    return post


def not_ended(posts: dict[str, Post], paths: dict[str, str]) -> dict[str, set[str]]:
    """Posts that have not ended yet: their state, and their jobs' error codes."""
    found = {}
    for path, post in posts.items():
        job = (Job.subject_id == post.id) & Job.stage.in_(["publish", "confirm"])
        said = [row.error_code for row in Job.select().where(job)]
        found[path] = {Post.get_by_id(post.id).state, *said}
    return {path: at for path, at in found.items() if paths[path] not in at}


def look_at_everything(office: Office, mill: Mill, tap: Wiretap) -> None:
    """Connect an account, with and without success, and open every page."""
    fields = {"name": "olga", "password": OWNER_PASSWORD}
    assert office.post("/sign-in", on="/sign-in", **fields).status_code == 303
    for _ in range(2):
        away = office.post("/accounts/connect", on="/accounts/").headers["Location"]
        back = tap.sandbox.consent(away, "midnight_pages")
        tap.learn(back)
        query = f"state={quote(back['state'])}&code={quote(back['code'])}"
        answer = office.get(f"/accounts/callback?{query}")
        mill.outputs[f"connected {answer.status_code}"] = answer.text
        tap.troubles.append(Trouble("/oauth/token/", CLIENT_SECRET, "careless"))
    rows = {"accounts": Account, "posts": Post, "failures": DeadLetter}
    single = [f"/{at}/{row.id}" for at, table in rows.items() for row in table.select()]
    single += [f"/manual/{row.id}" for row in Post.select().where(Post.method == Method.MANUAL)]
    for page in (*PAGES, *single):
        answer = office.get(page)
        assert answer.status_code == 200, f"{page}: {answer.status_code}"
        mill.outputs[page] = answer.text
    for link in DOWNLOAD.findall(json.dumps(tap.sandbox.mails()))[:1]:
        assert office.get(f"/download/{link}").content


def forms(secret: str) -> set[str]:
    """The secret as plain text, URL-encoded, and at each offset in base64 text."""
    found = {secret, quote(secret), quote(secret, safe=""), quote(secret).replace("%20", "+")}
    for encode in (b64encode, urlsafe_b64encode):
        for shift in range(3):
            whole = encode(b"." * shift + secret.encode()).decode().rstrip("=")
            found.add(whole[4 if shift else 0 : -1])
    return found
