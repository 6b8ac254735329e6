"""Decisions on rows of a list or page, with an offer to undo them."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from textwrap import shorten
from typing import Any, NamedTuple

from flask import url_for
from flask.typing import ResponseReturnValue

from admin.auth import back, person
from admin.views.page import Offer, done, first_of, say_refused
from core.errors import InputError, StorymillError
from models import Account, DeadLetter, Part, Post, Script, Story, Video
from pipelines import undo

LONGEST_TITLE = 60
NAMED = 3
"""Rows that a sentence names; it counts the others."""


class Words(NamedTuple):
    """How a sentence says what was done, to what, and what undoing it did."""

    verb: str
    rows: str
    undone: str
    name: Callable[[int], str]


def undoable(
    action: str,
    ids: list[int],
    act: Callable[[int], object],
    *,
    onwards: Callable[[], str | None] = back,
    sentence: str = "",
    on_page: int | None = None,
    seconds: int = 0,
) -> ResponseReturnValue:
    """Apply ``act`` to each row, say what was done to what, and offer to undo it.

    Args:
        action: of ``undo.ACTIONS``.
        ids: the rows; one that is refused stops no other.
        act: the decision.
        onwards: where to go when it is done; else, or if None, the previous page.
        sentence: said instead of the usual one.
        on_page: 1 if undoing it leads back to the row's own page.
        seconds: until the work begins that was asked for.
    """
    changes, refused = list[undo.Change](), list[str]()
    for row_id in ids:
        try:
            changes.append(undo.noted(action, row_id, act))
        except StorymillError as error:
            if len(ids) == 1:
                raise
            refused.append(f"{WORDS[action].name(row_id)}: {error}")
    if not changes:
        raise InputError(first_of(refused))
    say_refused(refused)
    undo_id = undo.remember(person().name, action, changes)
    address = url_for("undo.undo", undo_id=undo_id, on_page=on_page)
    words, decided = WORDS[action], [row_id for row_id, *_ in changes]
    return done(
        sentence or f"{words.verb} {named(action, decided)}.",
        onwards(),
        undo=Offer(address, seconds),
    )


def named(action: str, ids: list[int]) -> str:
    """The rows in a sentence: ``“One”``, or ``4 stories: “One”, “Two”, “Three” and 1 more``."""
    words = WORDS[action]
    names = [words.name(row_id) for row_id in ids[:NAMED]]
    if len(ids) == 1:
        return names[0]
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{len(ids)} {words.rows}: {', '.join(names)}{more}"


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
    return _quoted(Post.select(Post.title).where(Post.id == post_id).scalar())


def _failure(letter_id: int) -> str:
    stage = DeadLetter.select(DeadLetter.stage).where(DeadLetter.id == letter_id).scalar()
    return f"failure {letter_id}" + (f" ({stage})" if stage else "")


def _account(account_id: int) -> str:
    columns = Account.select(Account.name, Account.open_id).where(Account.id == account_id)
    account = columns.first()
    return _quoted(account.name or account.open_id) if account else f"account {account_id}"


WORDS = {
    "story.approve": Words("Approved", "stories", "Waiting for review again", _story),
    "story.reject": Words("Rejected", "stories", "Waiting for review again", _story),
    "story.stop": Words("Stopped", "stories", "In production again", _story),
    "video.reject": Words("Rejected", "videos", "Waiting for review again", _video),
    "failure.discard": Words("Discarded", "failures", "Open again", _failure),
    "post.cancel": Words("Cancelled", "posts", "No longer cancelled", _post),
    "post.move": Words("Moved", "posts", "Back where it was", _post),
    "account.pause": Words("Paused", "accounts", "Resumed", _account),
    "account.resume": Words("Resumed", "accounts", "Paused again", _account),
    "account.times": Words("Changed the times of", "accounts", "Earlier times again", _account),
    "account.groups": Words("Changed the groups of", "accounts", "Earlier groups again", _account),
}
