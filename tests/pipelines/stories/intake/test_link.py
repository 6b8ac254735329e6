"""A pasted link makes one story, and no source."""

from __future__ import annotations

import pytest

from adapters.ports import FetchedStory
from core.errors import InputError, Permanent
from models import Job, JobState, Source, SourceKind, Story, StoryState
from pipelines.stories.intake.link import add_link, read_link
from tests.pipelines.production.making import claimed
from tests.pipelines.stories.intake.test_fetch import Feed

pytestmark = pytest.mark.usefixtures("record")

LINK = "https://www.reddit.com/r/tifu/comments/abc/the_lamp/"
POST = FetchedStory(
    external_id="reddit:t3_abc", title="The lamp", body="It went out. " * 20, url=LINK, place="tifu"
)


def test_a_link_becomes_one_story_and_no_source() -> None:
    # When links are added
    story = add_link(f"{LINK}?utm=x", by="ada")
    add_link("https://night.example/feed", by="ada")

    # Then there is one source for all that people add by hand
    assert [row.kind for row in Source.select()] == [SourceKind.PASTE]
    assert (story.state, story.url) == (StoryState.FETCHED, f"{LINK}.rss")
    with pytest.raises(InputError, match=f"added before, as story {story.id}"):
        add_link("https://old.reddit.com/r/tifu/comments/abc/the_lamp/", by="ada")

    # And when it is read, the story has the post's text and is prepared
    feed = Feed([POST])
    read_link(story.id, claimed("link", story.id), feed)
    story = Story.get_by_id(story.id)
    assert (story.title, story.external_id, story.state) == ("The lamp", "reddit:t3_abc", "fetched")
    assert story.link_address is None
    assert Job.of("prepare", story.id) is not None
    assert feed.asked[0].place == f"{LINK}.rss"
    with pytest.raises(InputError, match="added before"):
        add_link(LINK, by="ada")


def test_a_link_that_can_not_be_read_says_why_and_may_be_pasted_again() -> None:
    story = add_link(LINK, by="ada")
    claim = claimed("link", story.id)
    with pytest.raises(Permanent, match="There is no post at this link"):
        read_link(story.id, claim, Feed([]))
    assert Story.get_by_id(story.id).reason.startswith("There is no post at this link")

    Job.update(state=JobState.DEAD, finished_at=story.created_at).execute()
    assert add_link(LINK, by="ada") == story
    job = Job.of("link", story.id)
    assert job is not None
    assert job.state == JobState.WAITING


def test_a_link_to_a_known_post_is_skipped() -> None:
    first = add_link(LINK, by="ada")
    read_link(first.id, claimed("link", first.id), Feed([POST]))
    second = add_link("https://redd.it/abc", by="ada")
    read_link(second.id, claimed("link", second.id), Feed([POST]))
    again = Story.get_by_id(second.id)
    assert (again.state, again.reason) == (
        "skipped",
        f"It was added before, as story {first.id}.",
    )


def test_a_reddit_link_in_any_of_its_shapes_becomes_the_posts_feed() -> None:
    post = "https://www.reddit.com/r/a/comments/"
    shapes = {
        "https://redd.it/abc": "https://www.reddit.com/comments/abc/.rss",
        "https://m.reddit.com/r/a/comments/1/c#x": f"{post}1/c/.rss",
        "http://reddit.com/r/a/comments/2/c/d1e2f3/": f"{post}2/c/.rss",
        "https://www.reddit.com/r/a/comments/3/c/.rss": f"{post}3/c/.rss",
        "https://www.reddit.com/r/a": "https://www.reddit.com/r/a/.rss",
        "https://notreddit.com/r/a?page=2": "https://notreddit.com/r/a?page=2",
        "https://www.reddit.com/r/a/top/?t=week": "https://www.reddit.com/r/a/top/.rss?t=week",
        "https://old.reddit.com/r/b/top.rss?t=week": "https://www.reddit.com/r/b/top/.rss?t=week",
        "https://www.reddit.com/r/c/comments/4/d/.rss?limit=9": (
            "https://www.reddit.com/r/c/comments/4/d/.rss?limit=9"
        ),
    }
    assert {link: add_link(link, by="ada").url for link in shapes} == shapes


def test_a_link_with_a_secret_is_read_with_it_and_shown_without() -> None:
    # When links to two people's private feeds are added
    first, second = (
        add_link(f"https://www.reddit.com/.rss?feed={token}&user=heron", by="ada")
        for token in ("c0ffee15f00d5ea5e4b1ec7ab1e5", "5ca1ab1e5eedfacade15c0de5afe")
    )

    # Then each is its own story, read with its token, and shown without
    assert first.url == second.url == "https://www.reddit.com/.rss?feed=[secret]&user=[secret]"
    assert first.title == second.title == "www.reddit.com/.rss"
    feed = Feed([POST])
    read_link(second.id, claimed("link", second.id), feed)
    assert feed.asked[0].place.endswith("feed=5ca1ab1e5eedfacade15c0de5afe&user=heron")
    with pytest.raises(InputError, match="A part of this link is hidden"):
        add_link(first.url, by="ada")


def test_an_invalid_link_is_refused() -> None:
    refused = {
        "the lamp": "starts with https",
        "file:///etc/passwd": "starts with https",
        "https://": "starts with https",
        "https://[night": "starts with https",
        "https://night.example/a b": "starts with https",
        "https://night.example/" + "x" * 500: "at most 500 characters",
        "https://www.reddit.com/r/tifu/s/AbCdEf": "open it and copy the post's own address",
    }
    for link, sentence in refused.items():
        with pytest.raises(InputError, match=sentence):
            add_link(link, by="ada")
    assert Story.select().count() == 0
