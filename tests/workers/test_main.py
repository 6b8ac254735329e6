"""How a worker starts, what it has loaded, and how a part's stages follow one another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from redis import Redis

from core import crypto, queue, settings
from core.db import transaction
from models import Job, JobState
from pipelines import ledger
from pipelines.schedules import TASKS
from pipelines.stages import PART_STAGES, STAGES
from tests.waiting import until
from tests.workers.running import enqueued, job, running
from workers.__main__ import main
from workers.stage_actor import claim

ROOT = Path(__file__).resolve().parent.parent.parent
HEAVY = ("onnxruntime", "piper", "numpy", "av", "py3langid", "praw", "ollama")
START = f"""
import json, sys, dramatiq
from workers.main import setup
setup()
broker = dramatiq.get_broker()
print(json.dumps({{
    "actors": {{name: actor.queue_name for name, actor in broker.actors.items()}},
    "periodic": {{
        name: str(actor.options["periodic"])
        for name, actor in broker.actors.items()
        if "periodic" in actor.options
    }},
    "loaded": [name for name in {HEAVY!r} if name in sys.modules],
}}))
"""


def messages(client: Redis, queue_name: str) -> list[dict[str, Any]]:
    return [json.loads(body) for body in client.hgetall(f"dramatiq:{queue_name}.msgs").values()]


@pytest.mark.usefixtures("record")
def test_the_stages_of_a_part_go_out_as_one_pipeline(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        # When a part is queued for narration
        enqueued("narrate", 7, request_id="click")

        # Then its one message includes those of the two stages that follow
        [narrate] = messages(client, "cpu")
        caption = narrate["options"]["pipe_target"]
        render = caption["options"]["pipe_target"]
        steps = (narrate, caption, render)
        assert [step["actor_name"] for step in steps] == ["narrate", "caption", "render"]
        assert [step["queue_name"] for step in steps] == ["cpu", "cpu", "gpu"]
        assert [step["args"] for step in steps] == [[7], [7], [7]]
        assert {step["options"]["request_id"] for step in steps} == {"click"}
        assert "pipe_target" not in render["options"]
        assert messages(client, "gpu") == []

        # And a later stage that starts again includes the stages after it
        client.flushdb()
        enqueued("caption", 8)
        [again] = messages(client, "cpu")
        assert again["options"]["pipe_target"]["actor_name"] == "render"


@pytest.mark.usefixtures("record")
def test_each_stage_of_a_part_follows_by_itself(redis_url: str) -> None:
    # Given stages that queue the next one, as the real ones do
    ran: list[tuple[str, int]] = []

    def stage(name: str) -> Any:
        def run(part_id: int) -> None:
            ran.append((name, part_id))
            with claim().finish():
                if STAGES[name].then:
                    ledger.enqueue_next(claim())

        run.__name__ = name
        return run

    stages = [stage(name) for name in PART_STAGES]
    with running(redis_url, *stages, queues=("cpu", "gpu")):
        # When two parts are queued for narration
        enqueued("narrate", 1, 2)
        done = [(name, part) for name in ("narrate", "caption", "render") for part in (1, 2)]
        until(lambda: len(ran) == len(done))
        until(lambda: job("render", 2).state == JobState.DONE)

    # Then each stage ran once for each part, long before the sweeper would have sent a wake-up
    assert sorted(ran) == sorted(done)
    assert [job(*step).attempts for step in done] == [1] * len(done)


@pytest.mark.usefixtures("record")
def test_a_stage_that_fails_starts_no_other(redis_url: str) -> None:
    def narrate(_part_id: int) -> None:
        raise ValueError("no voice")

    with running(redis_url, narrate):
        enqueued("narrate", 1)
        until(lambda: job("narrate").error)
    with Redis.from_url(redis_url) as client:  # its own message may not be acknowledged yet
        assert {message["actor_name"] for message in messages(client, "cpu")} <= {"narrate"}
    assert Job.of("caption", 1) is None


@pytest.mark.usefixtures("record")
def test_a_wakeup_is_sent_only_for_committed_jobs(redis_url: str) -> None:
    broker = queue.connect(redis_url)
    with pytest.raises(ZeroDivisionError), transaction():
        ledger.enqueue("narrate", 1)
        raise ZeroDivisionError
    assert queue.depths(broker, ["cpu"]) == {"cpu": 0}


def environment(database_url: str, redis_url: str, media: Path, **changes: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CRYPTOGRAPHY_KEY": crypto.new_key(),
        "SECRET_KEY": "a key of the test alone",
        "MEDIA_DIR": str(media),
        **changes,
    }


@pytest.mark.slow
def test_a_worker_has_an_actor_for_every_stage_and_task_and_nothing_heavy(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    started = subprocess.run(
        [sys.executable, "-c", START],
        cwd=ROOT,
        env=environment(database_url, redis_url, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    worker = json.loads(started.stdout)
    for name, stage in STAGES.items():
        assert worker["actors"][name] == stage.queue
    assert worker["loaded"] == []
    # And one for every periodic task, with its plan; without a task, a time may run twice
    assert worker["periodic"] == {name: f"every {task.plan}" for name, task in TASKS.items()}


def test_a_worker_that_can_not_start_says_why_in_a_sentence(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = environment("postgresql://me:canary@127.0.0.1:9/none", redis_url, tmp_path)
    for name, value in away.items():
        monkeypatch.setenv(name, value)
    settings.current.cache_clear()
    try:
        ended = CliRunner().invoke(main, ["cpu"])
    finally:
        settings.current.cache_clear()
    assert ended.exit_code == 2
    assert "PostgreSQL at 127.0.0.1:9 can't be used" in ended.output
    assert "canary" not in ended.output
