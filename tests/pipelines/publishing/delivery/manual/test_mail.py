"""The mail about a post that has to be made by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from models import AuditEntry, Job, JobState, Post, PostState, now
from pipelines.publishing.delivery.manual import manual_post
from pipelines.publishing.posts import decisions
from pipelines.stages import STAGES
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.delivery.manual.by_hand import Hand, MakeVideos, job_state


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
