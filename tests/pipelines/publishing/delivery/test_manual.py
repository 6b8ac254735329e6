"""Posting by hand: the mail, its link, and what a person reports afterwards."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.mail.smtp import SmtpMailer
from adapters.ports import Mailer
from core import crypto, log
from core.db import transaction
from core.errors import InputError, Parked, Retryable, StageError
from core.settings import Settings
from core.smtp import SmtpServer
from models import (
    Account,
    AccountState,
    Attempt,
    AuditEntry,
    Job,
    JobState,
    Post,
    PostState,
    StaleStateError,
    Video,
    now,
)
from pipelines import ledger
from pipelines.publishing.delivery.manual import manual_post
from pipelines.publishing.delivery.manual.links import LinkExpiredError, Links, LinkUnknownError
from pipelines.publishing.delivery.manual.manual_post import Place, place
from pipelines.publishing.posts import decisions
from pipelines.publishing.scheduling import planning
from pipelines.stages import STAGES
from sandbox.testing import RunningSandbox

MakeVideos = Callable[..., list[Video]]
SECRET = "a secret of the tests alone"


@pytest.fixture
def links() -> Links:
    return Links(secret_key=SECRET, public_url="https://office.example/", hours=72)


@pytest.fixture
def account(record: None) -> Account:
    return Account.create(
        open_id="hand",
        name="hand_tales",
        state=AccountState.CONNECTED,
        methods=["manual"],
        privacy="PUBLIC_TO_EVERYONE",
        allow_comment=True,
        timezone="Europe/Berlin",
    )


@dataclass
class Hand:
    """Does a worker's part of the stage ``mail``."""

    mailer: Mailer | None
    links: Links
    errors: list[StageError] = field(default_factory=list)

    def begin(self, video: Video, reason: str = "This account is posted to by hand.") -> Post:
        """Plan the video's post and give it to a person, as the stage ``publish`` does."""
        with transaction():
            (post,) = planning.plan(video)
        claim = ledger.claim("publish", post.id, "hand")
        assert claim is not None, "This post may not go out yet."
        with claim.finish():
            post.move(PostState.MANUAL, reason=reason)
            manual_post.begin(post, request_id=claim.request_id)
        return post

    def mail(self, post: Post) -> None:
        """One try at the post's mail."""
        Job.update(due_at=now()).where(Job.stage == "mail").execute()
        claim = ledger.claim("mail", post.id, "hand")
        assert claim is not None
        try:
            manual_post.mail(post.id, claim, self.mailer, self.links)
        except Retryable as error:
            ledger.put_back(claim, error)
            self.errors.append(error)
        except Parked as error:
            ledger.park(claim, error)
            self.errors.append(error)


@pytest.fixture
def hand(sandbox: RunningSandbox, account: Account, links: Links) -> Hand:
    server = SmtpServer.parse(sandbox.smtp_url("smtp"))
    mailer = SmtpMailer(
        server=server, sender="mill@example.com", recipients=("hand@example.com",), seconds=5
    )
    return Hand(mailer, links)


def job_state(post: Post) -> str:
    job = Job.of("mail", post.id)
    return job.state if job is not None else "none"


# ── the mail ─────────────────────────────────────────────────────────────────────────────────


def test_a_mail_holds_all_that_a_person_needs(
    hand: Hand, make_videos: MakeVideos, sandbox: RunningSandbox
) -> None:
    # given the second part's post, scheduled in its account's time zone
    first, second = make_videos(parts=2)
    decisions.cancel(hand.begin(first).id, "olga")
    post = hand.begin(second, reason="TikTok wants a person (CAPTCHA).")
    Post.update(scheduled_at=datetime(2026, 1, 5, 17, 0, tzinfo=UTC)).execute()

    hand.mail(post)

    (mail,) = sandbox.mails()
    assert mail["subject"] == "Post by hand: The lamp 1 (part 2 of 2) on hand_tales"
    for words in (
        "Account: hand_tales",
        "Video: The lamp 1 (part 2 of 2) (0:02, ",
        "When: Monday 05 January 2026, 18:00 (Europe/Berlin)",
        "Why by hand: TikTok wants a person (CAPTCHA).",
        "seen by: Everyone, comments on, duets off, stitches off, AI-generated label on",
        "The lamp 1 (part 2 of 2) #storytime #mystery",
        f"https://office.example/manual/{post.id}",
    ):
        assert words in mail["text"], words
    link = re.search(r"https://office\.example/download/(\S+)", mail["text"])
    assert link
    assert hand.links.post_id(link[1]) == post.id
    assert f"href='{link[0]}'" in mail["html"]
    assert job_state(post) == JobState.DONE


def test_a_storys_text_is_only_text_in_the_mail(
    hand: Hand, make_videos: MakeVideos, sandbox: RunningSandbox
) -> None:
    post = hand.begin(make_videos()[0], reason="<b>why</b>")
    caption = "https://evil.example\r\nBcc: thief@example.net <script>x</script> " + "ünï" * 700
    Post.update(title=caption).execute()

    hand.mail(post)

    (mail,) = sandbox.mails()
    assert mail["recipients"] == ["hand@example.com"]
    assert caption.replace("\r\n", "\n") in mail["text"]
    assert "<script>" not in mail["html"]
    assert "<b>why" not in mail["html"]
    assert "href='https://evil" not in mail["html"]


def test_a_lost_answer_sends_the_same_mail_once_more(
    hand: Hand, make_videos: MakeVideos, sandbox: RunningSandbox
) -> None:
    post = hand.begin(make_videos()[0])
    sandbox.fault("mail", "data", "lost_response")

    hand.mail(post)
    hand.mail(post)

    assert [error.code for error in hand.errors] == ["lost_answer"]
    assert len({mail["headers"]["Message-ID"] for mail in sandbox.mails()}) == 1
    assert len(sandbox.mails()) == 2
    assert job_state(post) == JobState.DONE


def test_a_decided_post_sends_no_mail(
    hand: Hand, make_videos: MakeVideos, sandbox: RunningSandbox
) -> None:
    post = hand.begin(make_videos()[0])
    post.move(PostState.CANCELLED)

    hand.mail(post)

    assert sandbox.mails() == []
    assert job_state(post) == JobState.DONE


def test_a_decision_ends_the_mail_that_was_still_to_be_sent(
    hand: Hand, make_videos: MakeVideos
) -> None:
    post = hand.begin(make_videos()[0])
    manual_post.mark_posted(post.id, "olga", "")
    assert job_state(post) == JobState.CANCELLED


def test_without_a_mail_server_only_the_page_shows_the_post(
    hand: Hand, make_videos: MakeVideos, sandbox: RunningSandbox
) -> None:
    hand.mailer = None
    post = hand.begin(make_videos()[0])
    hand.mail(post)
    assert job_state(post) == JobState.DONE
    assert Post.get_by_id(post.id).state == PostState.MANUAL


def test_a_refusal_waits_for_a_person_who_asks_again(
    hand: Hand, make_videos: MakeVideos, sandbox: RunningSandbox
) -> None:
    # given a mail that the server rejects
    post = hand.begin(make_videos()[0])
    sandbox.fault("mail", "sender", "refuses")
    hand.mail(post)
    assert job_state(post) == JobState.PARKED
    assert "correct MAIL_FROM" in str(hand.errors[0])

    manual_post.mail_again(post.id, "olga")
    hand.mail(post)

    assert len(sandbox.mails()) == 1
    assert AuditEntry.get().action == "post.mail"


def test_a_new_mail_is_another_one_and_does_not_wait_for_a_late_try(
    hand: Hand, make_videos: MakeVideos, sandbox: RunningSandbox
) -> None:
    post = hand.begin(make_videos()[0])
    hand.mail(post)
    manual_post.mail_again(post.id, "olga")
    sandbox.fault("mail", "connect", "busy")
    hand.mail(post)
    manual_post.mail_again(post.id, "olga")
    assert Job.of("mail", post.id).due_at <= now()  # type: ignore[union-attr]
    hand.mail(post)

    new, old = sandbox.mails()
    assert new["headers"]["Message-ID"] != old["headers"]["Message-ID"]
    assert new["headers"]["References"] == old["headers"]["References"]


def test_the_stage_is_in_the_table() -> None:
    assert (STAGES["mail"].queue, STAGES["mail"].subject) == ("network", "Post")


# ── links ────────────────────────────────────────────────────────────────────────────────────


def test_a_link_opens_one_post_until_its_time_is_over(account: Account, links: Links) -> None:
    made = links.download(Post(id=7))
    assert links.post_id(made.token) == 7
    assert made.address == f"https://office.example/download/{made.token}"
    assert timedelta(hours=71, minutes=59) < made.until - now() <= timedelta(hours=72)

    over = Links(secret_key=SECRET, public_url="", hours=0).download(Post(id=7))
    with pytest.raises(LinkExpiredError):
        links.post_id(over.token)


def test_a_changed_or_foreign_link_opens_nothing(links: Links) -> None:
    token = links.download(Post(id=7)).token
    payload, _, signature = token.rpartition(".")
    others = Links(secret_key="another secret of sixteen", public_url="", hours=72)
    other_payload = links.download(Post(id=8)).token.rpartition(".")[0]
    for wrong in (
        "",
        "7",
        payload,
        f"{other_payload}.{signature}",
        f"{payload}.{signature[:-2]}",
        token + "A",
        token * 50,
        "ä" + token,
        others.download(Post(id=7)).token,
    ):
        with pytest.raises(LinkUnknownError):
            links.post_id(wrong)


def test_a_session_signature_is_no_link(links: Links) -> None:
    from itsdangerous import URLSafeSerializer

    until = int((now() + timedelta(hours=1)).timestamp())
    forged = URLSafeSerializer(SECRET, salt="cookie-session").dumps([7, until])
    with pytest.raises(LinkUnknownError):
        links.post_id(str(forged))


def test_links_are_in_no_log(links: Links, caplog: pytest.LogCaptureFixture) -> None:
    address = links.download(Post(id=7)).address
    assert log.scrub(f"GET {address} 200") == "GET https://office.example/download/[secret] 200"
    logger = logging.getLogger("gunicorn.canary")
    logger.addFilter(log.Scrubbed())
    logger.error("Error handling request %s", address)
    assert address not in caplog.text
    assert "/download/[secret]" in caplog.text


# ── what a person says ───────────────────────────────────────────────────────────────────────


def test_marking_it_as_posted_lets_the_next_part_go(hand: Hand, make_videos: MakeVideos) -> None:
    # given two parts, and the first one waits for a person
    first, second = make_videos(parts=2)
    post = hand.begin(first)
    with transaction():
        (following,) = planning.plan(second)
    assert Job.of("publish", following.id) is None

    address = "https://www.tiktok.com/@hand_tales/video/7500000000000000001?is_from_webapp=1"
    found = manual_post.mark_posted(post.id, "olga", f"Look at this! {address}")

    posted = Post.get_by_id(post.id)
    assert posted.state == PostState.PUBLISHED
    assert posted.platform_id == found.platform_id == "7500000000000000001"
    assert posted.address == "https://www.tiktok.com/@hand_tales/video/7500000000000000001"
    assert posted.published_at is not None
    attempt = Attempt.get(Attempt.post == post)
    assert (attempt.method, attempt.outcome) == ("manual", "published")
    assert attempt.platform_id == "7500000000000000001"
    assert AuditEntry.get().action == "post.mark_published"
    assert Job.of("publish", following.id) is not None
    with pytest.raises(StaleStateError):
        manual_post.mark_posted(post.id, "emil", "")


def test_one_address_belongs_to_one_post(hand: Hand, make_videos: MakeVideos) -> None:
    post, other = (hand.begin(make_videos()[0]) for _ in range(2))
    for where in ("7500000000000000001", "https://vm.tiktok.com/ZMabc123/"):
        Post.update(state=PostState.MANUAL).where(Post.id == post).execute()
        manual_post.mark_posted(post.id, "olga", where)
        with pytest.raises(InputError, match=f"Post {post.id} already has this address"):
            manual_post.mark_posted(other.id, "olga", where)
    assert Post.get_by_id(other.id).state == PostState.MANUAL


def test_a_person_has_it_posted_automatically_after_all(
    hand: Hand, make_videos: MakeVideos
) -> None:
    post = hand.begin(make_videos()[0])
    Post.update(method="manual").execute()

    decisions.post_again(post.id, "olga")

    back = Post.get_by_id(post.id)
    assert (back.state, back.method, back.reason) == (PostState.PLANNED, "", "")
    job = Job.of("publish", post.id)
    assert job is not None
    assert job.state == JobState.WAITING
    assert Attempt.get(Attempt.post == post).outcome == "put_back"
    with pytest.raises(StaleStateError, match="nobody has to post it by hand"):
        manual_post.mail_again(post.id, "olga")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Place()),
        ("  7500000000000000001 ", Place("7500000000000000001")),
        (
            "https://www.tiktok.com/@a.b_c/video/7500000000000000001?lang=de#x",
            Place(
                "7500000000000000001",
                "https://www.tiktok.com/@a.b_c/video/7500000000000000001",
                "a.b_c",
            ),
        ),
        (
            "m.tiktok.com/@abc/video/7500000000000000001/",
            Place(
                "7500000000000000001",
                "https://www.tiktok.com/@abc/video/7500000000000000001",
                "abc",
            ),
        ),
        (
            "https://WWW.TikTok.com/%40abc/video/7500000000000000001",
            Place(
                "7500000000000000001",
                "https://www.tiktok.com/@abc/video/7500000000000000001",
                "abc",
            ),
        ),
        (
            "See it: https://vm.tiktok.com/ZMhvw8kXy/.",
            Place(address="https://vm.tiktok.com/ZMhvw8kXy/"),
        ),
        (
            "https://www.tiktok.com/t/ZT8abcdef/",
            Place(address="https://www.tiktok.com/t/ZT8abcdef/"),
        ),
    ],
)
def test_addresses_are_read_as_phones_give_them(text: str, expected: Place) -> None:
    assert place(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://www.tiktok.com.evil.example/@a/video/7500000000000000001",
        "https://evil.example/?https://www.tiktok.com/@a/video/7500000000000000001",
        "https://www.tiktok.com@evil.example/@a/video/7500000000000000001",
        "javascript:alert(1)",
        "https://youtu.be/abcdefg",
        "https://www.tiktok.com/@abc",
        "http://[broken",
        "posted it",
        "12",
    ],
)
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="That is not the address of a TikTok video"):
        place(text)


def test_workers_and_the_back_office_make_the_same_links(tmp_path: Path) -> None:
    settings = Settings(
        database_url=SecretStr("postgresql://db"),
        redis_url=SecretStr("redis://queue"),
        cryptography_key=SecretStr(crypto.new_key()),
        secret_key=SecretStr(SECRET),
        public_url="https://office.example",
    )
    assert Links.of(settings).post_id(Links.of(settings).download(Post(id=3)).token) == 3
