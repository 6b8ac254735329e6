"""The result: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from core.files.storage import MediaStore
from models import Caption, Job, Narration, Part, Post, Script, Story, Video, shown
from pipelines.stages import PART_STAGES, STORY_STAGES

STAGES = (STORY_STAGES[-1], *PART_STAGES)


def collect(
    media: MediaStore, seconds: float, first_published_seconds: float | None
) -> dict[str, Any]:
    """Read the whole result from the database.

    Args:
        media: where the videos are.
        seconds: since the start.
        first_published_seconds: from the start to the first published video; None if there is
            none.
    """
    return {
        "stories": [
            {"id": s.external_id, "title": s.title, "state": s.state, "reason": s.reason}
            for s in Story.select().order_by(Story.id)
        ],
        "videos": [_video(video, media) for video in _videos()],
        "posts": [
            {
                "account": post.account.name,
                "status": post.state,
                "platform_id": post.platform_id,
                "story": post.video.part.script.story.external_id,
                "part": post.video.part.number,
                "published_at": post.published_at.isoformat() if post.published_at else None,
            }
            for post in Post.select().order_by(Post.id)
        ],
        "seconds": round(seconds, 1),
        "first_published_seconds": first_published_seconds,
    }


def first_published(seconds: float) -> str:
    return f"first video published after {seconds:.0f} s"


def _videos() -> list[Video]:
    query = Video.select().join(Part).join(Script).order_by(Script.id, Part.number)
    return list(query)


def _video(video: Video, media: MediaStore) -> dict[str, Any]:
    part = video.part
    narration = Narration.get(Narration.part == part)
    return {
        "path": str(media.at(video.path)),
        "story": part.script.story.external_id,
        "part": part.number,
        "of": part.of,
        "seconds": video.seconds,
        "words": len(part.spoken.split()),
        "captioned_words": Caption.get(Caption.part == part).captioned_words,
        "voice": narration.voice.partition("/")[0],
        "timed_by": narration.timed_by,
        "written_by": part.script.written_by,
        "loudness": video.loudness,
        "true_peak": video.true_peak,
        "size_bytes": video.size_bytes,
        "stage_seconds": {stage: _seconds(stage, part) for stage in STAGES},
    }


def _seconds(stage: str, part: Part) -> float:
    job = Job.of(stage, part.script.story.id if stage == "script" else part.id)
    if job is None or job.finished_at is None or job.started_at is None:
        return 0.0
    return float(round((job.finished_at - job.started_at).total_seconds(), 2))


def write(result: dict[str, Any], file: Path) -> None:
    file.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _statuses(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {shown(state)}" for state, count in counts.items()) or "no account"


def show(result: dict[str, Any], console: Console) -> None:
    table = Table(title="Stories", title_justify="left")
    for column in ("story", "part", "length", *STAGES, "posts"):
        table.add_column(column)
    posts: dict[tuple[str, int], Counter[str]] = {}
    for post in result["posts"]:
        posts.setdefault((post["story"], post["part"]), Counter())[post["status"]] += 1
    titles = {story["id"]: escape(story["title"]) for story in result["stories"]}
    for video in result["videos"]:
        table.add_row(
            titles[video["story"]],
            f"{video['part']}/{video['of']}",
            f"{video['seconds']:.0f} s",
            *(f"{video['stage_seconds'][stage]:.1f} s" for stage in STAGES),
            _statuses(posts.get((video["story"], video["part"]), Counter())),
        )
    console.print(table)
    if (seconds := result["first_published_seconds"]) is not None:
        console.print(f"{first_published(seconds).capitalize()}.")
    for video in result["videos"]:
        console.print(f"  {video['path']}", soft_wrap=True, highlight=False)
    left_out = [story for story in result["stories"] if story["reason"]]
    if left_out:
        skipped = Table(title="Skipped or flagged", title_justify="left")
        skipped.add_column("story")
        skipped.add_column("reason")
        for story in left_out:
            skipped.add_row(titles[story["id"]], escape(story["reason"]))
        console.print(skipped)
    waiting = sum(story["state"] in {"waiting", "flagged"} for story in result["stories"])
    if waiting:
        stories = "story is" if waiting == 1 else "stories are"
        console.print(f"{waiting} more {stories} waiting for your decision in the back office.")
