"""Which stories a list shows, and how many of them are in each state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from peewee import SQL, Select, fn

from admin.lists.each_of import EachOf
from admin.lists.paging import counts
from core.db import database
from core.errors import InputError
from models import Source, Story, StoryState

SAMPLE = 2000
"""Newest stories, sampled to estimate how common the search words are."""
RARE = 20_000
"""Number of stories that can be collected, sorted and counted quickly."""


@dataclass(frozen=True, slots=True)
class Wanted:
    condition: Any
    rare: bool | None
    """Whether the search words are rare enough to read every matching story; None without words."""
    note: str = ""
    """Why not all stories are searched, in a sentence; empty if they are."""
    sources: list[int] | None = None
    """Ids of the only sources; None for all."""

    def each(self, state: str) -> EachOf | None:
        """The index that finds the stories of the sources; None where another one is better."""
        if self.rare is not None or self.sources is None:
            return None
        states = [state] if state else list(StoryState)
        return EachOf(Story, {"source_id": self.sources, "state": states})


def wanted(origin: str, words: str) -> Wanted:
    """Which stories a list shows.

    Args:
        origin: ``c3`` is a channel, ``s5`` a source; empty for all.
        words: beginnings of words that all occur in the title, or the story's number.

    Raises:
        InputError: ``origin`` is neither.
    """
    return of_sources(_sources(origin) if origin else None, words)


def of_sources(sources: list[int] | None, words: str) -> Wanted:
    """Like ``wanted``, with the sources' ids; None for all."""
    found = _found(words) if words else Wanted(SQL("true"), None)
    if sources is None:
        return found
    return replace(found, condition=found.condition & Story.source.in_(sources), sources=sources)


def by_state(wanted: Wanted, states: Sequence[StoryState]) -> list[tuple[StoryState, int]]:
    """How many of ``wanted`` are in each state; 0 where its words are too common to count.

    PostgreSQL would have to read the titles of nearly all stories to count them.
    """
    if wanted.rare is None:
        each = (Story.select().where(wanted.condition, Story.state == state) for state in states)
        return list(zip(states, counts(each), strict=True))
    found: dict[str, int] = {}
    if wanted.rare:
        number = fn.COUNT(SQL("1"))
        rows: Any = Story.select(Story.state, number).where(wanted.condition)
        found = dict(rows.group_by(Story.state).tuples())
    return [(state, found.get(state, 0)) for state in states]


def _found(words: str) -> Wanted:
    if words.isdecimal():
        return Wanted(Story.id == int(words), rare=True)
    typed = re.findall(r"\w+", words)
    terms = " & ".join(f"{word}:*" for word in typed)
    if typed and not _is_indexed(terms):
        return _of_newest(typed)
    matches = SQL("to_tsvector('english', title) @@ to_tsquery('english', %s)", (terms,))
    newest = Story.select(Story.title).order_by(Story.id.desc()).limit(SAMPLE).alias("newest")
    hits = len(database.execute(Select([newest], [SQL("1")]).where(matches)).fetchall())
    stories = Story.select(fn.MAX(Story.id)).scalar() or 0
    return Wanted(matches, rare=hits * stories <= RARE * SAMPLE)


def _is_indexed(terms: str) -> bool:
    """Whether one of the words is in the index, which leaves out words like "the"."""
    cursor = database.execute_sql("SELECT numnode(to_tsquery('english', %s))", (terms,))
    return bool(cursor.fetchone()[0])


def _of_newest(typed: list[str]) -> Wanted:
    """The newest stories are read instead of the index."""
    newest = Story.select(Story.id).order_by(Story.id.desc()).offset(SAMPLE - 1).limit(1)
    condition = Story.id >= (newest.scalar() or 0)
    for word in typed:
        condition &= SQL("title ~* %s", (rf"\m{word}",))
    note = (
        f"“{' '.join(typed)}” is too common to search all stories for: only the newest "
        f"{SAMPLE:,} were searched. Add another word to search all."
    )
    return Wanted(condition, rare=True, note=note)


def _sources(origin: str) -> list[int]:
    """Ids of the sources that a filter choice stands for."""
    kind, number = origin[:1], int(origin[1:]) if origin[1:].isdecimal() else 0
    of = {"c": Source.channel, "s": Source.id}.get(kind)
    if of is None:
        raise InputError("There is no such channel or source.")
    return [source.id for source in Source.select(Source.id).where(of == number)]
