"""How numbers, times and states read on the pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import unescape

from flask import Flask
from markupsafe import Markup

from admin.lists.paging import counted
from admin.viewer_zone import local, today
from models import now, shown

TONES = {
    "good": {"approved", "scripted", "ready", "published", "inbox", "connected", "done", "taken"},
    "busy": {"running", "claiming", "uploading", "processing"},
    "look": {"waiting", "review", "flagged", "parked", "manual"},
    "bad": {"failed", "dead", "expired"},
}
"""Colours of states; all others are quiet."""

NEAR = timedelta(days=2)
"""Up to this distance from now, a time is also told relative to now."""

TABS = {"making": "in production", "attention": "needs attention"}
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
    """The exact time in the viewer's zone; if it is near, also how far away it is."""
    if moment is None:
        return Markup('<span class="muted">never</span>')
    distance = now() - moment
    if abs(distance) > NEAR:
        return exact(moment)
    if abs(distance) < timedelta(seconds=2):
        text = "now"
    else:
        text = f"{span(distance)} ago" if distance > timedelta() else f"in {span(-distance)}"
    return exact(moment) + Markup(' <span class="away">({})</span>').format(text)


def exact(moment: datetime | None) -> Markup:
    """A time in the viewer's zone: ``Tue 24 Nov 18:30``, with the year if it is another one."""
    if moment is None:
        return Markup('<span class="muted">never</span>')
    there = local(moment)
    pattern = "%a %-d %b %H:%M" if there.year == today().year else "%-d %b %Y %H:%M"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.isoformat(), f"{there:%A %-d %B %Y, %H:%M:%S} ({there.tzinfo})", f"{there:{pattern}}"
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
        exact=exact,
        length_of_time=span,
        clock=clock,
        megabytes=megabytes,
        counted=counted,
        unescaped=unescape,
    )
    app.jinja_env.globals.update(now=now)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
