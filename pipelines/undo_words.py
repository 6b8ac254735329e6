"""How a sentence names a decision, what it was about, and what undoing it did."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from textwrap import shorten
from typing import Any, NamedTuple

from models import Account, DeadLetter, Job, Part, Post, ScheduledTask, Script, Story, Undo, Video
from pipelines.schedules import TASKS

LONGEST_TITLE = 60
NAMED = 3
"""Rows that a sentence names; it counts the others."""


class Words(NamedTuple):
    """How a sentence says what was done, to what, and what undoing it did."""

    verb: str
    rows: str
    undone: str
    name: Callable[[int], str]


def named(action: str, ids: list[int]) -> str:
    """The rows in a sentence: ``“One”``, or ``4 stories: “One”, “Two”, “Three” and 1 more``."""
    words = WORDS[action]
    names = [words.name(row_id) for row_id in ids[:NAMED]]
    if len(ids) == 1:
        return names[0]
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{len(ids)} {words.rows}: {', '.join(names)}{more}"


def sentence(decision: Undo) -> str:
    """What was decided about which rows."""
    ids = [row_id for row_id, *_ in decision.changes]
    return f"{WORDS[decision.action].verb} {named(decision.action, ids)}."


def _quoted(title: str | None) -> str:
    line = shorten(unescape(title or "without a title"), LONGEST_TITLE, placeholder="…")
    return f"“{line}”"


def _story(story_id: int) -> str:
    return _quoted(Story.select(Story.title).where(Story.id == story_id).scalar())


def _video(video_id: int) -> str:
    row: Any = Script.select(Script.title, Part.number, Part.of).join(Part).join(Video)
    found = row.where(Video.id == video_id).tuples().first()
    if found is None:
        return f"video {video_id}"
    title, number, of = found
    return _quoted(title) + (f" part {number}" if of > 1 else "")


def _post(post_id: int) -> str:
    title = Post.select(Post.title).where(Post.id == post_id).scalar()
    return f"post {post_id}" if title is None else _quoted(title)


def _failure(letter_id: int) -> str:
    stage = DeadLetter.select(DeadLetter.stage).where(DeadLetter.id == letter_id).scalar()
    return f"failure {letter_id}" + (f" ({stage})" if stage else "")


def _job(job_id: int) -> str:
    stage = Job.select(Job.stage).where(Job.id == job_id).scalar()
    return f"job {job_id}" + (f" ({stage})" if stage else "")


def _account(account_id: int) -> str:
    columns = Account.select(Account.name, Account.open_id).where(Account.id == account_id)
    account = columns.first()
    return _quoted(account.name or account.open_id) if account else f"account {account_id}"


def _schedule(task_id: int) -> str:
    name = ScheduledTask.select(ScheduledTask.name).where(ScheduledTask.id == task_id).scalar()
    return _quoted(TASKS[name].does) if name in TASKS else f"schedule {task_id}"


WORDS = {
    "story.approve": Words("Approved", "stories", "Waiting for review again", _story),
    "story.reject": Words("Rejected", "stories", "Waiting for review again", _story),
    "story.stop": Words("Stopped", "stories", "No longer stopped", _story),
    "story.reconsider": Words(
        "Moved back to waiting", "stories", "Rejected or skipped as before", _story
    ),
    "video.approve": Words("Approved", "videos", "Waiting for review again", _video),
    "video.reject": Words("Rejected", "videos", "Waiting for review again", _video),
    "failure.requeue": Words("Retrying", "failures", "Open again", _failure),
    "failure.repair": Words("Changed and retrying", "failures", "As before, and open", _failure),
    "failure.discard": Words("Discarded", "failures", "Open again", _failure),
    "post.requeue": Words("Retrying", "posts", "Stopped as before", _post),
    "post.again": Words("Posting again", "posts", "Ended as before", _post),
    "job.requeue": Words("Retrying", "jobs", "Ended as before", _job),
    "job.cancel": Words("Cancelled", "jobs", "No longer cancelled", _job),
    "post.cancel": Words("Cancelled", "posts", "No longer cancelled", _post),
    "post.fill": Words("Scheduled", "posts", "No longer scheduled", _post),
    "post.move": Words("Moved", "posts", "Back where it was", _post),
    "account.pause": Words("Paused", "accounts", "Resumed", _account),
    "account.resume": Words("Resumed", "accounts", "Paused again", _account),
    "account.times": Words("Changed the times of", "accounts", "Earlier times again", _account),
    "account.groups": Words("Changed the groups of", "accounts", "Earlier groups again", _account),
    "schedule.pause": Words("Paused", "schedules", "Resumed", _schedule),
    "schedule.resume": Words("Resumed", "schedules", "Paused again", _schedule),
}
