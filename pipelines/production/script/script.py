"""Stage "script": writes the text around approved stories and splits them into parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

import structlog
from prometheus_client import Counter

from adapters.ports import ScriptDraft, ScriptWriter, StoryText, Synthesizer
from core import db
from core.errors import Permanent, StageError
from models import Part, Script, Story, StoryState
from pipelines import ledger
from pipelines.ledger import Claim, LeaseLostError
from pipelines.production.narration import voices
from pipelines.production.production_settings import ProductionSettings
from pipelines.production.script import pace, phrases
from pipelines.production.script.rules_writer import RulesWriter
from pipelines.production.script.split import PartText, split
from pipelines.stages import PART_STAGES
from pipelines.stories.text import story_text
from pipelines.stories.text.language import UNDETERMINED
from pipelines.stories.text.rules.sentences import closed
from pipelines.stories.text.story_text import Paragraph

log = structlog.get_logger(__name__)

BATCH = 20
"""Most stories in one request to the language model."""

FALLBACKS = Counter(
    "storymill_script_fallbacks_total", "Scripts written by rules because the model did not"
)


def write_scripts(
    claims: list[Claim],
    writer: ScriptWriter | None,
    synthesizer_of: Callable[[ProductionSettings], Synthesizer],
    defaults: ProductionSettings,
) -> None:
    """Write the scripts for a batch of stories and start their parts; one transaction each.

    If the writer fails or leaves a story out, the rules write it; the row says who did. A story
    whose channel has no voice for its language, or parts that are too short, fails alone.
    """
    stories = {claim.subject_id: Story.get_by_id(claim.subject_id) for claim in claims}
    settings = {story.id: defaults.of(story) for story in stories.values()}
    claims = [claim for claim in claims if _voice_fits(claim, stories, settings)]
    stories = {claim.subject_id: stories[claim.subject_id] for claim in claims}
    if not stories:
        return
    paces = pace.of_all(settings, synthesizer_of)
    texts = [text_of(story, settings[story.id].tone) for story in stories.values()]
    with db.closed_for_long_work():
        written = _drafts(texts, writer)
        drafts = {
            text.story_id: with_question(
                written[text.story_id],
                text,
                question_room(settings[text.story_id], paces[text.story_id]),
            )
            for text in texts
        }
        parts: dict[int, tuple[PartText, ...] | Permanent] = {}
        for story in stories.values():
            try:
                cut = parts_of(story, drafts[story.id], settings[story.id], paces[story.id])
            except Permanent as error:
                parts[story.id] = error
            else:
                parts[story.id] = cut
    for claim in claims:
        story = stories[claim.subject_id]
        own_parts = parts[story.id]
        if isinstance(own_parts, Permanent):
            _set_aside(claim, own_parts)
            continue
        try:
            _record(claim, story, drafts[story.id], own_parts)
        except LeaseLostError:
            # A story cancelled meanwhile must not stop the others in its batch.
            log.warning("late_result_refused", job=claim.job_id, story=story.id)


def _voice_fits(
    claim: Claim, stories: Mapping[int, Story], settings: dict[int, ProductionSettings]
) -> bool:
    """Put the voices that narrate the story into ``settings``; without any, only it fails."""
    story = claim.subject_id
    try:
        settings[story] = voices.fitting(settings[story], stories[story].language)
    except Permanent as error:
        _set_aside(claim, error)
        return False
    return True


def _set_aside(claim: Claim, error: Permanent) -> None:
    log.error("set_aside", job=claim.job_id, story=claim.subject_id, error=str(error))
    try:
        ledger.set_aside(claim, error, trace="")
    except LeaseLostError:
        log.warning("late_result_refused", job=claim.job_id, story=claim.subject_id)
    else:
        claim.finished = True


def _drafts(texts: list[StoryText], writer: ScriptWriter | None) -> dict[int, ScriptDraft]:
    drafts: dict[int, ScriptDraft] = {}
    if writer is not None:
        try:
            drafts = writer.write(texts)
        except StageError as error:
            log.warning("writer_failed", error=str(error), code=error.code, stories=len(texts))
    left = [text for text in texts if text.story_id not in drafts]
    if left:
        if writer is not None:
            FALLBACKS.inc(len(left))
            log.warning("rules_write_instead", stories=[text.story_id for text in left])
        drafts |= RulesWriter().write(left)
    return drafts


def text_of(story: Story, tone: str) -> StoryText:
    paragraphs = story_text.read(story.narratable_text)
    sentences = tuple(sentence for paragraph in paragraphs for sentence in paragraph.sentences)
    asks = bool(paragraphs and paragraphs[0].answer)
    language = story.language or UNDETERMINED
    return StoryText(story.id, story.narratable_title, sentences, language, tone, asks)


def parts_of(
    story: Story, draft: ScriptDraft, production: ProductionSettings, words_per_minute: float
) -> tuple[PartText, ...]:
    """Split a story, leaving room in each part for the longest text around it.

    If the story has answers, parts preferably end after an answer.

    Raises:
        Permanent: the channel's parts are too short for the text around the story.
    """
    paragraphs = story_text.read(story.narratable_text)
    opening = max(len(line.split()) for line in (*draft.hooks, f"Part two. {draft.title}"))
    closing = max(len(draft.call_to_action.split()), phrases.CLOSING_WORDS)
    try:
        return split(
            [paragraph.sentences for paragraph in paragraphs],
            words_per_minute=words_per_minute,
            target_seconds=production.target_seconds,
            overhead_words=opening + closing,
            split_after={*draft.split_after, *_last_sentences(paragraphs)},
            by=production.split_by,
        )
    except ValueError as error:
        raise Permanent(
            f"{error} Set longer parts in its channel, then try again.", code="part_length"
        ) from error


def _last_sentences(paragraphs: Sequence[Paragraph]) -> Iterator[int]:
    """The indexes of the last sentence of the post and of each answer but the last."""
    counted = accumulate(len(paragraph.sentences) for paragraph in paragraphs)
    for (one, following), count in zip(pairwise(paragraphs), counted, strict=False):
        if one.answer != following.answer:
            yield count - 1


def answers_in(part: PartText, paragraphs: Sequence[Paragraph]) -> list[tuple[int, int]]:
    """Where answers start or continue in a part: (index of the word, number of the answer)."""
    answers, at, before = [], 0, 0
    for number, sentences in zip(part.numbers, part.paragraphs, strict=True):
        answer = paragraphs[number].answer
        if answer and answer != before:
            answers.append((at, answer))
        at += sum(len(sentence.split()) for sentence in sentences)
        before = answer
    return answers


def question_room(production: ProductionSettings, words_per_minute: float) -> int:
    """Most words in a hook together with its question: a third of a part."""
    return int(production.target_seconds[1] * words_per_minute / 60 / 3)


def with_question(draft: ScriptDraft, text: StoryText, room: int) -> ScriptDraft:
    """Add the question to hooks that lack it, because its answers follow directly.

    If hook and question have more than ``room`` words, the question replaces the hook. If the
    question alone is longer, the hooks stay as they are.
    """
    question = closed(text.title)
    if not text.asks or len(question.split()) > room:
        return draft
    asked = _letters(question)
    hooks = [
        hook if asked in _letters(hook) else f"{closed(hook)} {question}" for hook in draft.hooks
    ]
    hooks = [hook if len(hook.split()) <= room else question for hook in hooks]
    return replace(draft, hooks=tuple(dict.fromkeys(hooks)))


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text).lower()


def _record(claim: Claim, story: Story, draft: ScriptDraft, parts: tuple[PartText, ...]) -> None:
    with claim.finish():
        if not story.try_move(StoryState.SCRIPTED):
            log.info("script_not_wanted", story=story.id)  # a person rejected the story meanwhile
            return
        script = Script.create(
            story=story,
            title=draft.title,
            hook=draft.hook,
            hooks=list(draft.hooks),
            call_to_action=draft.call_to_action,
            hashtags=list(draft.hashtags),
            written_by=draft.written_by,
        )
        paragraphs = story_text.read(story.narratable_text)
        for number, text in enumerate(parts, start=1):
            part = Part.create(
                script=script,
                number=number,
                of=len(parts),
                hook=opening(draft, number, story.language),
                text=text.text,
                call_to_action=closing(draft, number, len(parts), story.language),
                answers=answers_in(text, paragraphs),
            )
            ledger.enqueue(PART_STAGES[0], part.id, request_id=claim.request_id)


def opening(draft: ScriptDraft, number: int, language: str) -> str:
    """The line spoken before the story's text in part ``number``."""
    return draft.hook if number == 1 else phrases.opening(number, draft.title, language)


def closing(draft: ScriptDraft, number: int, of: int, language: str) -> str:
    """The line spoken after the story's text in part ``number``."""
    return draft.call_to_action if number == of else phrases.closing(number + 1, language)
