"""How PostgreSQL answers the statements of every page, with statistics as at a million stories."""

from __future__ import annotations

import pytest

from benchmarks import plans
from benchmarks.admin import plan_faults
from benchmarks.statements import Ran
from core import crypto, db, queue
from core.db import database
from models import Job, JobState, now
from services import ServiceAddresses

SCALE = 0.01


@pytest.mark.slow
def test_no_page_reads_a_large_table_whole_or_far_more_than_it_shows(
    database_url: str, redis_url: str
) -> None:
    # Given a hundredth of a million stories, with all that comes from them
    crypto.configure(crypto.new_key())
    db.configure(database_url)
    queue.connect(redis_url)

    # When every list, filter, search and view is opened, then no statement has a bad plan
    try:
        assert plan_faults.run(ServiceAddresses(database_url, redis_url), scale=SCALE) == {}
    finally:
        db.database.close_all()


def test_the_loss_of_an_index_is_found(record: None) -> None:
    # Given thousands of jobs that are done, and one that has failed long ago
    Job.insert_many(
        {
            "stage": "render",
            "subject_id": number,
            "queue": "cpu",
            "request_id": "",
            "due_at": now(),
            "state": JobState.DEAD if number == 9 else JobState.DONE,
        }
        for number in range(3000)
    ).execute()
    database.execute_sql("ANALYZE job")
    failed = Ran("SELECT id FROM job WHERE state = 'dead' ORDER BY id DESC LIMIT 50", None, 0.0)
    assert plans.faults(failed) == []

    # When its index is lost
    for index in ("job_newest", "job_newest_subject"):
        database.execute_sql(f"DROP INDEX {index}")

    # Then the statement reads all for one row
    assert plans.faults(failed) != []
