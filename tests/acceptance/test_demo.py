"""The main job on a bare machine, and again."""

from __future__ import annotations

import re
import time
from itertools import groupby
from pathlib import Path

import pytest

from tests.acceptance.conftest import Demo, StartDemo

pytestmark = pytest.mark.alone


def test_stories_become_published_videos_and_no_story_is_made_twice(start_demo: StartDemo) -> None:
    # When the demo runs on a bare machine, with the voice that speaks by default
    began = time.monotonic()
    demo = start_demo("sandboxstories", approve=3, VOICE="")
    # Then each step is printed while it works, without a terminal
    demo.until(lambda: "services: ready" in demo.text(), "a line of the set-up")
    demo.until(lambda: ": narrated" in demo.text(), "a line of a stage")
    result = demo.wait(420)
    took = time.monotonic() - began

    # And at least three stories are published to two accounts
    published = [post for post in result["posts"] if post["status"] == "published"]
    assert len({post["story"] for post in published}) >= 3
    assert len({post["account"] for post in published}) == 2
    assert len(published) == len(result["posts"]) == 2 * len(result["videos"])
    assert all(post["platform_id"] for post in published)

    # And one of them in three parts, in order on each account
    assert any(video["of"] == 3 for video in result["videos"])
    for _, posts in groupby(
        sorted(published, key=lambda p: (p["account"], p["story"], p["published_at"])),
        key=lambda p: (p["account"], p["story"]),
    ):
        parts = [post["part"] for post in posts]
        assert parts == sorted(parts)

    # And the first one was reported, when it was published and in the result
    first = result["first_published_seconds"]
    assert 0 < first < result["seconds"] <= took
    assert lines_of(demo, f"first video published after {first:.0f} s") == 1
    assert f"First video published after {first:.0f} s.\n" in demo.text()
    assert lines_of(demo, "“.+”.*: published on .+") == len(published)
    for stage in ("narrated", "captioned", "rendered"):
        assert lines_of(demo, f"“.+”.*: {stage}") == len(result["videos"])

    # And every word is captioned, at the promised loudness
    for video in result["videos"]:
        assert video["captioned_words"] == video["words"]
        assert (video["voice"], video["timed_by"]) == ("piper", "synthesizer")
        assert -15 <= video["loudness"] <= -13
        assert video["true_peak"] <= -1
        assert Path(video["path"]).stat().st_size == video["size_bytes"] <= 64_000_000

    # And unsuitable stories were skipped, each with its reason
    reasons = {s["id"]: s["reason"] for s in result["stories"] if s["state"] == "skipped"}
    assert {"removed", "pinned", "picture", "safe for work", "language"} <= {
        word
        for word in ("removed", "pinned", "picture", "safe for work", "language")
        if any(word in reason for reason in reasons.values())
    }
    assert all(reasons.values())

    # When it runs again
    began = time.monotonic()
    again = start_demo("sandboxstories", approve=3, VOICE="").wait(60)

    # Then it takes a fraction of the time and produces nothing twice
    assert time.monotonic() - began < took / 3
    assert again["posts"] == result["posts"]
    assert again["first_published_seconds"] is None
    assert [v["path"] for v in again["videos"]] == [v["path"] for v in result["videos"]]


def lines_of(demo: Demo, text: str) -> int:
    """How many lines with a time match the pattern ``text``."""
    return len(re.findall(rf"^ *\d+\.\d s  {text}$", demo.text(), re.MULTILINE))
