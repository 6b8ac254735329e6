"""Subscribers are told once how a post ended."""

from __future__ import annotations

import json

from core.errors import Retryable
from models import Account, Job, JobState, Method, Post, WebhookDelivery, now
from pipelines.stages import STAGES
from pipelines.subscriptions import subscriptions
from pipelines.subscriptions.events import WORDS
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.job_runner import Desk


def told() -> list[tuple[str, str]]:
    """The events about posts, with the state that each of them says."""
    rows = WebhookDelivery.select().where(WebhookDelivery.event.startswith("post."))
    return [(row.event, json.loads(row.payload)["data"]["state"]) for row in rows]


def test_a_post_that_is_out_is_told(desk: Desk, post: Post) -> None:
    subscriptions.add("https://example.com/hook", list(WORDS), "olga")

    desk.work_off()

    assert told() == [("post.published", "published")]


def test_a_post_that_needs_attention_is_told(desk: Desk, post: Post) -> None:
    subscriptions.add("https://example.com/hook", list(WORDS), "olga")
    Account.update(privacy="FOLLOWER_OF_CREATOR", methods=[Method.DIRECT]).execute()

    desk.try_once("publish", post)

    assert told() == [("post.failed", "parked")]


def test_a_post_whose_tries_are_used_up_is_told(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given a post at its last try, and TikTok, which is still broken
    subscriptions.add("https://example.com/hook", list(WORDS), "olga")
    Account.update(methods=[Method.DIRECT]).execute()
    Job.update(attempts=STAGES["publish"].attempts - 1, due_at=now()).where(
        Job.stage == "publish", Job.state == JobState.WAITING
    ).execute()
    sandbox.fault("tiktok", "creator_info", "internal_error")

    error = desk.try_once("publish", post)

    assert isinstance(error, Retryable)
    assert told() == [("post.failed", "planned")]
