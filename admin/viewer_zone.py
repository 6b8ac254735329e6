"""The time zone in which the signed-in person reads times and counts days.

It is the one that the person chose; else the browser's, which its cookie names
(``static/zone.js``); else TIMEZONE.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import current_app, g, request
from flask_login import current_user

from core.settings import Settings
from models import now
from pipelines.publishing.scheduling.slots import at_local, local_day, zone, zone_names

COOKIE = "zone"


def viewer_zone() -> ZoneInfo:
    """The zone of this request; looked up once."""
    if "viewer_zone" not in g:
        settings: Settings = current_app.extensions["settings"]
        names = (_chosen(), from_browser(), settings.timezone)
        g.viewer_zone = zone(next(name for name in names if name in zone_names()))
    found: ZoneInfo = g.viewer_zone
    return found


def from_browser() -> str:
    """What the browser says; it may be anything."""
    return request.cookies.get(COOKIE, "")


def local(moment: datetime) -> datetime:
    return moment.astimezone(viewer_zone())


def today() -> date:
    return local_day(viewer_zone(), now())


def midnight() -> datetime:
    """When the viewer's day began."""
    return at_local(viewer_zone(), today(), "00:00")


def _chosen() -> str:
    return str(current_user.timezone) if current_user.is_authenticated else ""
