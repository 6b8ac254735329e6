"""Which stories a list shows, and how many of them are in each state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from peewee import SQL, fn

from admin.lists.each_of import EachOf
from admin.lists.paging import Keys, counts
from core.db import database
from core.errors import InputError
from models import Source, Story, StoryState

SAMPLE = 2000
"""Newest stories, read for words that are not in the index."""
COUNTABLE = 2000
"""Number of stories with the words that are counted; more take too long."""


@dataclass(frozen=True, slots=True)
class Matching:
    """Stories whose titles have some words.

    They are looked for in the newest stories first, in as many as should have enough of them. Only
    where PostgreSQL is wrong about how common the words are, older ones are read too. The words'
    index lists all stories that ever had a word, so common words are looked for in the stories.

    Attributes:
        terms: the words, for ``to_tsquery``.
        others: what else the stories must be.
    """

    terms: str
    others: Any

    def expected(self) -> int:
        """How many there are, as far as PostgreSQL's statistics tell."""
        condition = _has_words(self.terms) & self.others
        sql, values = Story.select(Story.id).where(condition).sql()
        plan = database.execute_sql(f"EXPLAIN (FORMAT JSON) {sql}", values).fetchone()[0]
        return int(plan[0]["Plan"]["Plan Rows"])

    def keys(self, most: int, *, before: int | None = None, after: int | None = None) -> list[int]:
        """The ``most`` newest ids, below ``before`` if given; with ``after``, the next above."""
        last = Story.select(fn.MAX(Story.id)).scalar() or 0
        width = 1 + SPARE * most * last // max(1, self.expected())
        high = last + 1 if before is None else before
        low = after or 0
        while True:
            near = (max(0, high - width), high) if after is None else (low, low + width)
            found = self._between(*near, most, newest=after is None)
            if len(found) == most or (near[0] == 0 if after is None else near[1] > last):
                return found
            width *= WIDER

    def _between(self, low: int, high: int, most: int, *, newest: bool) -> list[int]:
        order = (Story.id + 0).desc() if newest else Story.id + 0
        words = _has_words(self.terms, by_index=high - low > NEAR)
        rows = Story.select(Story.id).where(words, self.others, Story.id > low, Story.id < high)
        return [row.id for row in rows.order_by(order).limit(most)]


SPARE = 2
"""How many times as many matching stories the first look should meet as a page needs."""
WIDER = 8
"""How many times as many stories each further look reads."""
NEAR = 1000
"""So many stories are read faster than the index of a word that many of them have."""


@dataclass(frozen=True, slots=True)
class Wanted:
    condition: Any
    few: bool = False
    """Only few stories match, so collect and sort them."""
    terms: str = ""
    """The words of the index by which stories are found."""
    note: str = ""
    """Why not all stories are searched, in a sentence; empty if they are."""
    sources: list[int] | None = None
    """Ids of the only sources; None for all."""

    def each(self, state: str) -> Keys | None:
        """Finds the ids in an index, except where few match, or all do."""
        if self.terms:
            return self.matching(state)
        if self.few:
            return None
        states = [state] if state else list(StoryState)
        if self.sources is not None:
            return EachOf(Story, {"source_id": self.sources, "state": states})
        return EachOf(Story, {"state": states}) if state else None

    def matching(self, state: str = "") -> Matching:
        others = SQL("true") if self.sources is None else Story.source.in_(self.sources)
        return Matching(self.terms, others & (Story.state == state) if state else others)


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
    found = _found(words) if words else Wanted(SQL("true"))
    if sources is None:
        return found
    return replace(found, condition=found.condition & Story.source.in_(sources), sources=sources)


def by_state(wanted: Wanted, states: Sequence[StoryState]) -> list[tuple[StoryState, int]]:
    """How many of ``wanted`` are in each state; 0 where its words are too common to count."""
    if not wanted.terms and not wanted.few:
        sources = {} if wanted.sources is None else {"source_id": wanted.sources}
        each = (EachOf(Story, {**sources, "state": [state]}) for state in states)
        return list(zip(states, counts(each), strict=True))
    found = Counter[str]()
    if wanted.few or wanted.matching().expected() <= COUNTABLE:
        rows: Any = Story.select(Story.state).where(wanted.condition).limit(COUNTABLE + 1)
        found = Counter(state for (state,) in rows.tuples())
        if found.total() > COUNTABLE:
            found.clear()
    return [(state, found[state]) for state in states]


def _found(words: str) -> Wanted:
    if words.isdecimal():
        return Wanted(Story.id == int(words), few=True)
    typed = re.findall(r"\w+", words)
    terms = " & ".join(f"{word}:*" for word in typed)
    if typed and not _is_indexed(terms):
        return _of_newest(typed)
    return Wanted(_has_words(terms), terms=terms)


def _has_words(terms: str, *, by_index: bool = True) -> Any:
    title = "title" if by_index else "'' || title"  # which has no index
    return SQL(f"to_tsvector('english', {title}) @@ to_tsquery('english', %s)", (terms,))


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
    return Wanted(condition, few=True, note=note)


def _sources(origin: str) -> list[int]:
    """Ids of the sources that a filter choice stands for."""
    kind, number = origin[:1], int(origin[1:]) if origin[1:].isdecimal() else 0
    of = {"c": Source.channel, "s": Source.id}.get(kind)
    if of is None:
        raise InputError("There is no such channel or source.")
    return [source.id for source in Source.select(Source.id).where(of == number)]
