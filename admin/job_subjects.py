"""What a job works on: a label and a link for any stage and id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from typing import Any

from flask import url_for

from models import Account, Backup, Part, Post, Script, Source, Story, Video, WebhookDelivery
from pipelines.stages import STAGES


@dataclass(frozen=True, slots=True)
class Subject:
    label: str
    url: str


def subjects(of: Iterable[Any]) -> dict[tuple[str, int | None], Subject]:
    """Subjects of jobs or dead letters by ``(stage, subject_id)``; one query per kind.

    Deleted rows are missing.
    """
    rows = {(row.stage, row.subject_id) for row in of if row.stage in STAGES}
    found: dict[tuple[str, int | None], Subject] = {}
    for kind, look_up in _LOOK_UPS.items():
        wanted = {(stage, number) for stage, number in rows if STAGES[stage].subject == kind}
        if wanted:
            known = look_up([number for _, number in wanted])
            found |= {(s, n): known[n] for s, n in wanted if n in known}
    return found


def _sources(ids: list[int]) -> dict[int, Subject]:
    query = Source.select(Source.id, Source.name).where(Source.id.in_(ids))
    return {row.id: Subject(row.name, url_for("sources.edit", source_id=row.id)) for row in query}


def _stories(ids: list[int]) -> dict[int, Subject]:
    query = Story.select(Story.id, Story.title).where(Story.id.in_(ids))
    return {
        row.id: Subject(unescape(row.title), url_for("stories.show", story_id=row.id))
        for row in query
    }


def _parts(ids: list[int]) -> dict[int, Subject]:
    query = (
        Part.select(Part.id, Part.number, Part.of, Script.title)
        .join(Script)
        .where(Part.id.in_(ids))
        .objects()
    )
    return {
        row.id: Subject(part_title(row), url_for("videos.show", part_id=row.id)) for row in query
    }


def _posts(ids: list[int]) -> dict[int, Subject]:
    query: Iterable[Any] = (
        Post.select(Post.id, Script.title, Part.number, Part.of, Account.name)
        .join(Account)
        .switch(Post)
        .join(Video)
        .join(Part)
        .join(Script)
        .where(Post.id.in_(ids))
        .objects()
    )
    return {
        row.id: Subject(f"{part_title(row)} on {row.name}", url_for("posts.show", post_id=row.id))
        for row in query
    }


def _deliveries(ids: list[int]) -> dict[int, Subject]:
    query: Any = WebhookDelivery.select(
        WebhookDelivery.id, WebhookDelivery.event, WebhookDelivery.subscription
    )
    return {
        row.id: Subject(
            f"{row.event} to a webhook",
            url_for("subscriptions.show", subscription_id=row.subscription_id),
        )
        for row in query.where(WebhookDelivery.id.in_(ids))
    }


def _backups(ids: list[int]) -> dict[int, Subject]:
    query = Backup.select(Backup.id).where(Backup.id.in_(ids))
    return {row.id: Subject(f"Backup {row.id}", url_for("backups.index")) for row in query}


def part_title(row: Any) -> str:
    """The title of a part's video; ``row`` has ``title``, ``number`` and ``of``."""
    title: str = row.title
    return title if row.of == 1 else f"{title} ({row.number} of {row.of})"


_LOOK_UPS = {
    "Source": _sources,
    "Story": _stories,
    "Part": _parts,
    "Post": _posts,
    "Delivery": _deliveries,
    "Backup": _backups,
}
