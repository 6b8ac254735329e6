"""A post's settings, its attempts, and what a person decides about it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from models import Account, Attempt, AuditEntry, Job, JobState, Post, PostState, now
from tests.admin import records

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.settings import Settings
    from tests.admin.conftest import Browser


@pytest.fixture
def make(settings: Settings, record: None) -> Callable[..., Post]:
    """Creates a post with its own video."""

    def make(state: str = PostState.PLANNED, on: Account | None = None, **fields: Any) -> Post:
        account = on or Account.get_or_none() or records.account()
        return records.post(records.video(settings.media_dir), account, state, **fields)

    return make


def block_for_compliance(post: Post) -> None:
    sentence = "Promotional text: “link in bio”."
    records.job(
        "publish",
        post.id,
        JobState.PARKED,
        error=sentence,
        error_code="compliance_promotion",
        finished_at=now(),
    )


def test_a_person_decides_about_a_post_that_needs_attention(
    make: Callable[..., Post], editor: Browser
) -> None:
    post = make(PostState.PARKED, reason="Unknown.")
    page = editor.get(f"/posts/{post.id}").text
    assert "Mark as published" in page

    editor.post(f"/posts/{post.id}/published", platform_id="7411")

    seen = Post.get_by_id(post.id)
    assert (seen.state, seen.platform_id) == (PostState.PUBLISHED, "7411")


def test_a_title_can_be_edited_until_the_upload_starts(
    make: Callable[..., Post], editor: Browser
) -> None:
    post = make()

    editor.post(f"/posts/{post.id}/title", title="The blue ladder\r\n#storytime")
    assert Post.get().title == "The blue ladder\n#storytime"

    too_long = editor.post(f"/posts/{post.id}/title", title="🪜" * 1_200)
    assert too_long.status_code == 422
    assert "The title has 2,400 characters, but TikTok allows 2,200" in too_long.text
    assert "🪜" * 1_200 in too_long.text, "the input is not lost"

    Post.update(state=PostState.UPLOADING, publish_id="p1").execute()
    page = editor.get(f"/posts/{post.id}").text
    assert "<textarea" not in page
    assert "The blue ladder" in page


def test_a_posts_settings_override_its_accounts(make: Callable[..., Post], editor: Browser) -> None:
    post = make()
    Account.update(privacy="PUBLIC_TO_EVERYONE", allow_comment=True).execute()
    page = editor.get(f"/posts/{post.id}").text
    assert "Account default: Everyone" in page
    assert "Account default: on" in page

    editor.post(f"/posts/{post.id}/options", privacy="SELF_ONLY", allow_comment="off", ai_label="")
    assert Post.get().options == {"privacy": "SELF_ONLY", "allow_comment": False}
    assert '<option value="SELF_ONLY" selected>' in editor.get(f"/posts/{post.id}").text

    refused = editor.post(f"/posts/{post.id}/options", privacy="EVERYBODY")
    assert "Choose who can see the post" in editor.after(refused)


@pytest.mark.slow
def test_a_blocked_post_is_approved_with_a_reason(
    make: Callable[..., Post], editor: Browser
) -> None:
    post = make(PostState.PARKED)
    assert "Approve anyway" not in editor.get(f"/posts/{post.id}").text
    block_for_compliance(post)
    page = editor.get(f"/posts/{post.id}").text
    assert "Promotional text: “link in bio”." in page
    assert "Approve anyway" in page

    editor.post(f"/posts/{post.id}/pass", reason=" ")
    assert not Post.get().allowed
    editor.post(f"/posts/{post.id}/pass", reason="It is a quotation")

    assert (Post.get().allowed, Post.get().state) == (True, PostState.PLANNED)
    entry = AuditEntry.get(AuditEntry.action == "post.allow")
    assert (entry.actor, entry.subject, entry.reason) == (
        "emil",
        f"post {post.id}",
        "It is a quotation",
    )
    assert "Approved despite the compliance check" in editor.get(f"/posts/{post.id}").text


def test_each_fallback_is_shown_with_its_reason(make: Callable[..., Post], viewer: Browser) -> None:
    post = make(PostState.MANUAL, method="manual")
    Attempt.create(post=post, method="direct", outcome="next_way", reason="TikTok wants an audit.")
    Attempt.create(post=post, method="browser", outcome="captcha", reason="A CAPTCHA was shown.")

    page = viewer.get(f"/posts/{post.id}").text

    for words in ("Direct post", "TikTok wants an audit.", "Browser", "A CAPTCHA was shown."):
        assert words in page
    assert f'href="/manual/{post.id}"' in page
    assert "Reschedule" not in page


def test_only_a_scheduled_post_can_be_rescheduled(
    make: Callable[..., Post], editor: Browser
) -> None:
    scheduled, published = make(), make(PostState.PUBLISHED, address="https://www.tiktok.com/@x/1")

    assert f'action="/calendar/{scheduled.id}/time"' in editor.get(f"/posts/{scheduled.id}").text
    page = editor.get(f"/posts/{published.id}").text
    assert "Reschedule" not in page
    assert "https://www.tiktok.com/@x/1" in page


def test_an_address_that_is_not_a_url_is_not_linked(
    make: Callable[..., Post], viewer: Browser
) -> None:
    post = make(PostState.PUBLISHED, address="javascript:alert(1)")
    assert "javascript:" not in viewer.get(f"/posts/{post.id}").text


def test_posts_are_found_by_state_account_and_method(
    make: Callable[..., Post], viewer: Browser
) -> None:
    other = records.account("tower_tales")
    here = make(PostState.PARKED, method="inbox", on=records.account())
    make(PostState.PARKED, method="browser", on=other)
    make(PostState.PLANNED, on=other)

    def found(query: str) -> int:
        return viewer.get(f"/posts/?{query}").text.count('class="about"')

    assert (found(""), found("state=parked"), found(f"account={other.id}")) == (3, 2, 2)
    assert found("method=inbox") == 1
    assert found(f"state=parked&account={other.id}&method=browser") == 1
    assert found("state=failed") == 0
    assert f"/posts/{here.id}" in viewer.get("/posts/?method=inbox").text


@pytest.mark.slow
def test_selected_posts_are_cancelled_or_retried_and_refusals_are_shown(
    make: Callable[..., Post], editor: Browser
) -> None:
    planned, parked, published = make(), make(PostState.PARKED), make(PostState.PUBLISHED)
    ids = [planned.id, parked.id, published.id, 404]

    requeued = editor.post("/posts/decide", decision="requeue", id=[parked.id, published.id, 404])
    page = editor.get(requeued.location).text
    assert "Retrying “The green ladder #storytime”." in page
    assert "is published: only a failed post" in page
    assert "There is no post 404" in page
    assert Job.of("publish", parked.id) is not None

    cancelled = editor.post("/posts/decide", decision="cancel", id=ids)
    assert "Cancelled 2 posts: " in editor.get(cancelled.location).text
    states = {post.id: post.state for post in Post.select()}
    assert states == {
        planned.id: PostState.CANCELLED,
        parked.id: PostState.CANCELLED,
        published.id: PostState.PUBLISHED,
    }
    assert editor.post("/posts/decide", decision="burn", id=ids).status_code == 400


def test_viewers_have_no_buttons(make: Callable[..., Post], viewer: Browser) -> None:
    post = make(PostState.PARKED)
    block_for_compliance(post)

    for path in ("/posts/", f"/posts/{post.id}"):
        page = viewer.get(path).text
        assert "checkbox" not in page
        assert "Approve anyway" not in page
        assert ">Save<" not in page
    for action in ("title", "options", "pass", "requeue", "cancel", "again"):
        assert viewer.post(f"/posts/{post.id}/{action}").status_code == 403


def test_the_export_is_a_table_without_formulas_or_secrets(
    make: Callable[..., Post], viewer: Browser
) -> None:
    make(PostState.PARKED, title='=HYPERLINK("http://example.com")', reason="@SUM(1)")
    make(PostState.PUBLISHED, title='-1, "quoted"\nand more', published_at=now())

    answer = viewer.get("/posts/export.csv")

    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["title"] for row in rows] == [
        '\'-1, "quoted"\nand more',
        '\'=HYPERLINK("http://example.com")',
    ]
    assert rows[1]["reason"] == "'@SUM(1)"
    assert "canary" not in answer.text
    kept = viewer.get("/posts/export.csv?state=parked").text
    assert len(list(csv.DictReader(io.StringIO(kept)))) == 1
