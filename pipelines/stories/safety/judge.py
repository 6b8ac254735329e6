"""Stage "judge": a language model judges a story's safety after ``prepare``."""

from __future__ import annotations

import structlog
from prometheus_client import Counter

from adapters.ports import SafetyJudge, SafetyOpinion
from core import db
from core.errors import StageError
from models import Story, StoryState
from pipelines.ledger import Claim
from pipelines.stories.safety import thresholds
from pipelines.stories.text import story_text
from pipelines.subscriptions import events

log = structlog.get_logger(__name__)

FALLBACKS = Counter(
    "storymill_safety_fallbacks_total", "Stories judged by rules alone because the model did not"
)


def judge(story_id: int, claim: Claim, second: SafetyJudge | None) -> None:
    """Ask ``second`` and let the higher score decide; if it fails, the first judge's score counts.

    A story never waits for an unavailable model, because a person reviews it in any case.
    """
    story = Story.get_by_id(story_id)
    first = _first(story)
    if story.state != StoryState.FETCHED:  # started again by hand after the decision
        with claim.finish():
            return
    opinion = None
    if second is not None:
        with db.closed_for_long_work():
            opinion = _opinion(story, second)
    with claim.finish():
        if opinion is not None and second is not None:
            thresholds.note(story, second.name, opinion)
        weighed, by = first, thresholds.RULES
        if opinion is not None and second is not None and opinion.score > first.score:
            weighed, by = opinion, second.name
        state, reason = thresholds.outcome(story, weighed)
        judged = story.try_move(
            state,
            reason=reason,
            safety_score=weighed.score,
            safety_judge=by[: Story.safety_judge.max_length],
        )
        if judged and state != StoryState.SKIPPED:
            events.story_waiting(story)


def _opinion(story: Story, second: SafetyJudge) -> SafetyOpinion | None:
    try:
        return second.judge(
            story.narratable_title, story_text.spoken(story_text.read(story.narratable_text))
        )
    except StageError as error:
        FALLBACKS.inc()
        log.warning(
            "rules_judge_alone",
            story=story.id,
            code=error.code,
            error=str(error),
            judge=second.name,
        )
        return None


def _first(story: Story) -> SafetyOpinion:
    rows = [row for row in thresholds.decisions(story) if row.judge == thresholds.RULES]
    label = rows[-1].label if rows else ""
    return SafetyOpinion(story.safety_score, label)
