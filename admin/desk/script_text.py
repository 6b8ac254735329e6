"""A part's words by sentences, with the times at which they are said, to run along its video."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from core.errors import InputError
from models import Channel, Narration, Part
from pipelines.production.captions import cues
from pipelines.production.captions.caption_style import CaptionStyle
from pipelines.production.captions.safe_area import HEIGHT


class Sentence(NamedTuple):
    text: str
    start: float | None
    """Seconds from the start of the video; None if the narration has other words by now."""


class Paragraph(NamedTuple):
    sentences: list[Sentence]
    is_around: bool
    """Whether it is the hook or the call to action."""


def paragraphs(part: Part, narration: Narration | None) -> list[Paragraph]:
    """The hook, the text and the call to action."""
    words = narration.words if narration is not None else []
    in_time = [word for word, *_ in words] == part.spoken.split()
    starts = iter([start for _, start, *_ in words] if in_time else ())
    blocks = [(part.hook, True), *((block, False) for block in part.text.split("\n\n"))]
    return [
        Paragraph(list(_sentences(block, starts)), is_around)
        for block, is_around in (*blocks, (part.call_to_action, True))
        if block
    ]


def _sentences(block: str, starts: Iterator[float]) -> Iterator[Sentence]:
    words: list[str] = []
    for word in block.split():
        words.append(word)
        if cues.ends_sentence(word):
            yield _sentence(words, starts)
            words = []
    if words:
        yield _sentence(words, starts)


def _sentence(words: list[str], starts: Iterator[float]) -> Sentence:
    times = list(islice(starts, len(words)))
    return Sentence(" ".join(words), times[0] if times else None)


def caption_place(channel: Channel | None, default_style: str) -> tuple[float, float]:
    """Where captions are drawn: from and to, in percent of the picture's height."""
    own = channel.caption_style if channel else {}
    try:
        area = CaptionStyle.parse({"style": default_style, **own}).area
    except InputError:  # the channel's page says what is wrong with it
        area = CaptionStyle().area
    return 100 * area.top / HEIGHT, 100 * area.bottom / HEIGHT
