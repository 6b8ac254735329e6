"""How a stage ends decides what happens to its job: each kind of end, in a real worker."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from functools import partial

import dramatiq
import psycopg2
import pytest
from peewee import InterfaceError, OperationalError

from core.errors import DiskFull, Parked, Permanent, Retryable, Wait
from models import DeadLetter, Job, JobState
from pipelines import ledger
from pipelines.stages import STAGES
from tests.waiting import until
from tests.workers.running import enqueued, job, running
from workers.stage_actor import lease

pytestmark = pytest.mark.usefixtures("record")

SECRETS = ("hunter2", "act.canary12345", "sesame99")
LEAKY = (
    "PUT https://me:hunter2@upload.test/1?upload_token=sesame99 with Bearer act.canary12345: reset"
)


@dataclass(frozen=True)
class End:
    error: Exception | None
    state: JobState
    attempts: int
    code: str
    said: str
    delay: tuple[float, float] = (-60, 0)
    """Seconds until the next try, at least and at most."""


ENDS = (
    End(
        Retryable("The voice coughed.", code="cough"),
        JobState.WAITING, 1, "cough", "The voice coughed.", (2, 5),
    ),
    End(
        Retryable("Slow down.", after=42),
        JobState.WAITING, 1, "retryable", "Slow down.", (39, 42),
    ),
    End(
        Wait("Still processing.", after=42),
        JobState.WAITING, 0, "waiting", ": Still processing.", (39, 42),
    ),
    End(
        DiskFull("/media"),
        JobState.WAITING, 0, "disk_full", "The disk with /media is full", (27, 30),
    ),
    End(
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/media/a.wav"),
        JobState.WAITING, 0, "disk_full", "the media folder (MEDIA_DIR) is full", (27, 30),
    ),
    End(
        Retryable("ffmpeg: no space left on device", code="disk_full"),
        JobState.WAITING, 0, "disk_full", "the media folder (MEDIA_DIR) is full", (27, 30),
    ),
    End(
        OperationalError(psycopg2.OperationalError("server closed the connection")),
        JobState.WAITING, 0, "database_away", "PostgreSQL was away.", (-1, 1),
    ),
    End(
        InterfaceError("Error, database connection not opened."),
        JobState.WAITING, 1, "InterfaceError", "connection not opened", (2, 5),
    ),
    End(
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "/media/a.wav"),
        JobState.WAITING, 0, "disk_full", "the media folder (MEDIA_DIR) is full", (27, 30),
    ),
    End(
        ValueError("seven is not a word"),
        JobState.WAITING, 1, "ValueError", "seven is not a word", (2, 5),
    ),
    End(
        Permanent("There is no such voice.", code="voice"),
        JobState.DEAD, 1, "voice", "There is no such voice.",
    ),
    End(
        Parked("Was it posted?", code="unknown_outcome"),
        JobState.PARKED, 1, "unknown_outcome", "Was it posted?",
    ),
    End(
        None,
        JobState.DEAD, 1, "no_result", "The prepare stage ended without a result.",
    ),
)  # fmt: skip


SLOW = 10.0
"""Seconds that a busy machine may need from a job's start to its end."""


def test_each_kind_of_end_has_its_consequence(redis_url: str) -> None:
    # Given a job for each kind of end
    def prepare(number: int) -> None:
        if error := ENDS[number].error:
            raise error

    with running(redis_url, prepare):
        enqueued("prepare", *range(len(ENDS)))

        # When a worker has done them all
        until(lambda: Job.select().where(Job.error_code != "").count() == len(ENDS))

    # Then each waits as long as it should, or has failed, and says why
    for number, end in enumerate(ENDS):
        ended = job("prepare", number)
        assert (ended.state, ended.attempts, ended.error_code) == (
            end.state, end.attempts, end.code,
        )  # fmt: skip
        # A short wait may be over by now: then the reason is only in the row.
        assert end.said in f"{ledger.explain(ended)}: {ended.waits_for}"
        assert ended.lease_until is None
        least, most = end.delay
        assert ended.started_at is not None
        assert least < (ended.due_at - ended.started_at).total_seconds() <= most + SLOW

    # And only those that failed or need a person have a dead letter
    letters = {letter.error_code: letter for letter in DeadLetter.select()}
    parked = {job.error_code for job in Job.select().where(Job.state == JobState.PARKED)}
    assert {code for code, letter in letters.items() if letter.parked} == parked != set()
    assert set(letters) - parked == {"voice", "no_result"}
    voice = letters["voice"]
    assert (voice.stage, voice.attempts) == ("prepare", 1)
    assert voice.job == Job.get(Job.error_code == "voice")
    assert "raise error" in voice.trace
    assert "Permanent: There is no such voice." in voice.trace


def test_the_last_attempt_ends_in_a_dead_letter_without_secrets(redis_url: str) -> None:
    # Given a job on its last attempt and one on its first, with secrets in their errors
    enqueued("prepare", 1, 2)
    most = STAGES["prepare"].attempts
    Job.update(attempts=most - 1).where(Job.subject_id == 1).execute()

    def prepare(_story_id: int) -> None:
        raise ConnectionError(LEAKY)

    # When they fail
    with running(redis_url, prepare):
        until(lambda: Job.select().where(Job.error_code != "").count() == 2)

    # Then the first has failed, with all that is needed to understand why
    letter = DeadLetter.get()
    assert (letter.subject_id, letter.attempts) == (1, most)
    assert letter.error_code == "ConnectionError"
    assert letter.error.startswith(f"Failed after {most} attempts: ConnectionError(")
    assert "raise ConnectionError(LEAKY)" in letter.trace
    assert "upload.test" in letter.error

    # And no secret is stored
    texts = [letter.error, letter.trace, *(row.error for row in Job.select())]
    assert not [secret for secret in SECRETS for text in texts if secret in text]


def test_every_job_of_a_batch_gets_its_own_outcome(redis_url: str) -> None:
    # Given a stage that takes three jobs at once, and fails after the first
    enqueued("prepare", 1, 2, 3)
    Job.update(attempts=STAGES["prepare"].attempts - 1).where(Job.subject_id == 3).execute()

    def prepare(_story_id: int) -> None:
        done = next(held for held in lease().claim_more(10) if held.subject_id == 1)
        with done.finish():
            pass
        raise Retryable("The writer was too late.")

    with running(redis_url, prepare):
        until(lambda: job("prepare", 3).state == JobState.DEAD)

    # Then the first job is done, and each of the others has its own attempts
    states = {row.subject_id: (row.state, row.attempts) for row in Job.select()}
    assert states == {
        1: (JobState.DONE, 1),
        2: (JobState.WAITING, 1),
        3: (JobState.DEAD, 5),
    }


def test_a_failed_periodic_task_has_one_letter_however_often_it_fails(redis_url: str) -> None:
    with running(redis_url):

        @dramatiq.actor(queue_name="cpu")
        def tick() -> None:
            raise ConnectionError(LEAKY)

        for times in (1, 2, 3):
            tick.send()
            until(partial(DeadLetter.get_or_none, DeadLetter.attempts == times))
    letter = DeadLetter.get()
    assert DeadLetter.select().count() == 1
    assert (letter.job, letter.stage, letter.error_code) == (None, "tick", "ConnectionError")
    assert "raise ConnectionError(LEAKY)" in letter.trace
    assert not [secret for secret in SECRETS if secret in letter.error + letter.trace]
