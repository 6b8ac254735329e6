"""What happens is told to those who asked for it, signed, and never lost."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.ports import Webhook
from admin.api.webhook_bodies import BODIES
from core.db import transaction
from core.errors import InputError, Permanent, Retryable, StageError
from models import (
    AuditEntry,
    DeliveryState,
    Job,
    JobState,
    PostState,
    StoryState,
    VideoState,
    WebhookDelivery,
    WebhookSubscription,
    now,
)
from pipelines import handover, ledger
from pipelines.publishing.accounts import pause
from pipelines.publishing.posts import decisions
from pipelines.stages import STAGES
from pipelines.stories.prepare import prepare
from pipelines.subscriptions import deliveries, subscriptions
from pipelines.subscriptions.events import WORDS
from tests.admin import records
from tests.pipelines.production.making import claimed

pytestmark = pytest.mark.usefixtures("record")


class Receiver:
    """A WebhookSender that keeps what it gets, and fails while it has an error."""

    def __init__(self) -> None:
        self.got, self.error = list[Webhook](), None

    def send(self, webhook: Webhook) -> int:
        if self.error is not None:
            raise self.error
        self.got.append(webhook)
        return 204

    error: StageError | None


def subscribed(*events: str) -> tuple[WebhookSubscription, str]:
    return subscriptions.add("https://example.com/hook?key=canary", events or list(WORDS), "olga")


def deliver_all(receiver: Receiver) -> None:
    """Do every due delivery once, as a worker would."""
    Job.update(due_at=now()).where(Job.state == JobState.WAITING, Job.stage == "webhook").execute()
    due = Job.select().where(Job.stage == "webhook", Job.state == JobState.WAITING)
    for job in list(due.order_by(Job.id)):
        claim = ledger.claim("webhook", job.subject_id, "worker")
        assert claim is not None
        try:
            deliveries.deliver(job.subject_id, claim, receiver)
        except Permanent as error:
            ledger.set_aside(claim, error, "")
        except Retryable as error:
            if claim.attempt >= STAGES["webhook"].attempts:
                ledger.set_aside(claim, error, "")
            else:
                ledger.put_back(claim, error)


def test_each_event_is_told_signed_as_github_signs(tmp_path: Path) -> None:
    # Given a subscription to everything, and one to another event
    _, secret = subscribed()
    subscribed("account.paused")

    # When a story begins to wait, a video is approved, a post is published, an account paused
    story = records.story("The green ladder", StoryState.FETCHED, body=records.BODY * 2)
    prepare(story.id, claimed("prepare", story.id))
    video = records.video(tmp_path, state=VideoState.REVIEW)
    handover.approve_video(video.id, "olga", video.key)
    account = records.account()
    post = records.post(video, account, PostState.INBOX)
    decisions.mark_published(post.id, "olga", "7412345678901234567")
    pause.pause(account.id, "olga", "A holiday.")
    receiver = Receiver()
    deliver_all(receiver)

    # Then each is told once, to those who asked for it
    told = [json.loads(webhook.body) for webhook in receiver.got]
    assert [body["event"] for body in told] == [
        "story.waiting",
        "video.ready",
        "post.published",
        "account.paused",
        "account.paused",
    ]
    assert told[0]["data"] == {
        "id": story.id,
        "api": f"/api/v1/stories/{story.id}",
        "title": "The green ladder",
        "state": "waiting",
        "reason": "",
    }
    assert told[2]["data"]["account"] == "ladder_tales"
    assert told[3]["data"]["reason"] == "A holiday."
    for body in told:
        BODIES[body["event"]].model_validate(body)  # as the API's document has it
    # And signed: whoever has the secret can check it
    first = receiver.got[0]
    digest = hmac.new(secret.encode(), first.body, hashlib.sha256).hexdigest()
    assert first.headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert first.headers["X-Storymill-Delivery"] == told[0]["delivery"]
    assert {row.state for row in WebhookDelivery.select()} == {DeliveryState.DELIVERED}


def test_the_check_in_the_documentation_works() -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    scope: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], scope)  # noqa: S102  # our own document
    signature = deliveries.sign("whs_secret", b"body")

    assert scope["is_from_storymill"]("whs_secret", b"body", signature)
    assert not scope["is_from_storymill"]("whs_secret", b"other", signature)


def test_what_did_not_happen_is_not_told() -> None:
    subscribed()
    account = records.account()

    with pytest.raises(RuntimeError), transaction():
        pause.pause(account.id, "olga")
        raise RuntimeError("the process dies before the commit")

    assert WebhookDelivery.select().count() == 0
    assert Job.select().where(Job.stage == "webhook").count() == 0


def test_a_receiver_that_is_away_gets_it_later_and_by_hand_at_last() -> None:
    # Given a delivery, and a receiver that is away at every try
    row, _ = subscribed("account.paused")
    pause.pause(records.account().id, "olga")
    receiver = Receiver()
    receiver.error = Retryable("The server example.com answered with HTTP 503.", code="http_503")
    for _ in range(STAGES["webhook"].attempts):
        assert WebhookDelivery.get().state == DeliveryState.WAITING
        deliver_all(receiver)

    # Then it has failed, says why, and is among the failures
    failed = WebhookDelivery.get()
    assert (failed.state, failed.status, failed.attempts) == (DeliveryState.FAILED, 503, 14)
    assert Job.get(Job.stage == "webhook").state == JobState.DEAD

    # When it is sent again by hand, then it arrives with the same number, and the failure is closed
    receiver.error = None
    subscriptions.redeliver(failed.id, "olga")
    deliver_all(receiver)
    assert receiver.got[0].headers["X-Storymill-Delivery"] == failed.uuid
    assert WebhookDelivery.get().state == DeliveryState.DELIVERED
    assert row.enabled


def test_a_receiver_that_is_gone_is_asked_no_longer() -> None:
    row, _ = subscribed("account.paused")
    receiver = Receiver()
    receiver.error = Permanent("The server asked to stop.", code="http_410")
    for _ in range(deliveries.FAILED_IN_A_ROW):
        subscriptions.ping(row.id, "olga")
    deliver_all(receiver)

    assert not WebhookSubscription.get().enabled
    assert AuditEntry.select().where(AuditEntry.action == "webhook.switch_off").count() == 1
    pause.pause(records.account().id, "olga")
    assert WebhookDelivery.select().count() == deliveries.FAILED_IN_A_ROW


def test_a_webhook_is_refused_that_could_not_work() -> None:
    for address in (
        "http://example.com/hook",
        "https://",
        "ftp://example.com",
        "https://olga:secret@example.com/hook",
        "https://example.com:port/",
        "https://example.com/?key=[secret]",
    ):
        with pytest.raises(InputError):
            subscriptions.add(address, ["post.failed"], "olga")
    with pytest.raises(InputError, match="There is no event"):
        subscriptions.add("https://example.com", ["story.told"], "olga")
    private = "http://127.0.0.1:9/hook"
    assert subscriptions.add(private, ["post.failed"], "olga", allowed=["127.0.0.1:9"])


def test_an_address_is_shown_without_its_secret_and_old_deliveries_go() -> None:
    row, secret = subscribed("account.paused")
    assert "canary" not in row.place
    pause.pause(records.account().id, "olga")
    deliver_all(Receiver())
    words = " ".join(entry.reason for entry in AuditEntry.select())
    assert "canary" not in words
    assert secret not in words

    WebhookDelivery.update(created_at=now() - deliveries.KEPT - timedelta(hours=1)).execute()
    assert deliveries.forget_old() == 1
    assert Job.select().where(Job.stage == "webhook").count() == 0
    pause.resume(1, "olga")
    pause.pause(1, "olga")
    subscriptions.remove(row.id, "olga")
    assert WebhookDelivery.select().count() == 0
    assert Job.select().where(Job.stage == "webhook").count() == 0
