"""How PostgreSQL answers the workers' statements, with statistics as at a million stories."""

from __future__ import annotations

import pytest
from structlog.contextvars import bound_contextvars

from benchmarks.stages import survey
from benchmarks.stages.judged import judged
from core.db import database
from models import WebhookEvent
from pipelines.publishing.webhooks import events
from services import ServiceAddresses
from tests.browsers import needs_chromium


@pytest.mark.slow
@needs_chromium
def test_no_stage_or_tick_reads_the_past(database_url: str, redis_url: str) -> None:
    # Given a hundredth of a million stories, with all that comes from them
    # When another one goes through every stage, and every tick runs once
    surveyed = survey.run(ServiceAddresses(database_url, redis_url))

    # Then no statement has a bad plan
    assert surveyed.missing == []
    assert surveyed.faults == {}


@pytest.mark.usefixtures("record")
def test_the_loss_of_an_index_of_a_tick_is_found() -> None:
    # Given thousands of webhooks that have been settled, and one that has not
    WebhookEvent.insert_many(
        {
            "digest": str(number),
            "event": "post.publish.complete",
            "open_id": "open-1",
            "publish_id": str(number),
            "outcome": "" if number == 9 else "asks TikTok at once",
        }
        for number in range(3000)
    ).execute()
    database.execute_sql("ANALYZE webhook_event")

    # When the tick looks for it, then it reads no other
    with bound_contextvars(stage="settle_webhooks"), judged() as found:
        events.settle()
    assert found.ran["settle_webhooks"]
    assert found.faults == {}

    # When its index is lost, then the tick reads all
    database.execute_sql("DROP INDEX webhook_event_unsettled")
    with bound_contextvars(stage="settle_webhooks"), judged() as found:
        events.settle()
    [(statement, wrong)] = found.faults.items()
    assert statement.startswith("settle_webhooks: SELECT")
    assert wrong
