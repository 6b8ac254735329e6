"""Measure the near-duplicate search: speed, edited copies found, and false alarms."""

from __future__ import annotations

import array
import io
import random
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import product

from benchmarks.rows import Row
from core import db
from core.db import database
from models import NsfwPolicy, Source, SourceKind, Story
from pipelines.stories.duplicates import nearest
from pipelines.stories.text import similarity

SEARCHES = 200
PAIRS = 5_000
GOAL_MS = 50.0
GOAL_RECALL = 0.95
SEED = 7
WORDS = 260
"""Approximate length of a story."""

# Phrases that unrelated stories share, as in real ones; written for this bench.
_OPENINGS = (
    "So this happened last week and",
    "I don't know if I am wrong but",
    "For context, I have lived here for years and",
    "A bit of background, my family is close and",
    "I have never told anybody about this but",
)
_FILLERS = (
    "I don't know what to do",
    "and then everything went quiet",
    "at the end of the day",
    "I did not say anything",
    "to be honest with you",
    "which I thought was strange",
    "and that was that",
    "as if nothing had happened",
)
_SYLLABLES = ("ba", "co", "di", "fe", "gu", "la", "mo", "ni", "pe", "ra", "so", "tu", "va", "wi")
VOCABULARY = tuple(
    "".join(syllables) for size in (1, 2, 3) for syllables in product(_SYLLABLES, repeat=size)
)
"""Some 3,000 words with the frequencies of a language: the first ones are the most frequent."""


def run(*, stories: int) -> list[Row]:
    """Fill the database with ``stories``, then search, edit and compare."""
    with db.session():
        return _run(stories)


def _run(stories: int) -> list[Row]:
    chance = random.Random(SEED)  # noqa: S311  # the same figures in each run
    source = Source.create(
        name="bench", kind=SourceKind.PASTE, nsfw=NsfwPolicy.ALLOW, enabled=False
    )
    kept: list[str] = []
    begun = time.perf_counter()
    _copy(source.id, _rows(chance, stories, kept))
    database.execute_sql("VACUUM ANALYZE story")
    filled = time.perf_counter() - begun
    originals = list(Story.select(Story.id).order_by(Story.id).limit(len(kept)))

    edits_ms, strangers_ms, found = _searched(chance, kept, originals)
    alarms = _false_alarms(chance)
    slow = sorted([*edits_ms, *strangers_ms])
    p95 = slow[int(len(slow) * 0.95)]
    rows = [
        Row(f"stories in the database (filled in {filled:.0f} s)", stories, "stories"),
        Row("search, median", statistics.median(slow), "ms"),
        Row("search, 95th percentile", p95, "ms", f"≤ {GOAL_MS:g}", p95 <= GOAL_MS),
        Row("search, slowest", slow[-1], "ms"),
        Row("search for an unrelated story, median", statistics.median(strangers_ms), "ms"),
    ]
    for kind, (right, of) in found.items():
        share = right / of
        goal = f"≥ {GOAL_RECALL:g}"
        rows.append(Row(f"reposts found: {kind}", share, f"of {of}", goal, share >= GOAL_RECALL))
    rows.append(Row("false alarms", alarms, f"of {PAIRS:,} pairs", "0", alarms == 0))
    return rows


def _searched(
    chance: random.Random, kept: list[str], originals: list[Story]
) -> tuple[list[float], list[float], dict[str, tuple[int, int]]]:
    edits_ms: list[float] = []
    strangers_ms: list[float] = []
    found: dict[str, tuple[int, int]] = {}
    kinds = tuple(EDITS)
    for number in range(SEARCHES):
        kind = kinds[number % len(kinds)]
        text = EDITS[kind](chance, kept[number])
        hit, ms = _timed(similarity.sketch(text))
        edits_ms.append(ms)
        right, of = found.get(kind, (0, 0))
        found[kind] = (right + (hit == originals[number].id), of + 1)
        _hit, ms = _timed(similarity.sketch(_story(chance)))
        strangers_ms.append(ms)
    return edits_ms, strangers_ms, found


def _timed(sketch: tuple[int, ...]) -> tuple[int | None, float]:
    begun = time.perf_counter()
    hit, _score = nearest(Story(id=0), sketch)
    return (hit.id if hit else None), (time.perf_counter() - begun) * 1000


def _false_alarms(chance: random.Random) -> int:
    return sum(
        similarity.similarity(similarity.sketch(_story(chance)), similarity.sketch(_story(chance)))
        >= similarity.THRESHOLD
        for _ in range(PAIRS)
    )


# ── edits ────────────────────────────────────────────────────────────────────────────────────


def _reworded(chance: random.Random, text: str) -> str:
    """Replace one word in ten."""
    words = text.split()
    for at in chance.sample(range(len(words)), len(words) // 10):
        words[at] = _word(chance)
    return " ".join(words)


def _appended(chance: random.Random, text: str) -> str:
    sentences = " ".join(_sentence(chance) for _ in range(5))
    return f"{text} EDIT: thank you all for reading. {sentences}"


def _mistyped(chance: random.Random, text: str) -> str:
    """Swap two letters in one word in twenty-five; all in lower case."""
    words = text.lower().split()
    for at in chance.sample(range(len(words)), len(words) // 25):
        word = words[at]
        words[at] = word[1:2] + word[:1] + word[2:]
    return " ".join(words)


EDITS: dict[str, Callable[[random.Random, str], str]] = {
    "one word in ten reworded": _reworded,
    "an edit appended": _appended,
    "typing mistakes": _mistyped,
}


# ── stories ──────────────────────────────────────────────────────────────────────────────────


def _word(chance: random.Random) -> str:
    return VOCABULARY[int(len(VOCABULARY) ** chance.random()) - 1]


def _sentence(chance: random.Random) -> str:
    words = " ".join(_word(chance) for _ in range(chance.randint(4, 18)))
    return f"{words}, {chance.choice(_FILLERS)}." if chance.random() < 1 / 4 else f"{words}."


def _story(chance: random.Random) -> str:
    sentences = [chance.choice(_OPENINGS)]
    length = 0
    while length < WORDS:
        sentences.append(_sentence(chance))
        length += len(sentences[-1].split())
    return " ".join(sentences)


def _rows(chance: random.Random, stories: int, kept: list[str]) -> Iterator[tuple[str, str]]:
    """Titles and sketches; the texts of the first ones are added to ``kept``.

    Sketching takes most of the time. So the other sketches are random values with a story's
    distribution: a few runs that many stories share, the rest unique.
    """
    common: list[int] = []
    for number in range(stories):
        if number < SEARCHES:
            text = _story(chance)
            kept.append(text)
            sketch = similarity.sketch(text)
            common += sketch[: similarity.SIZE // 8]
        else:
            shared = chance.choices(common, k=chance.randint(0, 6))
            own = similarity.SIZE - len(shared)
            sketch = (*shared, *array.array("q", chance.randbytes(8 * own)))
        yield f"Story {number}", "{" + ",".join(map(str, sketch)) + "}"


_COLUMNS = (
    "created_at, source_id, external_id, url, place, author, score, nsfw, title, body, answers, "
    "state, reason, narratable_title, narratable_text, language, words, sketch, similarity, "
    "safety_score, safety_judge, decided_by"
)


def _copy(source_id: int, rows: Iterator[tuple[str, str]]) -> None:
    """Insert with COPY: a hundred thousand rows take seconds, with INSERT minutes."""
    buffer = io.StringIO()
    for number, (title, sketch) in enumerate(rows):
        buffer.write(
            f"2026-01-01T00:00:00Z\t{source_id}\tbench:{number}\t\t\t\t0\tf\t{title}\t\t"
            f"[]\twaiting\t\t{title}\t\ten\t{WORDS}\t{sketch}\t0\t0\t\t\n"
        )
    buffer.seek(0)
    with database.connection().cursor() as cursor:
        cursor.copy_expert(f"COPY story ({_COLUMNS}) FROM STDIN", buffer)
    database.connection().commit()
