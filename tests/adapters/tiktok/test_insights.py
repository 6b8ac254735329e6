"""TikTok's figures of public videos, against the sandbox: what its answers become."""

from __future__ import annotations

import pytest

from adapters.ports import VideoCounts
from adapters.tiktok.api.insights import MOST_IDS, TikTokInsights
from core.errors import Permanent, Retryable, StageError, TokenRejectedError
from sandbox.testing import RunningSandbox


@pytest.fixture
def figures(sandbox: RunningSandbox) -> TikTokInsights:
    return TikTokInsights(api_url=f"{sandbox.tiktok_url}/")


def test_videos_that_nobody_can_see_are_not_in_the_answer(
    figures: TikTokInsights, sandbox: RunningSandbox
) -> None:
    token = str(sandbox.grant()["access_token"])

    assert figures.counts(token, [str(number) for number in range(MOST_IDS)]) == {}
    for count in (0, MOST_IDS + 1):
        with pytest.raises(ValueError, match="from 1 to 20"):
            figures.counts(token, ["1"] * count)


def test_a_token_without_the_permission_says_what_to_do(
    figures: TikTokInsights, sandbox: RunningSandbox
) -> None:
    token = str(sandbox.grant(scope="user.info.basic,video.publish")["access_token"])

    with pytest.raises(Permanent, match=r"video\.list.* connect the account again") as refused:
        figures.counts(token, ["1"])

    assert refused.value.code == "scope_not_authorized"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("access_token_invalid", TokenRejectedError),
        ("rate_limit_exceeded", Retryable),
        ("internal_error", Retryable),
        ("reset", Retryable),
        ("bad_json", Retryable),
    ],
)
def test_failures_become_errors(
    figures: TikTokInsights, sandbox: RunningSandbox, fault: str, error: type[StageError]
) -> None:
    token = str(sandbox.grant()["access_token"])
    sandbox.fault("tiktok", "video_query", fault)

    with pytest.raises(StageError) as raised:
        figures.counts(token, ["1"])

    assert type(raised.value) is error
    assert token not in str(raised.value)


def test_counts_are_plain_values() -> None:
    counts = VideoCounts(views=5, likes=4, comments=3, shares=2)

    assert counts.address == ""
    with pytest.raises(AttributeError):
        counts.views = 6  # type: ignore[misc]  # that is the point
