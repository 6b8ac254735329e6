"""Adds pasted stories."""

from __future__ import annotations

import hashlib
from typing import cast

from adapters.ports import FetchedStory
from core.db import transaction
from core.errors import InputError
from models import AuditEntry, Source, SourceKind, Story
from pipelines.stories.intake.fetch import IntakeOutcome, take
from pipelines.stories.intake.source_rules import is_address
from pipelines.typed_limits import LONGEST_TEXT, LONGEST_TITLE, check_length

PASTE_SOURCE = "Pasted stories"
LONGEST_STORY = 20_000
"""Most words of a story that a person adds."""


def paste(title: str, text: str, by: str, url: str = "") -> Story:
    """Add a pasted story. Raises InputError if it is empty or was added before."""
    if not title.strip() or not text.strip():
        missing = "text" if title.strip() else "title"
        raise InputError("A pasted story needs a title and a text.", field=missing)
    check_length(title, LONGEST_TITLE, "title")
    check_length(text, LONGEST_TEXT, "text")
    if (words := len(text.split())) > LONGEST_STORY:
        raise InputError(
            f"The text has {words:,} words. At most {LONGEST_STORY:,} can be narrated.",
            field="text",
        )
    if url and not is_address(url):
        raise InputError("The address must start with https://, or be empty.", field="url")
    post = FetchedStory(
        external_id=f"paste:{digest(f'{title} {text}')}", title=title.strip(), body=text, url=url
    )
    with transaction():
        intake = take(paste_source(), post)
        story = cast("Story", intake.story)
        if intake.outcome == IntakeOutcome.KNOWN:
            raise InputError(f"This story was added before, as number {story.id}.", field="text")
        AuditEntry.create(actor=by, action="story.paste", subject=f"story {story.id}")
    return story


def paste_source() -> Source:
    """The source of all stories that people add by hand; made when it is first needed."""
    source: Source
    source, _ = Source.get_or_create(
        name=PASTE_SOURCE,
        defaults={
            "kind": SourceKind.PASTE,
            "enabled": False,
            "min_words": 1,
            "max_words": LONGEST_STORY,
        },
    )
    return source


def digest(text: str) -> str:
    """A hash of the words; spacing doesn't matter."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).hexdigest()[:32]
