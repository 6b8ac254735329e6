"""A post's JSON becomes a story, even if the JSON is unusual."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.ports import FetchedStory
from adapters.reddit.post import MalformedPostError, stories_of, to_story

SITE = "https://www.reddit.com"


def post(**changes: Any) -> dict[str, Any]:
    return {
        "id": "abc12",
        "name": "t3_abc12",
        "title": "The lamp in the empty house",
        "selftext": "It was on again.\n\nNobody lives there.",
        "author": "night_walker",
        "subreddit": "sandboxstories",
        "permalink": "/r/sandboxstories/comments/abc12/the_lamp/",
        "score": 314,
        "over_18": False,
        "stickied": False,
        "is_self": True,
        "removed_by_category": None,
        "created_utc": 1_760_000_000.0,
        **changes,
    }


def story(**changes: Any) -> FetchedStory:
    return to_story(post(**changes), site=SITE)


def test_a_post_keeps_its_words_and_where_it_came_from() -> None:
    assert story() == FetchedStory(
        external_id="reddit:t3_abc12",
        title="The lamp in the empty house",
        body="It was on again.\n\nNobody lives there.",
        url="https://www.reddit.com/r/sandboxstories/comments/abc12/the_lamp/",
        place="sandboxstories",
        author="night_walker",
        score=314,
        written_at=datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"selftext": "[removed]"},
        {"selftext": "[deleted]", "author": "[deleted]"},
        {"selftext": "[ Removed by Reddit in response to a copyright notice. ]"},
        {"title": "[deleted by user]", "selftext": ""},
        {"removed_by_category": "moderator"},
        {"author": None, "selftext": None},
        {"selftext": "*This post was deleted by its writer, using a privacy script*"},
        {"selftext": "oak jug *This post was mass deleted and anonymized with [Redact](x)*"},
    ],
)
def test_a_deleted_post_is_marked_as_removed(changes: dict[str, Any]) -> None:
    assert story(**changes).removed


@pytest.mark.parametrize("author", [None, "[deleted]"])
def test_a_story_stays_usable_after_its_author_deletes_the_account(author: str | None) -> None:
    left = story(author=author)

    assert not left.removed
    assert left.author == ""


TOLD = "They locked our boathouse, and I kept the only key."


@pytest.mark.parametrize(
    "media",
    [
        {"post_hint": "image", "url": "https://i.example/1.jpg"},
        {"is_gallery": True, "gallery_data": {"items": [{"media_id": "m", "id": 1}]}},
        {"post_hint": "link", "url": "https://news.example/street"},
        {"is_video": True, "media": {"reddit_video": {}}},
        {"is_self": True, "poll_data": {"options": []}},
    ],
)
def test_a_picture_or_link_with_a_text_is_a_story(media: dict[str, Any]) -> None:
    # Given a post with a text, and one that cross-posts it
    shown = post(**{"is_self": False, "selftext": TOLD, **media})
    crossed = {"crosspost_parent": "t3_abc12", "crosspost_parent_list": [shown]}
    again = post(id="again1", name="t3_again1", is_self=False, selftext="", **crossed)

    # Then both are stories with this text
    for one in (shown, again):
        read = to_story(one, site=SITE)
        assert (read.body, read.media_only) == (TOLD, False)

    # But without a text they stay pictures or links
    bare = {**shown, "is_self": False, "selftext": " \n"}
    again["crosspost_parent_list"] = [bare]
    assert to_story(bare, site=SITE).media_only
    assert to_story(again, site=SITE).media_only


def test_links_and_pictures_are_media_and_a_title_alone_is_not() -> None:
    assert story(is_self=False, selftext="", url="https://i.example/1.jpg").media_only
    title_alone = story(selftext=None)
    assert (title_alone.media_only, title_alone.body, title_alone.removed) == (False, "", False)


def test_a_crosspost_names_its_original_and_shows_its_text() -> None:
    crossposted = story(
        is_self=False,
        selftext="",
        crosspost_parent="t3_first1",
        crosspost_parent_list=[post(id="first1", selftext="The first telling.")],
    )

    assert crossposted.external_id == "reddit:t3_abc12"
    assert crossposted.crosspost_of == "reddit:t3_first1"
    assert crossposted.body == "The first telling."
    assert not crossposted.media_only


def test_flags_are_carried_over() -> None:
    flagged = story(over_18=True, stickied=True)

    assert (flagged.nsfw, flagged.stickied) == (True, True)


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"name": None, "id": 12345}, "external_id", "reddit:t3_12345"),
        ({"score": "17"}, "score", 17),
        ({"score": None}, "score", 0),
        ({"score": 1e300}, "score", 2**31 - 1),
        ({"created_utc": "1760000000"}, "written_at", datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)),
        ({"created_utc": 1e99}, "written_at", None),
        ({"created_utc": "yesterday"}, "written_at", None),
        ({"author": {"name": "x"}, "subreddit": 7}, "place", "7"),
        ({"selftext": "a\0b\ud83d"}, "body", "ab"),  # PostgreSQL can store neither
        ({"permalink": "javascript:alert(1)"}, "url", ""),
        ({"permalink": None, "url": "https://example.org/a"}, "url", "https://example.org/a"),
        ({"is_self": None}, "media_only", False),
    ],
)
def test_odd_fields_do_no_harm(changes: dict[str, Any], field: str, value: object) -> None:
    assert getattr(story(**changes), field) == value


def test_only_an_id_and_a_title_are_needed() -> None:
    bare = to_story({"id": "zz9", "title": "A title"}, site=SITE)

    assert (bare.external_id, bare.title, bare.body) == ("reddit:t3_zz9", "A title", "")
    with pytest.raises(MalformedPostError, match="no id"):
        to_story({"title": "A title"}, site=SITE)
    with pytest.raises(MalformedPostError, match="no title"):
        to_story({"id": "zz9", "title": None}, site=SITE)


def test_malformed_posts_are_left_out_one_by_one() -> None:
    things = [
        {"kind": "t3", "data": post()},
        {"kind": "t1", "data": {"id": "c1", "body": "a comment"}},
        {"kind": "more", "data": {"children": ["x"]}},
        {"kind": "t3", "data": None},
        {"kind": "t3"},
        "nonsense",
        post(id="bare1", name="t3_bare1"),
    ]

    found = [story.external_id for story in stories_of(things, site=SITE)]

    assert found == ["reddit:t3_abc12", "reddit:t3_bare1"]
