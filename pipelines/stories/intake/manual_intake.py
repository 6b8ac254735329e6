"""Stories that a person brings: a pasted text, or a link that is read once."""

from __future__ import annotations

import hashlib
from typing import cast
from urllib.parse import urlsplit

from adapters.ports import FetchedStory
from core.db import transaction
from core.errors import InputError
from models import AuditEntry, Source, SourceKind, Story
from pipelines import ledger
from pipelines.stories.intake.fetch import IntakeOutcome, take
from pipelines.stories.intake.source_rules import is_address

REDDIT = "https://www.reddit.com"
PASTE_SOURCE = "Pasted stories"
LONGEST_TALE = 20_000
"""Words of a story that a person chose."""


def paste(title: str, text: str, by: str, url: str = "") -> Story:
    """Take a story that a person pasted. Raises InputError when it is empty or known already."""
    if not title.strip() or not text.strip():
        raise InputError("A pasted story needs a title and a text.")
    if url and not is_address(url):
        raise InputError("Where it was published begins with https://, or is left empty.")
    digest = _digest(f"{title} {text}")
    post = FetchedStory(external_id=f"paste:{digest}", title=title.strip(), body=text, url=url)
    with transaction():
        source, _ = Source.get_or_create(
            name=PASTE_SOURCE,
            defaults={
                "kind": SourceKind.PASTE,
                "enabled": False,
                "min_words": 1,
                "max_words": LONGEST_TALE,
            },
        )
        intake = take(source, post)
        story = cast("Story", intake.story)
        if intake.outcome == IntakeOutcome.KNOWN:
            raise InputError(f"This story is here already, as number {story.id}.")
        AuditEntry.create(actor=by, action="story.paste", subject=f"story {story.id}")
    return story


def ask_link(link: str, by: str) -> Source:
    """Have the post or feed at ``link`` read once, as a source of its own; its fate is shown there.

    A Reddit post is read by its feed, which needs no key. One that could not be read before is
    tried again.

    Raises:
        InputError: it is no address, or was read before.
    """
    address = _feed_of(link.strip())
    name = f"Link {address}"
    if len(name) > Source.name.max_length:
        name = f"{name[:100]}… {_digest(address)[:8]}"
    with transaction():
        source = Source.get_or_none(Source.name == name)
        if source is not None and not source.last_error:
            raise InputError(f"This link was given before: see the source {source.id}.")
        source = source or Source.create(
            name=name,
            kind=SourceKind.FEED,
            place=address,
            count=1,
            min_words=1,
            max_words=LONGEST_TALE,
            enabled=False,
        )
        ledger.enqueue("fetch", source.id)
        AuditEntry.create(actor=by, action="source.ask_link", subject=f"source {source.id}")
    return source


def _feed_of(link: str) -> str:
    """Where the story of a link is read: Reddit's posts have a feed each."""
    if not is_address(link):
        raise InputError("A link begins with https:// and names a page: copy it whole.")
    if len(link) > Source.place.max_length:
        raise InputError(f"A link has at most {Source.place.max_length} letters.")
    parts = urlsplit(link)
    host, steps = parts.hostname or "", [step for step in parts.path.split("/") if step]
    if host == "redd.it" and steps:
        return f"{REDDIT}/comments/{steps[0]}/.rss"
    if host != "reddit.com" and not host.endswith(".reddit.com"):
        return link
    if len(steps) > 2 and steps[2] == "s":  # noqa: PLR2004 (r/<name>/s/<code>)
        raise InputError("This is a link for sharing: open it and copy the post's own address.")
    if steps[-1:] == [".rss"]:
        steps.pop()
    if "comments" in steps:  # what follows the post's own words is one answer to it
        steps = steps[: steps.index("comments") + 3]
    return "/".join([REDDIT, *steps, ".rss"])


def _digest(told: str) -> str:
    """The same for the same words, however they are spaced."""
    return hashlib.sha256(" ".join(told.split()).encode("utf-8", "replace")).hexdigest()[:32]
