"""A question that may hang: whoever asks waits a bounded time, and only one thread does longer."""

from __future__ import annotations

import threading

import pytest

from core.telemetry.bounded import Bounded, TooLateError


def test_one_thread_waits_however_often_it_is_asked() -> None:
    # Given a question that hangs
    answers, begun = threading.Event(), []

    def question() -> str:
        begun.append(threading.current_thread())
        assert answers.wait(60)
        return "ok"

    asked = Bounded(question)

    # When it is asked several times, then each who asks is told, and one thread waits
    for _ in range(3):
        with pytest.raises(TooLateError):
            asked.ask(0.05)
    assert len(begun) == 1

    # When the answer comes, then it counts for who asks then; the next one asks anew
    waiting = asked.begin()
    answers.set()
    assert waiting.result(timeout=60) == "ok"
    assert asked.ask(60) == "ok"
    assert len(begun) == 2


def test_an_error_reaches_whoever_asked() -> None:
    def question() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        Bounded(question).ask(60)
