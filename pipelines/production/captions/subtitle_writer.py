"""Writes timed captions: ASS for the picture, and SubRip and WebVTT files next to the video.

The ASS file contains everything drawn over the background: captions, cards, part badge and
progress bar. Everything is inside ``safe_area.COLUMN``.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from pysubs2 import Alignment, Color, SSAEvent, SSAFile, SSAStyle

from adapters.ports import WordTiming
from pipelines.production.captions import ass_markup, cards, cues
from pipelines.production.captions.caption_style import CaptionStyle, undrawable
from pipelines.production.captions.cards import Card
from pipelines.production.captions.cues import Cue, Piece
from pipelines.production.captions.safe_area import HEIGHT, WIDTH
from pipelines.stories.text import letters

__all__ = ["CaptionStyle", "Card", "Subtitles", "build", "missing", "words_in"]

CAPTION_STYLE = "Caption"

_SUBTITLE_CHARACTERS = 84  # two rows of 42, the usual limit for subtitles
_SUBTITLE_ROW = 42


@dataclass(frozen=True, slots=True)
class Subtitles:
    ass: str
    srt: str
    vtt: str
    captioned_words: int
    """How many words the finished ASS text shows."""


def build(
    words: Sequence[WordTiming],
    *,
    caption_style: CaptionStyle,
    shown: Sequence[Card] = (),
    part: tuple[int, int],
    seconds: float,
) -> Subtitles:
    """Write the captions of one part.

    Args:
        words: the spoken words, in order.
        caption_style: style of the captions in the picture; the other files have plain text.
        shown: the cards of the post and its answers; they don't overlap the captions.
        part: number of this part and of all parts; ``(1, 1)`` shows no badge.
        seconds: length of the video.
    """
    text = _picture(words, caption_style, shown, part, seconds).to_string("ass")
    sheet = _sheet(words, seconds)
    srt = sheet.to_string("srt", keep_ssa_tags=True)  # there are no tags: braces are text
    for event in sheet:
        event.text = html.escape(event.text, quote=False)
    vtt = sheet.to_string("vtt", keep_ssa_tags=True)
    return Subtitles(ass=text, srt=srt, vtt=vtt, captioned_words=len(words_in(text)))


def words_in(ass_text: str) -> list[str]:
    """Read the captioned words back from an ASS text, in the order they are shown."""
    events = [e for e in SSAFile.from_string(ass_text, "ass") if e.style == CAPTION_STYLE]
    return "".join(
        ass_markup.plain(event.text) + ("" if event.text.endswith(ass_markup.WORD_JOINER) else " ")
        for event in events
    ).split()


def missing(
    words: Sequence[WordTiming], ass_text: str, caption_style: CaptionStyle
) -> tuple[str, ...]:
    """Return the words that ``ass_text`` does not show in full and in order.

    A word of emoji only does not count as missing if the style hides emoji.
    """
    asked = [word.word for word in words if not caption_style.leaves_out(word.word)]
    wanted = [ass_markup.plain(ass_markup.escape(caption_style.shown(word))) for word in asked]
    matcher = SequenceMatcher(None, wanted, words_in(ass_text), autojunk=False)
    lost = {
        index
        for kind, first, last, _, _ in matcher.get_opcodes()
        if kind in ("delete", "replace")
        for index in range(first, last)
    }
    return tuple(word for index, word in enumerate(asked) if index in lost or undrawable(word))


def _picture(
    words: Sequence[WordTiming],
    caption_style: CaptionStyle,
    shown: Sequence[Card],
    part: tuple[int, int],
    seconds: float,
) -> SSAFile:
    file = SSAFile()
    file.info.update(
        {
            "PlayResX": str(WIDTH),
            "PlayResY": str(HEIGHT),
            "WrapStyle": "2",  # rows break only where this module says
            "ScaledBorderAndShadow": "yes",
            "YCbCr Matrix": "None",
        }
    )
    file.styles = {
        CAPTION_STYLE: _style(caption_style),
        cards.CARD_STYLE: _style(CaptionStyle(outline=0)),
    }
    file.extend(cards.progress_events(seconds))
    file.extend(cards.badge_events(*part, seconds))
    for card in shown:
        end = min(card.end, seconds)
        file.extend(cards.card_events(replace(card, end=end), caption_style.area))
    drawn = [word for spoken in words if (word := _drawn(spoken, caption_style)).word]
    rtl = letters.is_right_to_left(" ".join(word.word for word in drawn))
    file.extend(
        _caption(cue, caption_style, rtl)
        for cue in cues.cut(cues.phrased(drawn), caption_style, seconds)
    )
    return file


def _drawn(spoken: WordTiming, caption_style: CaptionStyle) -> WordTiming:
    """The word as the style shows it; it may have fewer letters, or more."""
    inside = tuple((len(caption_style.shown(spoken.word[:at])), when) for at, when in spoken.inside)
    return replace(spoken, word=caption_style.shown(spoken.word), inside=inside)


def _style(caption_style: CaptionStyle) -> SSAStyle:
    return SSAStyle(
        fontname=caption_style.face.family,
        fontsize=caption_style.face.ass_size(caption_style.size),
        primarycolor=_colour(caption_style.colour),
        outlinecolor=_colour(caption_style.outline_colour),
        bold=caption_style.face.bold,
        alignment=Alignment.MIDDLE_CENTER,
        encoding=-1,  # libass: detect the writing direction from the text
        outline=float(caption_style.outline),
        shadow=0,  # it would double the time to render captions
    )


def _colour(rgb: str) -> Color:
    return Color(*bytes.fromhex(rgb))


def _caption(cue: Cue, caption_style: CaptionStyle, rtl: bool) -> SSAEvent:
    x, y = caption_style.area.centre
    head = rf"{{\an5\pos({x},{y})"
    if caption_style.style == "pop":
        head += r"\fscx80\fscy80\t(0,70,\fscx100\fscy100)"
    layout = cues.lay_out(cue.phrases, caption_style)
    starts = [round((phrase.start - cue.start) * 1000) for phrase in cue.phrases]
    text = head + "}"
    before: Piece | None = None
    tags = ""
    for piece in layout.pieces:
        begins_row = before is None or before.row != piece.row
        if before and begins_row:
            text += r"\N" if piece.opens else ass_markup.WORD_JOINER + r"\N"
        elif before and piece.opens:
            text += ass_markup.text(" ", layout.size, caption_style.face)
        mark = letters.direction_mark(piece.text, right_to_left=rtl) if begins_row else ""
        if caption_style.style == "karaoke" and (before is None or before.phrase != piece.phrase):
            index = piece.phrase
            tags = _spoken_from(caption_style, starts[index], *starts[index + 1 : index + 2])
        text += ass_markup.text(mark + piece.text, layout.size, caption_style.face, tags)
        before = piece
    if not cue.ends_word:
        text += ass_markup.WORD_JOINER
    return SSAEvent(
        start=round(cue.start * 1000),
        end=round(cue.end * 1000),
        text=text,
        style=CAPTION_STYLE,
        layer=2,
    )


def _spoken_from(caption_style: CaptionStyle, on: int, off: int | None = None) -> str:
    """Tags that colour the next word from ``on`` until ``off``; milliseconds in the cue."""
    plain, spoken = (
        ass_markup.colour(caption_style.colour),
        ass_markup.colour(caption_style.spoken_colour),
    )
    tags = rf"\1c{plain}\t({on},{on + 1},\1c{spoken})" if on else rf"\1c{spoken}"
    if off is not None:
        tags += rf"\t({off},{off + 1},\1c{plain})"
    return tags


def _sheet(words: Sequence[WordTiming], seconds: float) -> SSAFile:
    """Subtitles for players: one sentence at a time; long ones in parts of up to two rows."""
    file = SSAFile()
    for sentence in cues.sentences(cues.phrased(words)):
        characters = sum(letters.columns(phrase.text) + phrase.opens for phrase in sentence)
        parts = -(-characters // _SUBTITLE_CHARACTERS)
        for group in cues.evenly(sentence, -(-len(sentence) // parts)):
            widths = [float(letters.columns(phrase.text)) for phrase in group]
            gaps = [float(phrase.opens) for phrase in group]
            rows = cues.wrap_evenly(widths, gaps, max(_SUBTITLE_ROW, *widths))
            text = ""
            for index, (phrase, row) in enumerate(zip(group, rows, strict=True)):
                if index:
                    text += r"\N" if row != rows[index - 1] else " " * phrase.opens
                text += phrase.text.replace("\\", "\\" + ass_markup.WORD_JOINER)  # no break or tag
            end = min(max(group[-1].end, group[0].start + 0.1), seconds)
            file.append(SSAEvent(round(group[0].start * 1000), round(end * 1000), text))
    return file
