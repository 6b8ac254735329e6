"""What a person says about a post made by hand, and the address that they paste."""

from __future__ import annotations

import pytest

from core.db import transaction
from core.errors import InputError
from models import Attempt, AuditEntry, Job, JobState, Post, PostState, StaleStateError
from pipelines.publishing.delivery.manual import manual_post
from pipelines.publishing.delivery.manual.manual_post import Place, place
from pipelines.publishing.posts import decisions
from pipelines.publishing.scheduling import planning
from tests.pipelines.publishing.delivery.manual.by_hand import Hand, MakeVideos


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
