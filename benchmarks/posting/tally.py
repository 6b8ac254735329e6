"""Count the outcomes of planned posts: our database compared with the platform."""

from __future__ import annotations

import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.rows import Row
from models import Job, JobState, Post, PostState
from pipelines.publishing.scheduling import planning
from sandbox.testing import RunningSandbox

PATIENCE = 30.0


@dataclass(slots=True)
class Tally:
    """Outcomes of planned posts, according to the platform."""

    runs: int = 0
    doubled: int = 0
    """Posts whose video the platform has more than once."""
    lost: int = 0
    """Posts that did not succeed both here and at the platform, and don't need attention either."""
    parked: int = 0
    """Posts that need a person's decision, because their outcome is unknown."""
    set_aside: int = 0
    """Posts whose job failed; they are listed on the failures page."""
    again: int = 0
    """Bytes that the platform received in addition to its complete videos."""
    most_again: int = 0
    """The maximum for one post."""
    faults: int = 0
    """Faults that occurred, or workers that were killed."""

    def __add__(self, other: Tally) -> Tally:
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return Tally(**sums | {"most_again": max(self.most_again, other.most_again)})

    def rows(self, name: str, *, parked: int = 0) -> list[Row]:
        """Rows labelled ``name``; ``parked`` is the expected number that needs attention."""
        return [
            Row(f"{name}: runs", self.runs, ""),
            Row(f"{name}: faults", self.faults, ""),
            Row(f"{name}: double posts", self.doubled, "", "0", self.doubled == 0),
            Row(f"{name}: lost", self.lost, "", "0", self.lost == 0),
            Row(f"{name}: needs attention", self.parked, "", f"{parked}", self.parked == parked),
            Row(f"{name}: failed", self.set_aside, "", "0", self.set_aside == 0),
            Row(f"{name}: sent again", self.again, "bytes"),
            Row(f"{name}: sent again, most for one post", self.most_again, "bytes"),
        ]


def tally(posts: Sequence[Post], sandbox: RunningSandbox, folder: Path) -> Tally:
    """Compare the database with the platform; videos are identified by content."""
    announced = {one["publish_id"]: one for one in _settled(sandbox)}
    received: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in announced.values():
        received[one["sha256"]].append(one)
    tally = Tally(runs=len(posts), again=sum(_again(one) for one in announced.values()))
    states: Counter[str] = Counter()
    for post in (Post.get_by_id(post.id) for post in posts):
        path = folder / post.video.path
        complete = [one for one in received[_sha256(path)] if one["status"] != "FAILED"]
        tally.doubled += len(complete) > 1
        states[_state(post, complete)] += 1
        if (own := announced.get(post.publish_id)) is not None:
            tally.most_again = max(tally.most_again, _again(own))
    tally.lost, tally.parked = states["lost"], states["parked"]
    tally.set_aside = states["failed"]
    return tally


def _settled(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    """All posts of the platform, after it has processed each complete one."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        posts = sandbox.posts()
        if all(one["sha256"] for one in posts if one["uploaded_bytes"] == one["size"]):
            return posts
        time.sleep(0.05)
    raise RuntimeError(f"The sandbox did not process its videos within {PATIENCE:.0f} s.")


def _again(received: dict[str, Any]) -> int:
    """Bytes sent to an upload address in addition to the accepted ones."""
    whole = received["uploaded_bytes"] == received["size"]
    again: int = received["bytes_read"] - (received["size"] if whole else 0)
    return again


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _state(post: Post, complete: Sequence[dict[str, Any]]) -> str:
    there = {one["publish_id"]: one for one in complete}.get(post.publish_id)
    if post.state in planning.OVER:
        named = post.platform_id or post.state == PostState.INBOX  # an inbox gives no id
        agreed = named and there is not None and post.platform_id == there["post_id"]
        return "ended" if agreed else "lost"
    if post.state == PostState.PARKED:
        return "parked"
    jobs = Job.select().where(Job.subject_id == post.id, Job.stage.in_(("publish", "confirm")))
    return "failed" if jobs.where(Job.state == JobState.DEAD).exists() else "lost"
