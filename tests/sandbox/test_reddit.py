"""The stand-in for Reddit, used with real PRAW and as a feed."""

from __future__ import annotations

import warnings
from typing import Any
from xml.etree import ElementTree as ET

import praw
import prawcore
import pytest
import requests

from sandbox.stories import shipped_stories
from sandbox.testing import RunningSandbox

SHIPPED = sum(story.subreddit == "sandboxstories" for story in shipped_stories())
AGENT = "storymill-tests/1.0 (by /u/sandbox)"


def reddit(sandbox: RunningSandbox, **changed: str) -> praw.Reddit:
    given: dict[str, Any] = {
        "client_id": sandbox.settings.reddit_client_id,
        "client_secret": sandbox.settings.reddit_client_secret,
        "reddit_url": sandbox.reddit_url,
        "oauth_url": sandbox.reddit_oauth_url,
        **changed,
    }
    return praw.Reddit(user_agent=AGENT, check_for_updates=False, **given)


def access_token(sandbox: RunningSandbox) -> str:
    answer = requests.post(
        f"{sandbox.reddit_url}/api/v1/access_token",
        {"grant_type": "client_credentials"},
        auth=(sandbox.settings.reddit_client_id, sandbox.settings.reddit_client_secret),
        headers={"User-Agent": AGENT},
        timeout=10,
    )
    return str(answer.json()["access_token"])


@pytest.mark.parametrize("slash", ["/", ""])
def test_praw_reads_a_listing_for_every_form_of_the_address(
    sandbox: RunningSandbox, slash: str
) -> None:
    client = reddit(sandbox, oauth_url=sandbox.reddit_url + slash)

    posts = list(client.subreddit("sandboxstories").top(time_filter="all", limit=10))

    assert [post.score for post in posts] == sorted((p.score for p in posts), reverse=True)
    lighthouse = posts[0]
    assert lighthouse.fullname == "t3_sbx007"
    assert lighthouse.selftext.startswith("I look after a lighthouse")
    assert lighthouse.author.name == "keeper_on_call"
    assert 470 <= len(lighthouse.selftext.split()) <= 530


def test_every_kind_of_post_can_be_recognized(sandbox: RunningSandbox) -> None:
    client = reddit(sandbox)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        posts = {p.id: p for p in client.subreddit("sandboxstories").hot(limit=100)}

    assert next(iter(posts)) == "sbx001"
    assert posts["sbx001"].stickied
    assert posts["sbx009"].edited > posts["sbx009"].created_utc
    assert posts["sbx011"].crosspost_parent == "t3_sbx004"
    assert posts["sbx012"].removed_by_category == "moderator"
    assert posts["sbx012"].selftext == "[removed]"
    assert posts["sbx013"].removed_by_category == "deleted"
    assert posts["sbx013"].author is None
    assert posts["sbx014"].over_18
    assert not posts["sbx015"].is_self
    assert posts["sbx015"].post_hint == "image"
    assert "\u200b" in posts["sbx018"].selftext


def test_pages_have_no_gaps_and_no_repeats(sandbox: RunningSandbox) -> None:
    client = reddit(sandbox)
    for number in range(110):  # a page has 100 at most
        sandbox.add_story(id=f"new{number}", subreddit="sandboxstories", title=f"Story {number}")

    posts = [post.id for post in client.subreddit("sandboxstories").new(limit=None)]

    assert len(posts) == len(set(posts)) == 110 + SHIPPED
    assert len(sandbox.log(call="listing")) == 2


def test_time_filter_and_rising_leave_old_posts_out(sandbox: RunningSandbox) -> None:
    client = reddit(sandbox)

    of_the_day = {p.id for p in client.subreddit("sandboxstories").top(time_filter="day")}
    rising = {p.id for p in client.subreddit("sandboxstories").rising()}

    assert "sbx003" in of_the_day
    assert "sbx003" in rising
    assert not {"sbx006", "sbx001"} & (of_the_day | rising)


def test_an_added_story_is_listed_at_once_and_found_by_its_address(sandbox: RunningSandbox) -> None:
    sandbox.add_story(id="abc12", subreddit="sandboxstories", title="Hello", body="A & B.")
    client = reddit(sandbox)

    newest = next(iter(client.subreddit("sandboxstories").new(limit=1)))
    by_id = client.submission("abc12")

    assert newest.id == "abc12"
    assert by_id.selftext == "A & B."
    page = requests.get(newest.url, timeout=10)
    assert "A &amp; B." in page.text


def test_wrong_credentials_are_refused(sandbox: RunningSandbox) -> None:
    client = reddit(sandbox, client_secret="wrong")

    with pytest.raises(prawcore.exceptions.ResponseException) as refused:
        list(client.subreddit("sandboxstories").hot())

    assert refused.value.response.status_code == 401


@pytest.mark.parametrize(
    ("subreddit", "error"),
    [
        ("sandboxprivate", prawcore.exceptions.Forbidden),
        ("sandboxbanned", prawcore.exceptions.NotFound),
        ("nosuchplace", prawcore.exceptions.Redirect),
    ],
)
def test_places_that_cannot_be_read(
    sandbox: RunningSandbox, subreddit: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        list(reddit(sandbox).subreddit(subreddit).hot())


def test_a_call_without_token_or_without_agent_is_refused(sandbox: RunningSandbox) -> None:
    url = f"{sandbox.reddit_url}/r/sandboxstories/hot"

    nameless = requests.get(url, timeout=10)
    tokenless = requests.get(url, headers={"User-Agent": AGENT}, timeout=10)

    assert nameless.status_code == 429
    assert tokenless.status_code == 401
    assert 'error="invalid_token"' in tokenless.headers["www-authenticate"]


def test_rate_headers_count_down_and_the_window_ends_in_429(sandbox: RunningSandbox) -> None:
    sandbox.change(reddit_window_requests=2)
    client = reddit(sandbox)
    list(client.subreddit("sandboxstories").hot(limit=1))
    assert client.auth.limits["used"] == 1
    assert client.auth.limits["remaining"] == 1

    token = access_token(sandbox)
    headers = {"User-Agent": AGENT, "Authorization": f"bearer {token}"}
    url = f"{sandbox.reddit_url}/r/sandboxstories/hot"
    second, third = (requests.get(url, headers=headers, timeout=10) for _ in range(2))
    assert (second.status_code, third.status_code) == (200, 429)
    assert 0 < int(third.headers["x-ratelimit-reset"]) <= 600


def test_an_expired_token_makes_praw_fetch_another(sandbox: RunningSandbox) -> None:
    client = reddit(sandbox)
    list(client.subreddit("sandboxstories").hot(limit=1))
    sandbox.fault("reddit", "listing", "expired_token")

    assert list(client.subreddit("sandboxstories").hot(limit=1))
    assert len(sandbox.log(call="token", status=200)) == 2


def test_the_feed_has_reddits_format(sandbox: RunningSandbox) -> None:
    url = f"{sandbox.reddit_url}/r/sandboxoffice/.rss"
    atom = {"a": "http://www.w3.org/2005/Atom"}

    answer = requests.get(url, headers={"User-Agent": AGENT}, timeout=10)

    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    entries = ET.fromstring(answer.content).findall("a:entry", atom)  # noqa: S314 - our own text
    memo = next(e for e in entries if e.findtext("a:id", namespaces=atom) == "t3_sbx008")
    content = memo.findtext("a:content", namespaces=atom) or ""
    assert content.startswith('<!-- SC_OFF --><div class="md"><p>I do accounts')
    assert "<table>" in content
    assert "[comments]</a>" in content
    assert memo.findtext("a:author/a:name", namespaces=atom) == "/u/toner_low"
