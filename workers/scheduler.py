"""The process that sends the periodic ticks: ``periodiq workers.scheduler:setup``."""

from __future__ import annotations

from core import settings, telemetry
from workers import main


def setup() -> None:
    """Prepare the process; call once."""
    main.setup()
    telemetry.start("schedule", settings.current())
