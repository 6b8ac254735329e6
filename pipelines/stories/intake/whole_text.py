"""Stage "page": reads the whole text of an excerpt from the page that its story links to."""

from __future__ import annotations

import re

from adapters.ports import PageReader
from core import db
from core.db import transaction
from core.errors import InputError, Permanent
from models import AuditEntry, Story, StoryState, in_state, locked
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.stages import STORY_STAGES
from pipelines.stories.intake.fetch import LONGEST_BODY
from pipelines.stories.text.rules import footers

SAME_WORDS = 0.8
"""Share of an excerpt's words that its whole text has, too."""


def can_be_read(story: Story) -> bool:
    """Whether the story is an excerpt, names its page, and nobody has decided on it."""
    return bool(story.excerpt and story.url) and story.state in Story.sources(StoryState.FETCHED)


def ask(story_id: int, by: str) -> None:
    """Queue reading the story's page.

    Raises:
        InputError: there is no such story, it is no excerpt, it names no page, or it is decided.
    """
    with transaction():
        ledger.lock_jobs((STORY_STAGES, (story_id,)))
        story: Story | None = locked(Story.select().where(Story.id == story_id)).first()
        if story is None:
            raise InputError(f"There is no story {story_id}.")
        if not (story.excerpt and story.url):
            raise InputError("This story is not an excerpt, or names no page: nothing to fetch.")
        if not can_be_read(story):
            raise InputError(f"This story {in_state(story.state)}: its text stays as it is.")
        ledger.enqueue("page", story.id)
        AuditEntry.create(actor=by, action="story.page", subject=f"story {story.id}")


def read_page(story_id: int, claim: Claim, pages: PageReader) -> None:
    """Replace the excerpt by the text of its page; the story is then prepared and judged again.

    Raises:
        Permanent: the page can't be used, or has no longer text that the excerpt is a part of.
        Retryable: the page is unavailable.
    """
    story = Story.get_by_id(story_id)
    if not can_be_read(story):  # decided meanwhile
        with claim.finish():
            return
    with db.closed_for_long_work():
        text = pages.text(story.url).replace("\0", "").encode("utf-8", "ignore").decode()
    if not _is_whole(text, story.body):
        raise Permanent(
            "The page has no longer text that contains the excerpt: open it and paste the story.",
            code="page",
        )
    with claim.finish():
        still = footers.is_excerpt(text, from_feed=False)
        if story.try_move(StoryState.FETCHED, body=text, excerpt=still, reason=""):
            ledger.enqueue("prepare", story.id, request_id=claim.request_id)


def _is_whole(text: str, excerpt: str) -> bool:
    """Whether ``text`` is longer and has the words of the excerpt; a page may be another's."""
    words, wanted = _words(text), set(_words(footers.without_end(excerpt)))
    there = len(wanted & set(words)) >= SAME_WORDS * len(wanted)
    return there and len(_words(excerpt)) < len(words) and len(text) <= LONGEST_BODY


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
