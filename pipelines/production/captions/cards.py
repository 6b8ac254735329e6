"""Draws cards for the post and its answers, the part badge, and the progress bar.

All are ASS drawings, so one libass filter draws everything on the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from pysubs2 import SSAEvent

from pipelines.production.captions import ass_markup, fonts
from pipelines.production.captions.caption_style import CaptionStyle
from pipelines.production.captions.cues import wrap_evenly
from pipelines.production.captions.safe_area import COLUMN, WIDTH, Box
from pipelines.stories.text import letters

CARD_STYLE = "Card"

_PAPER, _INK, _FAINT = "FFFFFF", "16181C", "6B7280"
_BAR_HEIGHT, _BAR_RIM = 12, 2
_BADGE_TOP, _BADGE_HEIGHT, _BADGE_SIZE = COLUMN.top + 34, 62, 32.0
_CARD_TOP = COLUMN.top + 108  # below the badge
_GAP = 12  # between the card and the captions
_PADDING = 38
_AVATAR = 72
_HEADER, _FOOTER = 96, 60  # heights of the place line and of the score line
_ROW_SPACING = 1.22
_FADE_IN_MS, _FADE_OUT_MS = 150, 200
TITLE_SECONDS = 3.5
"""Shortest time a card is shown, in seconds."""
_AVATARS = ("4F46E5", "0F766E", "B45309", "BE123C", "1D4ED8", "6D28D9")

_ARROW = "m 20 4 l 36 21 l 27 21 l 27 36 l 13 36 l 13 21 l 4 21 l 20 4"  # in a square of 40


@dataclass(frozen=True, slots=True)
class Card:
    """A card that looks like a post: it shows the post's title, or an answer."""

    by: str
    """Where the post comes from (``r/AskAnything``), or who answered (``u/somebody``)."""
    text: str
    score: int | None = None
    start: float = 0.0
    end: float = TITLE_SECONDS
    """Shown from ``start`` to ``end``, in seconds."""
    answer: int = 0
    """Which answer it is, from 1; 0 is the post."""


def card_events(card: Card, captions: Box) -> list[SSAEvent]:
    """Draw ``card`` where there is more room: between badge and ``captions``, or below them."""
    above, below = (_CARD_TOP, captions.top - _GAP), (captions.bottom + _GAP, COLUMN.bottom)
    highest, lowest = max(above, below, key=lambda room: room[1] - room[0])
    around = 2 * _PADDING + _HEADER + (0 if card.score is None else _FOOTER)
    text, by = _drawable(card.text), _drawable(card.by)
    sizes = _ANSWER if card.answer else _TITLE
    size, rows = sizes.rows_of(text, lowest - highest - around)
    row_height = size * _ROW_SPACING
    height = around + len(rows) * row_height
    left = COLUMN.left
    top = highest + (lowest - highest - height) / 2
    x, y = float(left + _PADDING), top + _PADDING
    avatar = ass_markup.rounded(_AVATAR, _AVATAR, _AVATAR / 2)

    texts = [
        ass_markup.drawing(left, top, ass_markup.rounded(COLUMN.width, height, 36), fill=_PAPER),
        ass_markup.drawing(x, y, avatar, fill=_avatar_colour(card.answer)),
        _text(x + _AVATAR / 2, y + _AVATAR / 2, _initial(by), 40, _PAPER, anchor=5),
        _text(
            x + _AVATAR + 24,
            y + _AVATAR / 2,
            _shortened(by, 36, COLUMN.width - 2 * _PADDING - _AVATAR - 24),
            36,
            _FAINT,
            anchor=4,
        ),
    ]
    y += _HEADER
    starts, anchor = (x, 4)
    if rtl := letters.is_right_to_left(text):
        starts, anchor = (x + COLUMN.width - 2 * _PADDING, 6)
    for row in (letters.direction_mark(row, right_to_left=rtl) + row for row in rows):
        texts.append(_text(starts, y + row_height / 2, row, size, _INK, anchor=anchor))
        y += row_height
    if card.score is not None:
        y += _FOOTER - 36
        texts.append(ass_markup.drawing(x, y, _ARROW, fill=_FAINT))
        texts.append(_text(x + 52, y + 20, compact(card.score), 32, _FAINT, anchor=4))
    # the first card does not fade in: players show the first frame before they play
    fade = rf"{{\fad({_FADE_IN_MS if card.start else 0},{_FADE_OUT_MS})}}"
    return [_event(fade + text, card.start, card.end, layer=1) for text in texts]


def badge_events(part: int, of: int, seconds: float) -> list[SSAEvent]:
    """Draw "Part 2 of 3" at the top for the whole video; nothing for a single part."""
    if of < 2:  # noqa: PLR2004 (one part needs no number)
        return []
    words = f"Part {part} of {of}"
    width = fonts.MAIN.width(words, _BADGE_SIZE) + 56
    middle = _BADGE_TOP + _BADGE_HEIGHT / 2
    pill = ass_markup.rounded(width, _BADGE_HEIGHT, _BADGE_HEIGHT / 2)
    return [
        _event(
            ass_markup.drawing((WIDTH - width) / 2, _BADGE_TOP, pill, fill=_INK, tags=r"\1a&H40&"),
            0,
            seconds,
        ),
        _event(_text(WIDTH / 2, middle, words, _BADGE_SIZE, _PAPER, anchor=5), 0, seconds),
    ]


def progress_events(seconds: float) -> list[SSAEvent]:
    """Draw a bar that fills over the whole video, by moving the edge of a clip.

    A dark rim keeps it visible on a bright picture.
    """
    box = COLUMN
    bottom = box.top + _BAR_HEIGHT
    whole = ass_markup.rounded(box.width, _BAR_HEIGHT, _BAR_HEIGHT / 2)
    height = _BAR_HEIGHT - 2 * _BAR_RIM
    bar = ass_markup.rounded(box.width - 2 * _BAR_RIM, height, height / 2)
    x, y = box.left + _BAR_RIM, box.top + _BAR_RIM
    filling = (
        rf"\clip({box.left},{box.top},{box.left},{bottom})"
        rf"\t(\clip({box.left},{box.top},{box.right},{bottom}))"
    )
    return [
        _event(
            ass_markup.drawing(box.left, box.top, whole, fill=_INK, tags=r"\1a&H80&"), 0, seconds
        ),
        _event(ass_markup.drawing(x, y, bar, fill=_PAPER, tags=filling), 0, seconds),
    ]


def compact(number: int) -> str:
    """``12400`` as ``12.4k``, and ``999960``, which rounds to 1,000k, as ``1M``."""
    share, unit = float(number), ""
    for larger in ("k", "M", "B"):
        if abs(round(share, 1)) < 1_000:  # noqa: PLR2004 (a thousand make the next unit)
            break
        share, unit = share / 1_000, larger
    return f"{share:.1f}".removesuffix(".0") + unit


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The font sizes for a card's text, largest first, and its most rows."""

    sizes: tuple[float, ...]
    most_rows: int

    def rows_of(self, text: str, room: float) -> tuple[float, list[str]]:
        """Break a text into rows at the largest size that fits into ``room`` pixels of height.

        A text that does not fit at the smallest size is cut and ends with "…".
        """
        words = _words(text)
        limit = COLUMN.width - 2 * _PADDING
        for size in self.sizes:
            rows = _rows(words, size, limit)
            fits = all(fonts.width(row, size) <= limit for row in rows)
            most = min(self.most_rows, int(room / (size * _ROW_SPACING)))
            if fits and len(rows) <= most:
                return size, rows
        words = [_shortened(word, size, limit) for word in words]
        widths = accumulate(fonts.width(word.strip(), size) for word in words)
        words = words[
            : sum(width <= most * limit for width in widths) + 1
        ]  # drop most of a long text at once
        while len(rows := _rows(words, size, limit)) > most:
            words = [*words[:-2], words[-2].rstrip(".,;:…") + "…"]
        return size, rows


_TITLE = _Sizes((68.0, 60.0, 52.0, 48.0, 44.0, 40.0, 36.0, 32.0), 5)
_ANSWER = _Sizes((48.0, 44.0, 40.0, 36.0, 32.0), 8)


def _rows(words: list[str], size: float, limit: float) -> list[str]:
    if not words:
        return []
    space = fonts.MAIN.width(" ", size)
    widths = [fonts.width(word.strip(), size) for word in words]
    placed = wrap_evenly(widths, [space * word.startswith(" ") for word in words], limit)
    rows = [""] * (placed[-1] + 1)
    for word, row in zip(words, placed, strict=True):
        rows[row] += word
    return [row.strip() for row in rows]


def _words(text: str) -> list[str]:
    """Words with a space before each; words in scripts without spaces are split into phrases."""
    return [
        piece if number else f" {piece}"
        for word in text.split()
        for number, piece in enumerate(letters.phrases(word))
    ]


def _shortened(text: str, size: float, limit: float) -> str:
    if fonts.width(text, size) <= limit:
        return text
    kept = letters.clusters(text)
    while kept and fonts.width("".join(kept) + "…", size) > limit:
        kept.pop()
    return "".join(kept) + "…"


def _drawable(text: str) -> str:
    return " ".join(filter(None, map(CaptionStyle().shown, text.split())))


def _avatar_colour(answer: int) -> str:
    """The post has the first colour; neighbouring answers have different other ones."""
    return _AVATARS[1 + (answer - 1) % (len(_AVATARS) - 1)] if answer else _AVATARS[0]


def _initial(place: str) -> str:
    name = place.rsplit("/", maxsplit=1)[-1].lstrip("@#")
    return "".join(letters.clusters(name)[:1]).upper() or "?"


def _text(x: float, y: float, text: str, size: float, rgb: str, *, anchor: int) -> str:
    """Text at a point; ``anchor`` as on a numeric keypad (4: middle left, 6: middle right)."""
    head = rf"{{\an{anchor}\pos({x:.1f},{y:.1f})}}"
    return head + ass_markup.text(text, size, tags=rf"\bord0\shad0\1c{ass_markup.colour(rgb)}")


def _event(text: str, start: float, end: float, *, layer: int = 0) -> SSAEvent:
    return SSAEvent(
        start=round(start * 1000), end=round(end * 1000), text=text, style=CARD_STYLE, layer=layer
    )
