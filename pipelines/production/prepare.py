"""Makes a fetched story ready for a person: narratable text, language, likeness, safety."""

from __future__ import annotations

from core import db
from core.db import database
from models import NsfwPolicy, Story, StoryState
from pipelines.ledger import Claim
from pipelines.production import clean, language, likeness, safety_rules

FLAG_FROM = 0.8
"""Safety score from which a story waits flagged."""
WARN_FROM = 0.6
"""Safety score from which the approver is warned."""

LIKENESS_LOCK = 0x5709
CANDIDATES = 20
LEAST_SHARED = 8
"""Of a sketch's 64 values: strangers were seen to share 6 at most, near-duplicates 31 and more."""


def prepare(story_id: int, claim: Claim) -> None:
    """Judge the story once; it then waits for a person, flagged, or is skipped with a reason."""
    story = Story.get_by_id(story_id)
    source = story.source
    with db.closed_for_long_work():
        code, _confidence = language.detect(f"{story.title}\n{story.body}")
        text = clean.narratable(story.title, story.body, language=code)
        spoken = "\n\n".join("\n".join(sentences) for sentences in text.paragraphs)
        sketch = likeness.sketch(text.text)
        verdict = safety_rules.judge(f"{text.title} {text.text}")
    words = len(text.words)
    if not words:
        state, reason = StoryState.SKIPPED, "Nothing of it can be narrated."
    elif source.language and code not in {source.language, language.UNDETERMINED}:
        state, reason = StoryState.SKIPPED, f"Its language is {code}, not {source.language}."
    elif words < source.min_words:
        state, reason = StoryState.SKIPPED, f"It has {words} words, fewer than {source.min_words}."
    elif words > source.max_words:
        state, reason = StoryState.SKIPPED, f"It has {words} words, more than {source.max_words}."
    elif verdict.score >= FLAG_FROM:
        state, reason = StoryState.FLAGGED, f"Safety: {verdict.label} {verdict.score:.2f}."
    elif story.nsfw and source.nsfw == NsfwPolicy.FLAG:
        state, reason = StoryState.FLAGGED, "It is marked not safe for work."
    else:
        state, reason = StoryState.WAITING, ""

    with claim.finish():
        # One after another: two that repeat each other must not miss each other.
        database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (LIKENESS_LOCK,))
        original, likeness_of = nearest(story, sketch)
        story.move(
            state,
            reason=reason,
            narratable_title=text.title,
            narratable_text=spoken,
            language=code,
            words=words,
            sketch=list(sketch),
            like=original,
            likeness=likeness_of,
            safety_score=verdict.score,
            safety_judge="rules",
        )


def nearest(story: Story, sketch: tuple[int, ...]) -> tuple[Story | None, float]:
    """The earlier story that ``sketch`` nearly repeats, and how nearly; (None, 0) without one."""
    if not sketch:
        return None, 0.0
    # Mark by mark: of "shares any" PostgreSQL expects a quarter of all stories, and reads them all.
    cursor = database.execute_sql(
        "SELECT story.id, sketch FROM unnest(%(sketch)s::bigint[]) AS mark"
        " JOIN story ON sketch @> ARRAY[mark]"
        " WHERE story.id <> %(id)s AND state NOT IN ('fetched', 'skipped')"
        " GROUP BY story.id HAVING count(*) >= %(least)s ORDER BY count(*) DESC LIMIT %(most)s",
        {"sketch": list(sketch), "id": story.id, "least": LEAST_SHARED, "most": CANDIDATES},
    )
    best_id, best = None, 0.0
    for other_id, other in cursor.fetchall():
        score = likeness.similarity(sketch, tuple(other))
        if score > best:
            best_id, best = other_id, score
    if best_id is None or best < likeness.THRESHOLD:
        return None, 0.0
    return Story.get_by_id(best_id), best
