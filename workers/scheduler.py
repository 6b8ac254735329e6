"""The process that sends the periodic ticks: ``periodiq workers.scheduler:setup``."""

from __future__ import annotations

from core import settings, telemetry
from core.limiter import Limiter
from pipelines.backlog_metrics import BacklogCollector
from workers import main


def setup() -> None:
    """Prepare the process; call once. It also serves what is read from the database."""
    main.setup()
    config = settings.current()
    collector = BacklogCollector(Limiter.at(config.redis_url.get_secret_value()))
    telemetry.start("schedule", config, [collector])
