"""What this process was configured with."""

from __future__ import annotations

from flask import current_app

from core.limiter import Limiter
from core.settings import Settings
from core.telemetry.heartbeats import Heartbeats


def settings() -> Settings:
    config: Settings = current_app.extensions["settings"]
    return config


def limiter() -> Limiter:
    """The process's limiter; it connects on first use."""
    found: Limiter | None = current_app.extensions.get("limiter")
    if found is None:
        found = Limiter.at(settings().redis_url.get_secret_value())
        current_app.extensions["limiter"] = found
    return found


def heartbeats() -> Heartbeats:
    """The reports of all processes; connects on first use."""
    found: Heartbeats | None = current_app.extensions.get("heartbeats")
    if found is None:
        found = Heartbeats.at(settings().redis_url.get_secret_value())
        current_app.extensions["heartbeats"] = found
    return found
