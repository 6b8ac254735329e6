"""Makes a fetched story ready for a person: narratable text, language, likeness, safety."""

from __future__ import annotations

from adapters.ports import Answer
from core import db
from core.db import database
from models import Story, StoryState
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.stories.safety import lexicon_judge, thresholds
from pipelines.stories.text import language, normalize, similarity, story_text
from pipelines.stories.text.story_text import Paragraph

LIKENESS_LOCK = 0x5709
CANDIDATES = 20
LOOKED_AT = 100
"""Stories that are read for each mark, the first on record; bounds a search at 64 times as many."""
LEAST_SHARED = 8
"""Of a sketch's 64 values: strangers were seen to share 6 at most, near-duplicates 31 and more."""


def prepare(story_id: int, claim: Claim, *, second_judge: bool = False) -> None:
    """Judge the story once; it then waits for a person, flagged, or is skipped with a reason.

    With ``second_judge`` a language model is asked next, and only then it waits or is flagged.
    """
    story = Story.get_by_id(story_id)
    source = story.source
    with db.closed_for_long_work():
        code = _language(story)
        title, paragraphs, answers = narrated(story, code)
        text, words = story_text.spoken(paragraphs), story_text.word_count(paragraphs)
        sketch = similarity.sketch(text)
        opinion = lexicon_judge.judge(f"{title} {text}")
    if not words:
        state, reason = StoryState.SKIPPED, "Nothing of it can be narrated."
    elif source.language and code not in {source.language, language.UNDETERMINED}:
        state, reason = StoryState.SKIPPED, f"Its language is {code}, not {source.language}."
    elif words < source.min_words:
        state, reason = StoryState.SKIPPED, f"It has {words} words, fewer than {source.min_words}."
    elif words > source.max_words:
        state, reason = StoryState.SKIPPED, f"It has {words} words, more than {source.max_words}."
    else:
        state, reason = thresholds.outcome(story, opinion)

    with claim.finish():
        # One after another: two that repeat each other must not miss each other.
        database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (LIKENESS_LOCK,))
        original, share = nearest(story, sketch)
        asked = second_judge and state != StoryState.SKIPPED
        changes = {
            "narratable_title": title,
            "narratable_text": story_text.written(paragraphs),
            "answers": answers,
            "language": code,
            "words": words,
            "sketch": list(sketch),
            "similar_to": original,
            "similarity": share,
            "safety_score": opinion.score,
            "safety_judge": thresholds.RULES,
        }
        thresholds.note(story, thresholds.RULES, opinion)
        if asked:
            thresholds.change(story, **changes)
            ledger.enqueue("judge", story.id, request_id=claim.request_id)
        else:
            story.move(state, reason=reason, **changes)


def _language(story: Story) -> str:
    """The post's own language; of one that is too short to tell, that of all that is told."""
    own = f"{story.title}\n{story.body}"
    code, sure = language.detect(own)
    if sure < story_text.SURE and story.answers:
        code, _ = language.detect("\n".join([own, *(row["text"] for row in story.answers)]))
    return code


def narrated(story: Story, code: str) -> tuple[str, tuple[Paragraph, ...], list[dict[str, object]]]:
    """What is told of a story: its title, the post and the answers that can be told after it.

    The answers come back as they are kept, with why one is left out.
    """
    post = normalize.narratable(story.title, story.body, language=code)
    own = tuple(Paragraph(sentences, 0) for sentences in post.paragraphs)
    chosen, reasons = story_text.choose(
        [Answer(row["author"], row["text"], row["score"]) for row in story.answers],
        code=code,
        room=story.source.max_words - story_text.word_count(own),
        least_unsafe=story.source.warn_from,
    )
    answers = [
        {**row, "left_out": reason} for row, reason in zip(story.answers, reasons, strict=True)
    ]
    return post.title, own + chosen, answers


def nearest(story: Story, sketch: tuple[int, ...]) -> tuple[Story | None, float]:
    """The earlier story that ``sketch`` nearly repeats, and how nearly; (None, 0) without one."""
    if not sketch:
        return None, 0.0
    # Mark by mark: of "shares any" PostgreSQL expects a quarter of all stories, and reads them all.
    # A mark that very many share ("I don't know") tells little, and is not read to its end.
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
