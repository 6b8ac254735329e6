"""The stories in the sandbox's subreddits: ``stories/*.md``, written for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "stories"
FLAGS = ("nsfw", "stickied", "removed", "deleted", "media")


@dataclass
class Story:
    """One post of a subreddit.

    A file has the fields as ``name: value`` between two lines of ``---``, then the body in
    Markdown, then answers, each after a line ``+++ author score flags``.
    """

    id: str
    subreddit: str
    title: str
    body: str = ""
    score: int = 1
    comments: int = 0
    author: str = "sandbox_writer"
    hours_old: float = 1.0
    edited_hours_old: float = 0.0
    """When it was edited; 0: never."""
    flags: list[str] = field(default_factory=list)
    crosspost_of: str = ""
    url: str = ""
    """Target of a link post."""
    answers: list[dict[str, Any]] = field(default_factory=list)
    """Comments on the post itself: ``author``, ``body``, ``score``, ``flags`` and ``replies``."""

    @property
    def fullname(self) -> str:
        return f"t3_{self.id}"

    @property
    def slug(self) -> str:
        words = re.sub(r"[^a-z0-9]+", "_", self.title.lower()).strip("_")
        return words[:50].rstrip("_") or "post"

    @property
    def permalink(self) -> str:
        return f"/r/{self.subreddit}/comments/{self.id}/{self.slug}/"


def shipped_stories() -> list[Story]:
    return [read_story(path) for path in sorted(FOLDER.glob("*.md"))]


def read_story(path: Path) -> Story:
    """Read one file.

    Raises:
        ValueError: the front matter is missing, or has an unknown field.
    """
    parts = path.read_text(encoding="utf-8").split("---\n", 2)
    if len(parts) != 3 or parts[0]:  # noqa: PLR2004 - before, between and after the two lines
        raise ValueError(f"{path.name} must start with fields between two lines of ---.")
    values = dict(line.split(": ", 1) for line in parts[1].splitlines() if line)
    body, *answers = re.split(r"^\+\+\+ ", parts[2], flags=re.MULTILINE)
    try:
        return Story(
            score=int(values.pop("score", "1")),
            comments=int(values.pop("comments", "0")),
            hours_old=float(values.pop("hours_old", "1")),
            edited_hours_old=float(values.pop("edited_hours_old", "0")),
            flags=_flags(values.pop("flags", "")),
            body=body.strip("\n"),
            answers=[_answer(text) for text in answers],
            **values,
        )
    except TypeError as wrong:
        raise ValueError(f"{path.name}: {wrong}") from wrong


def _answer(text: str) -> dict[str, Any]:
    head, body = text.split("\n", 1)
    author, score, *flags = head.split()
    return {"author": author, "score": int(score), "flags": flags, "body": body.strip("\n")}


def _flags(text: str) -> list[str]:
    flags = [flag.strip() for flag in text.split(",") if flag.strip()]
    if unknown := [flag for flag in flags if flag not in FLAGS]:
        raise ValueError(f"Unknown flags: {unknown}; known flags: {FLAGS}.")
    return flags
