"""Captions in time with the voice: ASS for the picture, SubRip and WebVTT beside the video.

The one ASS file carries all that is drawn over the background: captions, title card, part badge
and progress bar. Everything lies inside ``safe_area.COLUMN``.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pysubs2 import Alignment, Color, SSAEvent, SSAFile, SSAStyle

from adapters.ports import WordTiming
from pipelines.production import ass, cues, fonts, title_card
from pipelines.production.cues import Cue, Piece, Style
from pipelines.production.safe_area import HEIGHT, WIDTH
from pipelines.production.title_card import TitleCard

__all__ = ["Style", "Subtitles", "TitleCard", "build", "missing", "words_in"]

CAPTION_STYLE = "Caption"

_WHITE, _SPOKEN = "FFFFFF", "FFE14D"
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
    style: Style,
    title_card: TitleCard | None,
    part: tuple[int, int],
    seconds: float,
) -> Subtitles:
    """Write the captions of one part.

    Args:
        words: the spoken words, in order.
        style: ``karaoke`` (two to four words, the spoken one coloured), ``pop`` (one word) or
            ``block`` (three words).
        title_card: shown from the start, above the captions.
        part: number of this part, and of how many; ``(1, 1)`` shows no badge.
        seconds: length of the video.
    """
    text = _picture(words, style, title_card, part, seconds).to_string("ass")
    sheet = _sheet(words, seconds)
    srt = sheet.to_string("srt", keep_ssa_tags=True)  # there are no tags: braces are text
    for event in sheet:
        event.text = html.escape(event.text, quote=False)
    vtt = sheet.to_string("vtt", keep_ssa_tags=True)
    return Subtitles(ass=text, srt=srt, vtt=vtt, captioned_words=len(words_in(text)))


def words_in(ass_text: str) -> list[str]:
    """Read the captioned words back from a finished ASS text, in the order they are shown."""
    events = [e for e in SSAFile.from_string(ass_text, "ass") if e.style == CAPTION_STYLE]
    return [word for event in events for word in ass.plain(event.text).split()]


def missing(words: Sequence[WordTiming], ass_text: str) -> tuple[str, ...]:
    """Give the words that ``ass_text`` does not show, or not in their place."""
    wanted = [ass.plain(ass.escape(word.word)) for word in words]
    matcher = SequenceMatcher(None, wanted, words_in(ass_text), autojunk=False)
    return tuple(
        word
        for kind, first, last, _, _ in matcher.get_opcodes()
        if kind in ("delete", "replace")
        for word in wanted[first:last]
    )


def _picture(
    words: Sequence[WordTiming],
    style: Style,
    card: TitleCard | None,
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
        CAPTION_STYLE: _style(outline=cues.OUTLINE),
        title_card.CARD_STYLE: _style(outline=0.0),
    }
    file.extend(title_card.progress_events(seconds))
    file.extend(title_card.badge_events(*part, seconds))
    if card:
        file.extend(title_card.card_events(card, seconds))
    file.extend(_caption(cue, style) for cue in cues.cut(words, style, seconds))
    return file


def _style(*, outline: float) -> SSAStyle:
    return SSAStyle(
        fontname=fonts.MAIN.family,
        fontsize=fonts.MAIN.ass_size(cues.FONT_SIZE),
        primarycolor=Color(255, 255, 255),
        outlinecolor=Color(0, 0, 0),
        bold=True,  # the faces are bold already: this only picks them
        alignment=Alignment.MIDDLE_CENTER,
        encoding=-1,  # libass: find the direction of writing from the text
        outline=outline,
        shadow=0,  # it would double the time that captions take in rendering
    )


def _caption(cue: Cue, style: Style) -> SSAEvent:
    x, y = cues.AREA.centre
    head = rf"{{\an5\pos({x},{y})"
    if style == "pop":
        head += r"\fscx80\fscy80\t(0,70,\fscx100\fscy100)"
    layout = cues.lay_out([word.word for word in cue.words])
    starts = [round((word.start - cue.start) * 1000) for word in cue.words]
    text = head + "}"
    before: Piece | None = None
    for piece in layout.pieces:
        new_word = before is None or before.word != piece.word
        if before and before.row != piece.row:
            text += r"\N" if new_word else ass.WORD_JOINER + r"\N"
        elif before and new_word:
            text += " "
        if new_word and style == "karaoke":
            text += _spoken_from(starts[piece.word], *starts[piece.word + 1 : piece.word + 2])
        text += ass.text(piece.text, layout.size)
        before = piece
    return SSAEvent(
        start=round(cue.start * 1000),
        end=round(cue.end * 1000),
        text=text,
        style=CAPTION_STYLE,
        layer=2,
    )


def _spoken_from(on: int, off: int | None = None) -> str:
    """Colour the word that follows from ``on`` until ``off``; milliseconds in the cue."""
    white, spoken = ass.colour(_WHITE), ass.colour(_SPOKEN)
    tags = rf"\1c{white}\t({on},{on + 1},\1c{spoken})" if on else rf"\1c{spoken}"
    if off is not None:
        tags += rf"\t({off},{off + 1},\1c{white})"
    return "{" + tags + "}"


def _sheet(words: Sequence[WordTiming], seconds: float) -> SSAFile:
    """Subtitles for players: a sentence at a time, long ones in parts of up to two rows."""
    file = SSAFile()
    for sentence in cues.sentences(words):
        characters = sum(len(word.word) + 1 for word in sentence)
        parts = -(-characters // _SUBTITLE_CHARACTERS)
        for group in cues.evenly(sentence, -(-len(sentence) // parts)):
            widths = [float(len(word.word)) for word in group]
            rows = cues.wrap_evenly(widths, [1.0] * len(group), max(_SUBTITLE_ROW, *widths))
            text = ""
            for index, (word, row) in enumerate(zip(group, rows, strict=True)):
                text += "" if index == 0 else " " if row == rows[index - 1] else r"\N"
                text += word.word.replace("\\", "\\" + ass.WORD_JOINER)  # no break or tag
            end = min(max(group[-1].end, group[0].start + 0.1), seconds)
            file.append(SSAEvent(round(group[0].start * 1000), round(end * 1000), text))
    return file
