"""How numbers, times and states read on the pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import unescape

from flask import Flask
from markupsafe import Markup

from admin.paging import counted
from models import now, shown

TONES = {
    "good": {"approved", "scripted", "ready", "published", "inbox", "connected", "done", "taken"},
    "busy": {"running", "claiming", "uploading", "processing"},
    "look": {"waiting", "review", "flagged", "parked", "manual"},
    "bad": {"failed", "dead", "expired"},
}
"""Colours of states; all others are quiet."""

TABS = {"making": "in production"}
"""Tabs that people read under another name than their address has."""


def tone(state: str) -> str:
    return next((name for name, states in TONES.items() if state in states), "quiet")


def word(state: str) -> str:
    """What people read for a state, outcome or resolution."""
    return TABS.get(state) or shown(state)


def badge(state: str) -> Markup:
    return Markup('<span class="badge tone-{}">{}</span>').format(tone(state), word(state))


def span(length: timedelta) -> str:
    """A duration in its largest unit: ``12 s``, ``5 min``, ``3 h``, ``2 d``."""
    seconds = max(0, int(length.total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def when(moment: datetime | None) -> Markup:
    """A time relative to now, with the exact time as its title."""
    if moment is None:
        return Markup('<span class="muted">never</span>')
    distance = now() - moment
    if abs(distance) < timedelta(seconds=2):
        text = "now"
    else:
        text = f"{span(distance)} ago" if distance > timedelta() else f"in {span(-distance)}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.isoformat(), f"{moment:%A %d %B %Y, %H:%M:%S %Z}", text
    )


def clock(seconds: float) -> str:
    """Minutes and seconds, as a player shows them."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


def install(app: Flask) -> None:
    app.jinja_env.filters.update(
        badge=badge,
        word=word,
        when=when,
        length_of_time=span,
        clock=clock,
        megabytes=megabytes,
        counted=counted,
        unescaped=unescape,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
