"""Applies a source's safety thresholds to the judges' scores, and records each decision.

Each decision is its own row, with the thresholds at that time. The highest score decides, so a
story gains nothing by misleading one judge; a person has the last word.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from adapters.ports import SafetyOpinion
from core.text.deletion_notices import Notice, notice
from models import NsfwPolicy, SafetyDecision, Source, Story, StoryState

RULES = "rules"
"""The first judge's name in the database."""
PERSON = "person/"
"""Before the name of somebody who overruled the judges."""
EXCERPT = "It is only an excerpt: fetch the whole text, or paste it as a new story."


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105  # not a password
    WARN = "warn"
    FLAG = "flag"


def verdict(source: Source, score: float) -> Verdict:
    """The verdict for ``score`` by the source's thresholds."""
    if score >= source.flag_from:
        return Verdict.FLAG
    return Verdict.WARN if score >= source.warn_from else Verdict.PASS


def outcome(story: Story, opinion: SafetyOpinion) -> tuple[StoryState, str]:
    """Whether a story waits for approval or is flagged, and why."""
    flagged, marked = verdict(story.source, opinion.score) is Verdict.FLAG, story.nsfw
    reasons = (
        (flagged, f"Safety: {opinion.label} {opinion.score:.2f}."),
        (marked and story.source.nsfw == NsfwPolicy.FLAG, "It is marked not safe for work."),
        (
            notice(story.body) is not Notice.NONE,
            "Its text may only say that it was deleted: read it first.",
        ),
        (story.doubt, story.doubt),
        (story.excerpt, EXCERPT),
    )
    reason = " ".join(reason for applies, reason in reasons if applies)
    return (StoryState.FLAGGED, reason) if reason else (StoryState.WAITING, "")


def standing(story: Story) -> tuple[StoryState, str]:
    """The ``outcome`` of what the judges have said about a story, whatever people decided."""
    labels = [row.label for row in decisions(story) if not row.judge.startswith(PERSON)]
    return outcome(story, SafetyOpinion(story.safety_score, labels[-1] if labels else ""))


def note(story: Story, judge: str, opinion: SafetyOpinion, reason: str = "") -> None:
    """Record a judge's decision, inside the caller's transaction."""
    source = story.source
    SafetyDecision.create(
        story=story,
        judge=judge,
        label=opinion.label,
        score=opinion.score,
        warn_from=source.warn_from,
        flag_from=source.flag_from,
        verdict=verdict(source, opinion.score),
        reason=reason,
    )


def overrule(story: Story, by: str, reason: str) -> None:
    """Record that a person approved a flagged story; the score does not change."""
    last = decisions(story)[-1:]
    SafetyDecision.create(
        story=story,
        judge=f"{PERSON}{by}"[: SafetyDecision.judge.max_length],
        label=last[0].label if last else "",
        score=story.safety_score,
        warn_from=story.source.warn_from,
        flag_from=story.source.flag_from,
        verdict=Verdict.PASS,
        reason=reason,
    )


def decisions(story: Story) -> list[SafetyDecision]:
    """All safety decisions on a story, earliest first."""
    rows = SafetyDecision.select().where(SafetyDecision.story == story)
    return list(rows.order_by(SafetyDecision.id))


def change(story: Story, **changes: Any) -> None:
    """Set ``changes`` on a story that is still being prepared and keeps its state."""
    Story.update(**changes).where(Story.id == story.id, Story.state == StoryState.FETCHED).execute()
