"""A pasted link makes a story: stage "link" reads the post that it names, once."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from adapters.ports import StoryQuery, StorySource
from core import db
from core.db import transaction
from core.errors import InputError, Permanent, StageError
from core.log import storable
from core.text.addresses import is_masked, name_of, shown
from models import AuditEntry, Job, SourceKind, Story, StoryState
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.stories.intake.fetch import columns_of, one_at_a_time, why_skip
from pipelines.stories.intake.manual_intake import digest, paste_source
from pipelines.stories.intake.source_rules import is_address

REDDIT = "https://www.reddit.com"
LONGEST_LINK = 500


def add_link(link: str, by: str) -> Story:
    """Add a story for the post or feed at ``link``, and queue reading it.

    A Reddit post is read from its feed, which needs no API key; of a feed, its first post is read.
    A link that could not be read is tried again.

    Raises:
        InputError: it is not a web address, or was added before.
    """
    address = _feed_of(link.strip())
    key = digest(address)
    with transaction():
        story: Story | None = Story.get_or_none(Story.link_key == key)
        if story is not None and not could_not_be_read(story):
            raise InputError(f"This link was added before, as story {story.id}.", field="link")
        if story is None:
            story = Story.create(
                source=paste_source(),
                external_id=f"link:{key}",
                title=name_of(address),
                body="",
                url=shown(address),
                link_key=key,
                link_address=address,
            )
        ledger.enqueue("link", story.id)
        AuditEntry.create(actor=by, action="story.link", subject=f"story {story.id}")
    return story


def could_not_be_read(story: Story) -> bool:
    """Whether the story is only a link, and nothing reads it any longer."""
    job = Job.of("link", story.id) if story.link_address else None
    return bool(story.link_address) and (job is None or job.finished_at is not None)


def read_link(story_id: int, claim: Claim, source_of: Callable[[str], StorySource]) -> None:
    """Read the post that the story's link names; it is then prepared like any other story.

    Raises:
        Permanent: there is no post at the link, or it can't be read.
        Retryable: the other side is unavailable.
    """
    story = Story.get_by_id(story_id)
    if not story.link_address or story.state != StoryState.FETCHED:
        with claim.finish():
            return
    query = StoryQuery(place=story.link_address, listing="new", time_filter="all", limit=1)
    try:
        with db.closed_for_long_work():
            post = next(iter(source_of(SourceKind.FEED).stories(query)), None)
        if post is None:
            raise Permanent(
                "There is no post at this link: copy the post's own address.", code="link"
            )
    except StageError as error:
        with claim.step():
            waiting = (Story.id == story_id, Story.state == StoryState.FETCHED)
            Story.update(reason=storable(str(error))).where(*waiting).execute()
        raise
    with claim.finish():
        one_at_a_time()
        known = Story.select(Story.id).where(Story.external_id == post.external_id).first()
        reason = why_skip(story.source, post)
        changes = columns_of(story.source, post, kind=SourceKind.FEED)
        if known is not None:
            reason = f"It was added before, as story {known.id}."
            del changes["external_id"]
        changes |= {"link_address": None, "reason": reason}
        if reason:
            story.try_move(StoryState.SKIPPED, **changes)
        elif (
            Story.update(**changes)
            .where(Story.id == story_id, Story.state == StoryState.FETCHED)
            .execute()
        ):
            ledger.enqueue("prepare", story_id, request_id=claim.request_id)


def _feed_of(link: str) -> str:
    """The address to fetch for a link: each Reddit post has its own feed."""
    if is_masked(link):
        raise InputError("A part of this link is hidden: copy the whole link.", field="link")
    if not is_address(link):
        raise InputError(
            "A link starts with https:// and names a page: copy the whole link.", field="link"
        )
    if len(link) > LONGEST_LINK:
        raise InputError(f"A link can have at most {LONGEST_LINK} characters.", field="link")
    parts = urlsplit(link)
    host, steps = parts.hostname or "", [step for step in parts.path.split("/") if step]
    if host == "redd.it" and steps:
        return f"{REDDIT}/comments/{steps[0]}/.rss"
    if host != "reddit.com" and not host.endswith(".reddit.com"):
        return link
    if len(steps) > 2 and steps[2] == "s":  # noqa: PLR2004 (r/<name>/s/<code>)
        raise InputError(
            "This is a share link: open it and copy the post's own address.", field="link"
        )
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
