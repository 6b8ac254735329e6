"""The search for near-duplicates: the earlier story that a new one nearly repeats."""

from __future__ import annotations

from core.db import database
from models import Story
from pipelines.stories.text import similarity

CANDIDATES = 20
LOOKED_AT = 100
"""Most stories read per sketch value, oldest first; a search reads 64 times as many at most."""
LEAST_SHARED = 8
"""Shared values, of 64, for a candidate: unrelated stories shared 6 at most, near-duplicates 31
or more."""


def nearest(story: Story, sketch: tuple[int, ...]) -> tuple[Story | None, float]:
    """The earlier story most similar to ``sketch``, and the similarity; (None, 0) without one."""
    if not sketch:
        return None, 0.0
    # Value by value: for "shares any", PostgreSQL expects a quarter of all stories and reads them
    # all. A value that very many share ("I don't know") says little and is not read to the end.
    cursor = database.execute_sql(
        "SELECT id, sketch FROM ("
        "SELECT hit.id, count(*) AS shared FROM unnest(%(sketch)s::bigint[]) AS mark"
        " CROSS JOIN LATERAL (SELECT id FROM story WHERE sketch @> ARRAY[mark]"
        " AND id <> %(id)s AND state <> 'skipped' LIMIT %(looked_at)s) AS hit"
        " GROUP BY hit.id HAVING count(*) >= %(least)s ORDER BY shared DESC LIMIT %(most)s"
        ") AS best JOIN story USING (id) ORDER BY shared DESC",
        {
            "sketch": list(sketch),
            "id": story.id,
            "looked_at": LOOKED_AT,
            "least": LEAST_SHARED,
            "most": CANDIDATES,
        },
    )
    best_id, best = None, 0.0
    for other_id, other in cursor.fetchall():
        score = similarity.similarity(sketch, tuple(other))
        if score > best:
            best_id, best = other_id, score
    if best_id is None or best < similarity.THRESHOLD:
        return None, 0.0
    return Story.get_by_id(best_id), best
