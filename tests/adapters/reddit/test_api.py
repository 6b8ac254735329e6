"""Reddit through PRAW, against the sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.ports import FetchedStory, StoryQuery
from adapters.reddit.api import RedditSource
from core.errors import Permanent, Retryable, StageError, Wait
from sandbox.testing import RunningSandbox

PLACE = "sandboxstories"


def source(sandbox: RunningSandbox, **changes: Any) -> RedditSource:
    settings: dict[str, Any] = {
        "client_id": sandbox.settings.reddit_client_id,
        "client_secret": sandbox.settings.reddit_client_secret,
        "user_agent": "storymill-tests/1 (tests)",
        "reddit_url": sandbox.reddit_url,
        "oauth_url": sandbox.reddit_url,
        **changes,
    }
    return RedditSource(**settings)


def fetched(sandbox: RunningSandbox, place: str = PLACE, **query: Any) -> list[FetchedStory]:
    return list(source(sandbox).stories(StoryQuery(place, **query)))


def refusal(sandbox: RunningSandbox, place: str = PLACE, **changes: str) -> StageError:
    with pytest.raises(StageError) as caught:
        list(source(sandbox, **changes).stories(StoryQuery(place)))
    return caught.value


def test_the_best_stories_come_first_and_say_what_they_are(sandbox: RunningSandbox) -> None:
    stories = fetched(sandbox, f"r/{PLACE}", listing="top", time_filter="all", limit=100)

    scores = [story.score or 0 for story in stories]
    assert scores == sorted(scores, reverse=True)
    assert all(story.external_id.startswith("reddit:t3_") for story in stories)
    assert all(story.url.startswith(f"{sandbox.reddit_url}/r/{PLACE}/") for story in stories)
    assert any(story.removed for story in stories)
    assert any(story.stickied for story in stories)
    assert any(story.nsfw for story in stories)
    assert any(story.media_only for story in stories)
    assert any(story.crosspost_of for story in stories)


def test_texts_come_as_they_were_written(sandbox: RunningSandbox) -> None:
    # Given characters that Reddit escapes for old clients
    body = "Salt & <pepper>.\n\n> quoted"
    sandbox.add_story(
        id="raw1", subreddit="sandboxraw", title="A & B", score=1, author="a", body=body
    )

    (story,) = fetched(sandbox, "sandboxraw")

    assert (story.title, story.body) == ("A & B", body)


def test_the_best_answers_come_without_notices_and_removed_ones(sandbox: RunningSandbox) -> None:
    # Given a question with a notice, a removed answer, and replies to answers
    stories = fetched(sandbox, limit=100)
    (question,) = (story for story in stories if "smallest lie" in story.title)
    assert question.body == ""

    # When its three best answers are asked for
    ((_, answers),) = source(sandbox).answers([question], 3)

    # Then they are people's own, the best first, as they were written
    assert [answer.author for answer in answers] == [
        "ferry_timetable",
        "two_left_gloves",
        "quiet_in_row_k",
    ]
    assert answers[0].score == 9410
    assert answers[1].text.startswith('I said, "I was just leaving, too."')


def test_one_session_asks_for_the_answers_to_all_posts(sandbox: RunningSandbox) -> None:
    for number in range(3):
        answer = {"author": "b", "body": "Salt & <pepper>.", "score": 1, "replies": []}
        answer["replies"] = [{"author": "c", "body": "A reply.", "score": 9}]
        sandbox.add_story(
            id=f"ask{number}", subreddit="asked", title="Why?", author="a", answers=[answer]
        )
    stories = fetched(sandbox, "asked")
    gone = replace(stories[0], external_id="reddit:t3_gone")

    answers = dict(source(sandbox).answers([*stories, gone], 5))

    # Replies are not narrated, and a missing post only loses its own answers
    assert set(answers) == {story.external_id for story in stories}
    assert [[one.text for one in each] for each in answers.values()] == [["Salt & <pepper>."]] * 3
    assert len(sandbox.log(call="token")) == 2  # one for the listing, one for all answers


@pytest.mark.parametrize("fault", ["500", "reset", "bad_json"])
def test_trouble_with_answers_is_retryable(sandbox: RunningSandbox, fault: str) -> None:
    stories = fetched(sandbox, limit=1)
    sandbox.fault("reddit", "comments", fault)

    with pytest.raises(Retryable):
        list(source(sandbox).answers(stories, 3))


def test_more_than_a_page_is_fetched_page_by_page(sandbox: RunningSandbox) -> None:
    for number in range(130):
        sandbox.add_story(
            id=f"many{number}",
            subreddit="sandboxmany",
            title=f"Story {number}",
            score=number,
            author="someone",
            body="It happened.",
        )

    stories = fetched(sandbox, "sandboxmany", listing="top", time_filter="all", limit=120)

    assert [story.score for story in stories] == list(range(129, 9, -1))
    assert len(sandbox.log(call="listing")) == 2


def test_missing_credentials_are_named_and_nothing_is_requested(sandbox: RunningSandbox) -> None:
    error = refusal(sandbox, client_id="", client_secret=" ")

    assert isinstance(error, Permanent)
    assert "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET" in str(error)
    assert sandbox.log(wire="reddit") == []


def test_a_key_is_checked_by_a_token_and_nothing_else(sandbox: RunningSandbox) -> None:
    source(sandbox).check_key()
    assert [each["call"] for each in sandbox.log(wire="reddit")] == ["token"]
    with pytest.raises(Permanent, match="check REDDIT_CLIENT_ID"):
        source(sandbox, client_secret="wrong").check_key()


def test_wrong_credentials_are_final_and_never_shown(sandbox: RunningSandbox) -> None:
    error = refusal(sandbox, client_secret="canary-secret")

    assert isinstance(error, Permanent)
    assert error.code == "reddit_credentials"
    assert "check REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET" in str(error)
    assert "canary-secret" not in f"{error} {error.__cause__} {error.__context__!r}"


@pytest.mark.parametrize("place", ["sandboxprivate", "sandboxbanned", "nowhere_at_all"])
def test_a_subreddit_that_cannot_be_read_is_named(sandbox: RunningSandbox, place: str) -> None:
    error = refusal(sandbox, place)

    assert isinstance(error, Permanent)
    assert f"r/{place}" in str(error)


def test_a_place_that_is_not_a_subreddit_is_not_requested(sandbox: RunningSandbox) -> None:
    assert "not a subreddit name" in str(refusal(sandbox, "../../api/v1/me"))
    assert sandbox.log(wire="reddit") == []


@pytest.mark.parametrize("call", ["token", "listing"])
@pytest.mark.parametrize("fault", ["500", "503", "reset", "lost_response", "bad_json"])
def test_trouble_is_retryable_and_left_to_the_ledger(
    sandbox: RunningSandbox, call: str, fault: str
) -> None:
    sandbox.fault("reddit", call, fault)

    error = refusal(sandbox)

    assert type(error) is Retryable
    assert len(sandbox.log(call=call)) == 1  # PRAW did not retry by itself
    assert fetched(sandbox)


def test_a_request_to_slow_down_says_how_long(sandbox: RunningSandbox) -> None:
    sandbox.fault("reddit", "listing", "429", retry_after=42)

    error = refusal(sandbox)

    assert type(error) is Retryable
    assert (error.code, error.after) == ("rate_limit_exceeded", 42)


def test_a_used_up_rate_limit_does_not_block_the_thread(
    sandbox: RunningSandbox,
) -> None:
    # Given a rate limit of one request, and a fetch that needs two
    sandbox.change(reddit_window_requests=1)
    for number in range(101):
        sandbox.add_story(
            id=f"page{number}", subreddit="sandboxpages", title="T", score=1, author="a", body="B"
        )

    # When it is fetched, then it ends at once and says when to retry
    held: list[float] = []
    asked = source(sandbox, slow_down=held.append)
    with pytest.raises(Wait) as caught:
        list(asked.stories(StoryQuery("sandboxpages", listing="new", limit=101)))
    assert 0 < (caught.value.after or 0) <= 600
    # And nobody else asks before
    assert held == [caught.value.after]


@pytest.mark.parametrize("call", ["token", "listing"])
def test_a_block_is_not_called_a_closed_subreddit_or_a_wrong_key(
    sandbox: RunningSandbox, call: str
) -> None:
    sandbox.fault("reddit", call, "blocked")

    error = refusal(sandbox)

    assert type(error) is Retryable
    assert (error.code, error.after) == ("reddit_blocked", 900)
    assert "Reddit blocks requests from this machine" in str(error)


def test_a_token_that_ended_early_is_requested_again(sandbox: RunningSandbox) -> None:
    sandbox.fault("reddit", "listing", "expired_token")

    assert type(refusal(sandbox)) is Retryable
    assert fetched(sandbox)


def test_an_unreachable_server_is_retryable(sandbox: RunningSandbox) -> None:
    error = refusal(sandbox, reddit_url="http://127.0.0.1:9")

    assert type(error) is Retryable
    assert "can't be reached" in str(error)
