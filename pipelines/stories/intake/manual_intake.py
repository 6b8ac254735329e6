"""Adds stories by hand: a pasted text, or a link that is fetched once."""

from __future__ import annotations

import hashlib
from typing import cast
from urllib.parse import SplitResult, urlsplit

from adapters.ports import FetchedStory
from core.db import transaction
from core.errors import InputError
from core.text.addresses import hides, is_masked, shown
from models import AuditEntry, Source, SourceKind, Story
from pipelines import ledger
from pipelines.stories.intake.fetch import IntakeOutcome, take
from pipelines.stories.intake.source_names import free_name
from pipelines.stories.intake.source_rules import is_address

REDDIT = "https://www.reddit.com"
PASTE_SOURCE = "Pasted stories"
LINK = "Link "
"""How the names of sources begin that were made for a link."""
LONGEST_STORY = 20_000
"""Most words of a story that a person adds."""


def paste(title: str, text: str, by: str, url: str = "") -> Story:
    """Add a pasted story. Raises InputError if it is empty or was added before."""
    if not title.strip() or not text.strip():
        raise InputError("A pasted story needs a title and a text.")
    if url and not is_address(url):
        raise InputError("The address must start with https://, or be empty.")
    digest = _digest(f"{title} {text}")
    post = FetchedStory(external_id=f"paste:{digest}", title=title.strip(), body=text, url=url)
    with transaction():
        source, _ = Source.get_or_create(
            name=PASTE_SOURCE,
            defaults={
                "kind": SourceKind.PASTE,
                "enabled": False,
                "min_words": 1,
                "max_words": LONGEST_STORY,
            },
        )
        intake = take(source, post)
        story = cast("Story", intake.story)
        if intake.outcome == IntakeOutcome.KNOWN:
            raise InputError(f"This story was added before, as number {story.id}.")
        AuditEntry.create(actor=by, action="story.paste", subject=f"story {story.id}")
    return story


def ask_link(link: str, by: str) -> Source:
    """Queue one fetch of the post or feed at ``link``, as its own source; that shows the outcome.

    A Reddit post is read from its feed, which needs no API key. A link that failed before is tried
    again.

    Raises:
        InputError: it is not a web address, or was fetched before.
    """
    address = _feed_of(link.strip())
    with transaction():
        source = _of_link(address)
        if source is not None and not source.last_error:
            raise InputError(f"This link was added before: see source {source.id}.")
        source = source or Source.create(
            name=free_name(address, start=LINK),
            kind=SourceKind.FEED,
            place=shown(address)[: Source.place.max_length],
            address=address if hides(address) else None,
            count=1,
            min_words=1,
            max_words=LONGEST_STORY,
            enabled=False,
        )
        ledger.enqueue("fetch", source.id)
        AuditEntry.create(actor=by, action="source.ask_link", subject=f"source {source.id}")
    return source


def _of_link(address: str) -> Source | None:
    """The source that was made for this very address."""
    place = shown(address)[: Source.place.max_length]
    links = Source.select().where(
        Source.kind == SourceKind.FEED, Source.place == place, Source.name.startswith(LINK)
    )
    return next((source for source in links if source.whole_place == address), None)


def _feed_of(link: str) -> str:
    """The address to fetch for a link: each Reddit post has its own feed."""
    if is_masked(link):
        raise InputError("A part of this link is hidden: copy the whole link.")
    if not is_address(link):
        raise InputError("A link starts with https:// and names a page: copy the whole link.")
    if len(link) > Source.place.max_length:
        raise InputError(f"A link can have at most {Source.place.max_length} characters.")
    parts = urlsplit(link)
    host, steps = parts.hostname or "", [step for step in parts.path.split("/") if step]
    if host == "redd.it" and steps:
        return f"{REDDIT}/comments/{steps[0]}/.rss"
    if host != "reddit.com" and not host.endswith(".reddit.com"):
        return link
    if len(steps) > 2 and steps[2] == "s":  # noqa: PLR2004 (r/<name>/s/<code>)
        raise InputError("This is a share link: open it and copy the post's own address.")
    return _reddit_feed(parts, steps)


def _reddit_feed(parts: SplitResult, steps: list[str]) -> str:
    """The feed of a page of Reddit; ``top.rss`` and ``top/.rss`` are the same."""
    is_feed = steps[-1:] and steps[-1].endswith(".rss")
    if is_feed:
        steps = [*steps[:-1], *filter(None, [steps[-1].removesuffix(".rss")])]
    query = parts.query
    if "comments" in steps:  # the rest names a single comment
        steps = steps[: steps.index("comments") + 3]
        query = query if is_feed else ""  # only says from where the link was copied
    return "/".join([REDDIT, *steps, ".rss"]) + (f"?{query}" if query else "")


def _digest(text: str) -> str:
    """A hash of the words; spacing doesn't matter."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).hexdigest()[:32]
