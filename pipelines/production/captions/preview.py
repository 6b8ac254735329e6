"""Draws a still preview of a caption style at once, for a form that is being filled in.

In videos, libass draws the captions. Here Pillow draws the same rows at the same positions,
without a worker or an encoder; a test compares the two pixel by pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont, ImageOps

from adapters.ports import WordTiming
from pipelines.production.captions import cues, emoji, fonts
from pipelines.production.captions.caption_style import MOST_TRIED, SAMPLE, CaptionStyle
from pipelines.production.captions.cues import Layout
from pipelines.production.captions.fonts import Face
from pipelines.production.captions.safe_area import HEIGHT, SAFE, WIDTH
from pipelines.stories.text import letters

_SHOWN = 0.5  # of the video's size
_WORD_SECONDS = 0.35  # about a narrator's pace; it decides which words are shown together
_BACKGROUND = ("#0b1430", "#3d2a78", "#b0557f")


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of letters in one font; its base line begins at ``x``, ``y``."""

    text: str
    face: Face
    x: float
    y: float
    phrase: int


def still(caption_style: CaptionStyle, sample: str = "") -> bytes:
    """Draw the first words of ``sample`` as a JPEG of half the video's size.

    Faint shapes mark where the platform shows its own buttons and texts.
    """
    picture = _background()
    _platform(picture)
    draw(picture, caption_style, (sample[:MOST_TRIED].strip() or SAMPLE).split())
    jpeg = BytesIO()
    picture.resize((round(WIDTH * _SHOWN), round(HEIGHT * _SHOWN)), Image.Resampling.BOX).save(
        jpeg, "JPEG", quality=88
    )
    return jpeg.getvalue()


def draw(picture: Image.Image, caption_style: CaptionStyle, words: Sequence[str]) -> None:
    """Draw the first cue of ``words`` on a 1080x1920 picture, as if its second word was spoken."""
    texts = [text for word in words if (text := caption_style.shown(word))]
    if not texts:
        return
    begin = [number * _WORD_SECONDS for number in range(len(texts) + 1)]
    timed = [WordTiming(*word) for word in zip(texts, begin, begin[1:], strict=False)]
    shown = cues.cut(cues.phrased(timed), caption_style, begin[-1])[0].phrases
    layout = cues.lay_out(shown, caption_style)
    spoken = min(1, len(shown) - 1)
    brush = ImageDraw.Draw(picture)
    runs = _place(layout, caption_style)
    for run in runs:  # every outline is below all letters
        if run.face == fonts.EMOJI:
            continue  # emoji have no outline
        font, outline = _font(run.face.file, layout.size), f"#{caption_style.outline_colour}"
        brush.text(
            (run.x, run.y), run.text, outline, font, "ls", stroke_width=caption_style.outline
        )
    for run in runs:
        if run.face == fonts.EMOJI:
            _draw_emoji(brush, run, layout.size)
            continue
        lit = caption_style.style == "karaoke" and run.phrase == spoken
        colour = caption_style.spoken_colour if lit else caption_style.colour
        brush.text((run.x, run.y), run.text, f"#{colour}", _font(run.face.file, layout.size), "ls")


def _draw_emoji(brush: ImageDraw.ImageDraw, run: _Run, size: float) -> None:
    font = _font(run.face.file, size)
    for number, cluster in enumerate(letters.clusters(run.text)):
        x = run.x + number * font.getlength(emoji.ADVANCE)
        for layer in emoji.layers(cluster):
            brush.text((x, run.y), layer.letter, f"#{layer.colour}", font, "ls")


def _place(layout: Layout, caption_style: CaptionStyle) -> list[_Run]:
    """Place each run where libass would: rows centred, as high as their highest font."""
    size = layout.size
    rows = [
        [piece for piece in layout.pieces if piece.row == number]
        for number in range(layout.pieces[-1].row + 1)
    ]
    middle, centre = caption_style.area.centre
    heights = []
    for row in rows:
        faces = {face for piece in row for face, _ in fonts.runs(piece.text, caption_style.face)}
        faces |= {caption_style.face} if any(piece.opens for piece in row[1:]) else set()
        above = max(face.ascent(size) for face in faces)
        below = max(face.ass_size(size) - face.ascent(size) for face in faces)
        heights.append((above, below))
    y = centre - sum(map(sum, heights)) / 2
    placed = []
    space = caption_style.face.width(" ", size)
    for row, (above, below) in zip(rows, heights, strict=True):
        stretches: list[tuple[Face, str, int]] = []
        for index, piece in enumerate(row):
            if index and piece.opens:
                stretches.append((caption_style.face, " ", piece.phrase))
            stretches += [
                (face, run, piece.phrase)
                for face, run in fonts.runs(piece.text, caption_style.face)
            ]
        if letters.is_right_to_left(" ".join(piece.text for piece in layout.pieces)):
            stretches.reverse()
        widths = [space if run == " " else face.width(run, size) for face, run, _ in stretches]
        x = middle - sum(widths) / 2
        for (face, run, phrase), width in zip(stretches, widths, strict=True):
            placed.append(_Run(run, face, x, y + above, phrase))
            x += width
        y += above + below
    return placed


def _font(file: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(fonts.FOLDER / file), size)


def _background() -> Image.Image:
    dark, middle, light = _BACKGROUND
    slope = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
    return ImageOps.colorize(slope, dark, light, middle)


def _platform(picture: Image.Image) -> None:
    """Mark the platform's own buttons, name and description, outside the safe area."""
    brush = ImageDraw.Draw(picture, "RGBA")
    faint = (255, 255, 255, 46)
    for row in range(5):
        top = 900 + row * 130
        brush.ellipse((SAFE.right + 44, top, SAFE.right + 132, top + 88), fill=faint)
    for index, width in enumerate((300, 620, 480)):
        top = SAFE.bottom + 130 + index * 64
        brush.rounded_rectangle((60, top, 60 + width, top + 36), 18, fill=faint)
    for left in (330, 560):
        brush.rounded_rectangle((left, 130, left + 190, 168), 19, fill=faint)
