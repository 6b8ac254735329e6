"""Helpers to write ASS (Advanced SubStation Alpha) events for captions and cards.

Written for libass. Format: https://aegisub.org/docs/latest/ass_tags/
"""

from __future__ import annotations

import re

from pipelines.production.captions import emoji, fonts
from pipelines.production.captions.fonts import Face
from pipelines.stories.text import letters

WORD_JOINER = "\u2060"
"""Invisible and without width. It breaks up text that ASS would read as a command, and marks a line
break inside a word."""

_MARKS = re.compile(f"[{WORD_JOINER}{letters.DIRECTIONS}]")
_TAGS = re.compile(r"(?<!\\)\{[^}]*\}")
_APART, _TOGETHER = "\u2066", "\u2069"
"""Around an emoji, to keep the order of its layers in right-to-left lines."""
_EMOJI = re.compile(r"(?<!\\)\{=([^}]*)\}" + f"{_APART}[^{_TOGETHER}]*{_TOGETHER}")


def escape(words: str) -> str:
    r"""Make any text safe between tags: ``{``, ``}`` and ``\`` are shown as they are.

    A backslash has no escape in ASS; it is shown unless a command's letter follows.
    """
    words = words.replace(WORD_JOINER, "").replace("\\", "\\" + WORD_JOINER)
    return words.replace("{", r"\{").replace("}", r"\}")


def plain(event: str) -> str:
    """Return what a viewer reads in an event's text; the inverse of ``text`` and ``escape``."""
    words = _TAGS.sub("", _EMOJI.sub(r"\1", event))
    words = words.replace(WORD_JOINER + r"\N", "").replace(r"\N", " ")
    words = words.replace(r"\{", "{").replace(r"\}", "}")
    return _MARKS.sub("", words)


def text(words: str, size: float, main: Face = fonts.MAIN, tags: str = "") -> str:
    """Text with font tags, at ``size`` pixels per em; ``tags`` set the colour.

    Emoji have their own colours and no outline; the tags are repeated after each.
    """
    written = f"{{{tags}}}" if tags else ""
    for face, run in fonts.runs(words, main):
        written += rf"{{\fn{face.family}\fs{face.ass_size(size)}\b{int(face.bold)}}}"
        if face == fonts.EMOJI:
            written += "".join(map(_layered, letters.clusters(run)))
            written += rf"{{\bord\1a\1c{tags}}}"
        else:
            written += escape(run)
    return written


def _layered(cluster: str) -> str:
    """The layers of an emoji, on top of each other; a comment says which emoji it is."""
    drawn = "".join(
        rf"{{\1c{colour(layer.colour)}\1a&H{255 - layer.opacity:02X}&}}{layer.letter}"
        for layer in emoji.layers(cluster)
    )
    return rf"{{\bord0}}{{={cluster}}}{_APART}{drawn}{emoji.ADVANCE}{_TOGETHER}"


def colour(rgb: str) -> str:
    """``RRGGBB`` in ASS notation: blue first."""
    return f"&H{rgb[4:6]}{rgb[2:4]}{rgb[0:2]}&"


def rounded(width: float, height: float, radius: float) -> str:
    """Drawing commands for a rectangle with round corners; its top left is at 0, 0."""
    w, h, r = width, height, min(radius, width / 2, height / 2)
    k = r * 0.4477  # control points of a cubic Bézier quarter circle, measured from the corner
    return (
        f"m {r:.1f} 0 l {w - r:.1f} 0 b {w - k:.1f} 0 {w:.1f} {k:.1f} {w:.1f} {r:.1f} "
        f"l {w:.1f} {h - r:.1f} b {w:.1f} {h - k:.1f} {w - k:.1f} {h:.1f} {w - r:.1f} {h:.1f} "
        f"l {r:.1f} {h:.1f} b {k:.1f} {h:.1f} 0 {h - k:.1f} 0 {h - r:.1f} "
        f"l 0 {r:.1f} b 0 {k:.1f} {k:.1f} 0 {r:.1f} 0"
    )


def drawing(x: float, y: float, commands: str, *, fill: str, tags: str = "") -> str:
    """The text of an event that draws ``commands`` from ``x``, ``y``, without outline."""
    return rf"{{\an7\pos({x:.1f},{y:.1f})\bord0\shad0\1c{colour(fill)}{tags}\p1}}{commands}{{\p0}}"
