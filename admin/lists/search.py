"""One search over stories, videos, posts, accounts and jobs: by words, numbers and addresses.

Each kind shows its newest few, and every query is bounded by what it shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from flask import url_for
from peewee import JOIN, ModelSelect

from admin.job_subjects import part_title, subjects
from admin.lists import story_list
from models import Account, DeadLetter, Job, JobState, Part, Post, Script, Story, Video
from pipelines.stages import PART_STAGES, POST_STAGES, STORY_STAGES

MOST = 8
"""Hits of one kind that are shown."""
RELATED = 50
"""Newest stories that match the words, whose videos, posts and jobs are looked for."""
LARGEST_ID = 2**31 - 1
UNFINISHED = (JobState.WAITING, JobState.RUNNING, JobState.PARKED, JobState.DEAD)
_REDDIT = re.compile(r"(?:reddit\.com/(?:r/\w+/)?comments|redd\.it)/(\w{4,10})")
_TIKTOK = re.compile(r"(?:/(?:video|photo)/|^)(\d{15,25})")
_PREFIXES = ("https://", "http://", "https://www.", "http://www.")


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found; ``id`` is None for a part whose video is still being made."""

    label: str
    url: str
    state: str = ""
    facts: str = ""
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """The hits of one kind."""

    name: str
    hits: list[Hit]
    all_of_them: str | None = None
    """The address of a list of all, if there may be more."""


@dataclass(frozen=True, slots=True)
class Results:
    kinds: list[Kind]
    note: str = ""
    """What could not be searched, in a sentence."""


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, and the stories, parts and posts that its words are about."""

    text: str
    number: int | None
    is_address: bool
    stories: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    note: str = ""


def find(text: str) -> Results:
    query = _query(" ".join(text.split()))
    kinds = [Kind(name, *look_up(query)) for name, look_up in _KINDS.items()]
    return Results([kind for kind in kinds if kind.hits], query.note)


def _query(text: str) -> Query:
    number = int(text) if text.isdecimal() and int(text) <= LARGEST_ID else None
    is_address = "/" in text or ("." in text.strip(".") and " " not in text)
    if number is not None or is_address or not text:
        stories = _stories_at(text) if is_address else []
        return Query(text, number, is_address, stories, _parts_of(stories))
    wanted = story_list.wanted("", text)
    each = wanted.each("")
    rows = Story.select(Story.id).where(wanted.condition).order_by((Story.id + 0).desc())
    stories = each.keys(RELATED) if each else [row.id for row in rows.limit(RELATED)]
    return Query(text, None, is_address, stories, _parts_of(stories), wanted.note)


def _stories_at(address: str) -> list[int]:
    """Stories from this web address, or of this Reddit post."""
    bare = re.sub(r"^https?://(?:www\.)?", "", address).partition("#")[0].rstrip("/")
    urls = [f"{prefix}{bare}{end}" for prefix in _PREFIXES for end in ("", "/")]
    found = Story.select(Story.id).where(Story.url.in_(urls), Story.url != "").limit(RELATED)
    ids = {row.id for row in found}
    if post := _REDDIT.search(address):
        same = Story.select(Story.id).where(Story.external_id == f"reddit:t3_{post[1]}")
        ids |= {row.id for row in same}
    return sorted(ids, reverse=True)


def _parts_of(stories: list[int]) -> list[int]:
    rows = Part.select(Part.id).join(Script).where(Script.story.in_(stories))
    return [row.id for row in rows.order_by(Part.id.desc()).limit(RELATED)]


Found = tuple[list[Hit], str | None]


def _stories(query: Query) -> Found:
    ids = [query.number] if query.number is not None else query.stories[: MOST + 1]
    columns = (Story.id, Story.title, Story.state, Story.place)
    rows = Story.select(*columns).where(Story.id.in_(ids)).order_by(Story.id.desc())
    hits = [
        Hit(
            unescape(row.title),
            url_for("stories.show", story_id=row.id),
            row.state,
            f"story {row.id}" + (f", {row.place}" if row.place else ""),
            row.id,
        )
        for row in rows
    ]
    more = len(hits) > MOST and not query.is_address
    return hits[:MOST], url_for("stories.index", search=query.text) if more else None


def _videos(query: Query) -> Found:
    ids = [query.number] if query.number is not None else query.parts[:MOST]
    rows: Any = (
        Part.select(
            Part.id, Part.number, Part.of, Script.title, Video.state, Video.id.alias("video_id")
        )
        .join(Script)
        .switch(Part)
        .join(Video, JOIN.LEFT_OUTER)
        .where(Part.id.in_(ids))
        .order_by(Part.id.desc())
        .objects()
    )
    return [
        Hit(
            part_title(row),
            url_for("videos.show", part_id=row.id),
            row.state or "making",
            f"video {row.id}",
            row.video_id,
        )
        for row in rows
    ], None


def _posts(query: Query) -> Found:
    if query.number is not None:
        wanted = Post.id == query.number
    elif (number := _TIKTOK.search(query.text)) is not None:
        wanted = (Post.platform_id == number[1]) & (Post.platform_id != "")
    elif query.parts:
        wanted = Post.video.in_(Video.select(Video.id).where(Video.part.in_(query.parts)))
    else:
        wanted = Post.publish_id == query.text
    rows: Any = (
        Post.select(Post.id, Post.title, Post.state, Account.name)
        .join(Account)
        .where(wanted)
        .order_by((Post.id + 0).desc())
        .limit(MOST)
        .objects()
    )
    return [
        Hit(
            row.title.partition("\n")[0],
            url_for("posts.show", post_id=row.id),
            row.state,
            f"post {row.id}, on {row.name or 'an unnamed account'}",
            row.id,
        )
        for row in rows
    ], None


def _accounts(query: Query) -> Found:
    if query.number is not None:
        wanted = Account.id == query.number
    else:
        name = re.sub(r"^https?://(?:www\.)?tiktok\.com/", "", query.text).partition("/")[0]
        name = name.removeprefix("@")
        if not name:
            return [], None
        wanted = (
            Account.name.contains(name)
            | Account.username.contains(name)
            | (Account.open_id == query.text)
        )
    columns = (Account.id, Account.name, Account.username, Account.state)
    rows = Account.select(*columns).where(wanted).order_by(Account.name, Account.id).limit(MOST)
    return [
        Hit(
            row.name or "unnamed",
            url_for("accounts.show", account_id=row.id),
            row.state,
            f"account {row.id}" + (f", @{row.username}" if row.username else ""),
            row.id,
        )
        for row in rows
    ], None


def _jobs(query: Query) -> Found:
    """By number or request, or what is unfinished about the stories that the words mean."""
    if query.number is not None:
        jobs = Job.select().where(Job.id == query.number)
    elif re.fullmatch(r"[0-9a-f]{32}", query.text):
        jobs = Job.select().where(Job.request_id == query.text)
    else:
        jobs = Job.select().where(Job.id.in_(_unfinished(query)))
    rows = list(jobs.order_by((Job.id + 0).desc()).limit(MOST))
    about = subjects(rows)
    hits = []
    for row in rows:
        subject = about.get((row.stage, row.subject_id))
        label = subject.label if subject else f"{row.stage} {row.subject_id}"
        url = subject.url if subject else url_for("jobs.index", stage=row.stage)
        hits.append(Hit(label, url, row.state, f"job {row.id}, {row.stage}", row.id))
    return hits, None


def _unfinished(query: Query) -> list[int]:
    """Ids of jobs, found by what they work on: what is unfinished can be very much."""
    posts = [post.id for post in _post_ids(query.parts)]
    kinds = ((STORY_STAGES, query.stories), (PART_STAGES, query.parts), (POST_STAGES, posts))
    found = [
        Job.select(Job.id, Job.state).where(Job.stage.in_(stages), Job.subject_id.in_(ids))
        for stages, ids in kinds
        if ids
    ]
    return [job.id for jobs in found for job in jobs if job.state in UNFINISHED]


def _failures(query: Query) -> Found:
    if query.number is None:
        return [], None
    rows = DeadLetter.select().where(DeadLetter.id == query.number)
    return [
        Hit(
            row.error,
            url_for("failures.show", letter_id=row.id),
            "failed" if row.resolved_at is None else row.resolution,
            f"failure {row.id}, {row.stage}",
            row.id,
        )
        for row in rows
    ], None


def _post_ids(parts: Iterable[int]) -> ModelSelect[Any]:
    return Post.select(Post.id).join(Video).where(Video.part.in_(list(parts)))


_KINDS: dict[str, Callable[[Query], Found]] = {
    "Stories": _stories,
    "Videos": _videos,
    "Posts": _posts,
    "Accounts": _accounts,
    "Jobs": _jobs,
    "Failures": _failures,
}
