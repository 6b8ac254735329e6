"""Stage "caption": writes the captions of a narrated part, in time with the voice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import pairwise

from adapters.ports import WordTiming
from core import db
from core.errors import InputError, Permanent
from core.files.storage import MediaStore, content_key
from models import Caption, Narration, Part, Story
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.production.captions import cues, subtitle_writer
from pipelines.production.captions.caption_style import CaptionStyle
from pipelines.production.captions.cards import TITLE_SECONDS, Card
from pipelines.production.narration.narration_cache import timings
from pipelines.production.production_settings import ProductionSettings

ANSWER_SECONDS = 8.0
"""Longest time a card is shown, in seconds."""


def caption(part_id: int, claim: Claim, media: MediaStore, defaults: ProductionSettings) -> None:
    """Write the captions of a narrated part in its channel's caption style.

    Raises:
        Permanent: a spoken word would not be shown (the message names it); the narration does
            not match the part's words; or the caption style is invalid.
    """
    part = Part.get_by_id(part_id)
    narration = Narration.get(Narration.part == part)
    words = timings(narration)
    shown = _cards(part, words, narration.seconds)
    caption_style = _caption_style(defaults.of(part.script.story))
    key = content_key(
        "captions/4", narration.key, asdict(caption_style), repr(shown), part.number, part.of
    )
    with db.closed_for_long_work():
        subtitles = subtitle_writer.build(
            words,
            caption_style=caption_style,
            shown=shown,
            part=(part.number, part.of),
            seconds=narration.seconds,
        )
        if lost := subtitle_writer.missing(words, subtitles.ass, caption_style):
            raise Permanent(
                f"These words would not be captioned: {' '.join(lost[:10])}.", code="coverage"
            )
        paths = {}
        for kind, text in (("ass", subtitles.ass), ("srt", subtitles.srt), ("vtt", subtitles.vtt)):
            paths[kind] = media.path("captions", key, f".{kind}")
            media.write(paths[kind], text)
    with claim.finish():
        Caption.insert(
            part=part,
            key=key,
            narration_key=narration.key,
            ass_path=media.name(paths["ass"]),
            srt_path=media.name(paths["srt"]),
            vtt_path=media.name(paths["vtt"]),
            style=caption_style.style,
            captioned_words=subtitles.captioned_words,
        ).on_conflict(
            conflict_target=[Caption.part],
            preserve=[
                Caption.key,
                Caption.narration_key,
                Caption.ass_path,
                Caption.srt_path,
                Caption.vtt_path,
                Caption.style,
                Caption.captioned_words,
            ],
        ).execute()
        ledger.enqueue_next(claim)


def _caption_style(production: ProductionSettings) -> CaptionStyle:
    try:
        return CaptionStyle.parse(production.caption_style)
    except InputError as error:
        raise Permanent(f"{error} Change the channel's caption style.", code="look") from error


def _cards(part: Part, words: Sequence[WordTiming], seconds: float) -> tuple[Card, ...]:
    """The post's card, and a card for each answer that starts or continues in this part.

    A question is shown again at the end, when viewers are asked for their answer.
    """
    ends = (_begun(words, end) for end in _sentence_ends(words, 0, len(words)))
    fitting = (end for end in ends if TITLE_SECONDS <= end <= ANSWER_SECONDS)
    title = replace(_title_card(part), end=next(fitting, TITLE_SECONDS))
    answers = tuple(_answer_cards(part, words))
    if answers:
        asks = part.answers[0][0] == 0  # a question: shown until the first answer
        longest = ANSWER_SECONDS if asks else title.end
        title = replace(title, end=min(longest, answers[0].start))
        behind = len(f"{part.hook} {part.text}".split())
        if asks and part.number == part.of and behind < len(words):
            answers += (replace(title, start=words[behind].start, end=seconds),)
    return (title, *answers)


def _title_card(part: Part) -> Card:
    story: Story = part.script.story
    is_reddit = _is_reddit(story)
    place = f"r/{story.place}" if is_reddit else story.place or story.source.name
    score = story.score if is_reddit else None
    return Card(by=place, text=part.script.title, score=score)


def _answer_cards(part: Part, words: Sequence[WordTiming]) -> Iterator[Card]:
    story: Story = part.script.story
    if part.answers and [word.word for word in words] != part.spoken.split():
        raise Permanent(
            "The narration does not match the part's words: narrate it again.", code="coverage"
        )
    first = len(part.hook.split())
    behind = first + len(part.text.split())
    begun = [(first + word, number) for word, number in part.answers]
    for (start, number), (end, _) in pairwise([*begun, (behind, 0)]):
        answer = story.answers[number - 1]
        name = answer["author"]
        if name and _is_reddit(story):
            name = f"u/{name}"
        shown, over = _opening(words, start, end)
        yield Card(
            by=name,
            text=" ".join(word.word for word in words[start:shown]),
            score=answer["score"],
            start=words[start].start,
            end=over,
            answer=number,
        )


def _opening(words: Sequence[WordTiming], start: int, end: int) -> tuple[int, float]:
    """The index after the last word on an answer's card, and when the card disappears, in seconds.

    The card shows the first sentences, but not the last if there are several: a viewer should not
    read the end at once. The card disappears at the end of a sentence.
    """
    earliest, latest = (words[start].start + wait for wait in (TITLE_SECONDS, ANSWER_SECONDS))
    ends = _sentence_ends(words, start, end)
    shown = max((i for i in ends[:-1] if _begun(words, i) <= latest), default=ends[0])
    moments = [_begun(words, i) for i in ends if i >= shown]
    return shown, min(next((at for at in moments if at >= earliest), moments[-1]), latest)


def _sentence_ends(words: Sequence[WordTiming], start: int, end: int) -> list[int]:
    """Indexes after each sentence end between ``start`` and ``end``; ``end`` is always included."""
    inner = (index for index in range(start + 1, end) if cues.ends_sentence(words[index - 1].word))
    return [*inner, end]


def _begun(words: Sequence[WordTiming], index: int) -> float:
    """When the word begins; for the index after the last word, when that word ends."""
    return words[index].start if index < len(words) else words[-1].end


def _is_reddit(story: Story) -> bool:
    return bool(story.external_id.startswith("reddit:"))
