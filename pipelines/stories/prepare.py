"""Stage "prepare": narratable text, language, similarity and safety of a fetched story."""

from __future__ import annotations

from adapters.ports import Answer
from core import db
from core.db import database
from models import Story, StoryState
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.stories import duplicates
from pipelines.stories.safety import lexicon_judge, thresholds
from pipelines.stories.text import language, normalize, similarity, story_text
from pipelines.stories.text.story_text import Paragraph
from pipelines.subscriptions import events

SIMILARITY_LOCK = 0x5709


def prepare(story_id: int, claim: Claim, *, second_judge: bool = False) -> None:
    """Prepare and judge the story; it then waits for approval, is flagged, or is skipped.

    With ``second_judge`` a language model judges next, and only then does it wait or get flagged.
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
        state, reason = StoryState.SKIPPED, "It has no text that can be narrated."
    elif source.language and code not in {source.language, language.UNDETERMINED}:
        state, reason = StoryState.SKIPPED, f"Its language is {code}, not {source.language}."
    elif words < source.min_words and not story.excerpt:  # the whole text is longer
        state, reason = StoryState.SKIPPED, f"It has {words} words, fewer than {source.min_words}."
    elif words > source.max_words:
        state, reason = StoryState.SKIPPED, f"It has {words} words, more than {source.max_words}."
    else:
        state, reason = thresholds.outcome(story, opinion)

    with claim.finish():
        # One at a time, so two similar stories can't miss each other.
        database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (SIMILARITY_LOCK,))
        original, share = duplicates.nearest(story, sketch)
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
            if state != StoryState.SKIPPED:
                events.story_waiting(story)


def _language(story: Story) -> str:
    """The post's language; if the post is too short, that of post and answers together."""
    own = f"{story.title}\n{story.body}"
    code, sure = language.detect(own)
    if sure < story_text.SURE and story.answers:
        code, _ = language.detect("\n".join([own, *(row["text"] for row in story.answers)]))
    return code


def narrated(story: Story, code: str) -> tuple[str, tuple[Paragraph, ...], list[dict[str, object]]]:
    """The narrated title, the narrated paragraphs of post and answers, and the answers.

    The answers are in their stored form, with the reason why one is left out.
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
