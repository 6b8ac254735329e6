"""Heartbeats: who runs, since when nothing is heard, and where Prometheus finds everybody."""

from __future__ import annotations

import os

import pytest
import structlog
from redis import Redis

from core.telemetry import heartbeats
from core.telemetry.heartbeats import KEY, Heart, Heartbeats
from tests.waiting import until

PROCESSES = ("network", "cpu")


def silence(redis_url: str, seconds: float) -> None:
    """Make every report that much older."""
    with Redis.from_url(redis_url) as client:
        for member, score in client.zrange(KEY, 0, -1, withscores=True):
            client.zadd(KEY, {member: score - seconds * 1000})


def test_a_process_is_alive_while_it_reports_itself(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a process that beats
    monkeypatch.setattr(heartbeats, "BEAT_SECONDS", 0.05)
    reported = Heartbeats.at(redis_url)
    assert reported.alive(PROCESSES) == set()
    heart = Heart(reported, "cpu", "127.0.0.1:9770")
    heart.start()
    until(lambda: reported.alive(PROCESSES) == {"cpu"})

    # When it falls silent for a moment, it is heard again; when it stops, it is gone at once
    silence(redis_url, 100)
    until(lambda: reported.alive(PROCESSES) == {"cpu"})
    heart.stop()
    assert reported.heard() == []


def test_silence_is_measured_by_the_clock_of_redis(redis_url: str) -> None:
    # Given a process that was killed, and one that reports itself
    reported = Heartbeats.at(redis_url)
    reported.beat("gpu", "127.0.0.1:9780")
    silence(redis_url, 40)
    reported.beat("cpu", "127.0.0.1:9770")

    # Then the one is gone, with the time since its last report
    ages = {one.process: one.age for one in reported.heard()}
    assert 40 <= ages["gpu"] < 100
    assert ages["cpu"] < 30
    assert reported.alive(("gpu",)) == set()


def test_prometheus_finds_every_process_of_every_host_once(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given two processes, one of which was restarted on the same port
    reported = Heartbeats.at(redis_url)
    reported.beat("web", "10.0.0.5:9750")
    monkeypatch.setattr(os, "getpid", lambda: 4711)
    reported.beat("web", "10.0.0.5:9750")
    reported.beat("cpu", "10.0.0.6:9770")

    # Then both are listed, with what they are
    found = [(each["targets"], each["labels"]["process"]) for each in reported.targets()]
    assert found == [(["10.0.0.5:9750"], "web"), (["10.0.0.6:9770"], "cpu")]

    # When they have been silent for some minutes, then they are not asked any longer
    silence(redis_url, 120)
    assert reported.targets() == []


def test_what_is_long_gone_is_forgotten(redis_url: str) -> None:
    reported = Heartbeats.at(redis_url)
    for number in range(5):
        reported.beat("cpu", f"127.0.0.1:{number}")
    silence(redis_url, 4000)
    reported.beat("cpu", "127.0.0.1:9770")
    assert [one.address for one in reported.heard()] == ["127.0.0.1:9770"]


def test_without_redis_nobody_knows_who_runs() -> None:
    nowhere = Heartbeats.at("redis://:canary@127.0.0.1:9/0")
    with structlog.testing.capture_logs() as lines:
        assert nowhere.alive(PROCESSES) is None
        heart = Heart(nowhere, "cpu", "")
        heart.start()
        until(lambda: any(line["event"] == "heartbeat_lost" for line in lines))
        heart.stop()
    assert "canary" not in str(lines)
