"""What this process was configured with."""

from __future__ import annotations

from flask import current_app

from core.limiter import Limiter
from core.settings import Settings


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
