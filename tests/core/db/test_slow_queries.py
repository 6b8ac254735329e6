"""Slow statements are counted and logged, with digests and without values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

from core import db
from core.db.slow_queries import digest, shape, without_values
from models import Job
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("record")


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """What is logged about slow statements."""
    with structlog.testing.capture_logs() as captured:
        yield captured
    db.watch(0)


def counted() -> float:
    return REGISTRY.get_sample_value("storymill_slow_queries_total") or 0.0


def slow(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["event"] == "slow_query"]


def test_a_slow_statement_is_logged_with_its_plan_and_without_its_values(lines: list[Any]) -> None:
    # Given every statement counts as slow, and work with an id
    db.watch(0.000001)
    before = counted()
    with structlog.contextvars.bound_contextvars(story=7):
        # When a statement runs
        db.database.execute_sql(
            "SELECT id FROM job\n WHERE error = %s AND stage = 'canary stage' AND attempts > 90210",
            ("canary value",),
        )
        until(lambda: slow(lines))

    # Then it is counted, and its line has digests, the work's id, and no value
    (line,) = slow(lines)
    assert counted() == before + 1
    assert line["story"] == 7
    assert line["statement"] == "SELECT id FROM job WHERE error = %s AND stage = ? AND attempts > ?"
    assert line["query"] == digest(line["statement"])
    assert "job" in line["shape"]
    assert line["plan"] == digest(line["shape"])
    assert "canary" not in str(line)
    assert "90210" not in str(line)


def test_another_plan_has_another_digest() -> None:
    scan = {"Node Type": "Seq Scan", "Relation Name": "job", "Filter": "(error = 'canary')"}
    index = {"Node Type": "Index Scan", "Relation Name": "job", "Index Name": "job_due"}
    assert shape({"Node Type": "Limit", "Plans": [index]}) == "Limit(Index Scan[job job_due])"
    assert digest(shape(scan)) != digest(shape(index))
    assert "canary" not in shape(scan)


def test_lists_of_any_length_are_one_statement() -> None:
    one = without_values("SELECT 1 FROM job WHERE id IN (%s, %s)")
    assert one == without_values("SELECT 2 FROM job WHERE  id IN (%s, %s, %s)")
    rows = without_values("INSERT INTO job (a, b) VALUES (%s, %s), (%s, %s), (%s, %s)")
    assert rows == "INSERT INTO job (a, b) VALUES (…)"
    assert without_values("""SELECT "t1"."id" FROM t1 WHERE a = 'it''s' """) == (
        'SELECT "t1"."id" FROM t1 WHERE a = ?'
    )


def test_asking_for_the_plan_of_a_change_changes_nothing_and_keeps_the_transaction(
    lines: list[Any],
) -> None:
    # Given a slow change inside a transaction that is then rolled back
    db.watch(0.000001)
    with pytest.raises(ZeroDivisionError), db.transaction():
        Job.insert(stage="render", subject_id=1, queue="gpu", request_id="").execute()
        until(lambda: any("INSERT" in line["statement"] for line in slow(lines)))
        assert Job.select().count() == 1
        raise ZeroDivisionError

    # Then nothing of it is left
    db.watch(0)
    assert Job.select().count() == 0


def test_a_quick_statement_is_not_logged(lines: list[Any]) -> None:
    db.watch(60)
    before = counted()
    db.database.execute_sql("SELECT 1")
    assert counted() == before
    assert slow(lines) == []


def test_a_statement_whose_plan_cannot_be_had_is_logged_too(lines: list[Any]) -> None:
    # Given a table that only this session sees
    db.watch(0.000001)
    db.database.execute_sql("CREATE TEMPORARY TABLE hidden (word text)")
    db.database.execute_sql("SELECT * FROM hidden WHERE word = %s", ("canary value",))
    until(lambda: len(slow(lines)) == 2)
    assert {line["plan"] for line in slow(lines)} == {"unknown"}
    assert "canary" not in str(lines)


def test_the_pool_warns_before_it_is_used_up(
    database_url: str, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a pool for one connection
    db.database.close_all()
    db.configure(database_url, max_connections=1)
    monkeypatch.setattr(db.database, "_warned_at", -db.WARN_EVERY)
    name = "storymill_pool_nearly_used_up_total"
    before = REGISTRY.get_sample_value(name) or 0.0

    # When it is taken twice in a row
    for _ in range(2):
        with db.session():
            assert db.pool_use() == (1, 1)

    # Then both are counted, and one warning is enough
    assert REGISTRY.get_sample_value(name) == before + 2
    warnings = [line for line in lines if line["event"] == "pool_nearly_used_up"]
    assert len(warnings) == 1
    db.database.close_all()
    db.configure(database_url)
    db.database.connect()
