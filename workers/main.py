"""Sets up a worker process: settings, log, database, broker with middleware, then the actors."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import sentry_sdk
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Pipelines

from core import crypto, db, log, queue, settings
from core.db import migrate
from core.files.storage import MediaStore
from core.limiter import Limiter
from core.telemetry import endpoint
from pipelines import key_rotation
from pipelines.publishing.accounts import token_recovery
from pipelines.schedules import TASKS, Task
from workers.middleware.database import DatabaseConnection
from workers.middleware.dead_letter import DeadLetters
from workers.middleware.lease import Lease
from workers.middleware.log_context import LogContext
from workers.middleware.metrics import Metrics
from workers.middleware.rate_limit import RateLimit
from workers.middleware.telemetry import Telemetry
from workers.middleware.ticks import Ticks

if TYPE_CHECKING:
    from sentry_sdk.types import Event

ACTORS = ("workers.network", "workers.cpu", "workers.gpu", "workers.schedule")


def check() -> None:
    """Check that a worker can start: settings, PostgreSQL, tables, keys. Leaves nothing open.

    Raises:
        ConfigurationError: the message says what is missing or wrong.
    """
    endpoint.check_host(settings.current().metrics_host)
    _open_record()
    migrate.forward()
    key_rotation.check_readable()
    token_recovery.deliver()
    db.database.close_all()


def setup() -> None:
    """Prepare the process to run actors; call once per process."""
    config = settings.current()
    log.configure("worker", config.log_level)
    quiet_stale_hints()
    if config.sentry_dsn:
        sentry_sdk.init(
            config.sentry_dsn,
            send_default_pii=False,
            include_local_variables=False,
            before_send=lambda event, _hint: cast("Event", log.scrubbed(event)),
        )
    _open_record()
    broker(config.redis_url.get_secret_value()).add_middleware(Telemetry(config))
    MediaStore(config.media_dir).forget_left_workshops()
    for module in ACTORS:
        importlib.import_module(module)


def _open_record() -> None:
    config = settings.current()
    crypto.configure(config.cryptography_key.get_secret_value())
    db.configure(config.database_url.get_secret_value())
    db.check(config.database_url.get_secret_value())
    token_recovery.configure(config.media_dir)


def broker(redis_url: str, *, tasks: Mapping[str, Task] = TASKS) -> RedisBroker:
    """The workers' broker. The order matters: what comes first wraps the rest.

    Limits are checked before the job is claimed, so that waiting uses up no attempt. The outcome is
    written (``DeadLetters``) before the claim is released (``Lease``, ``Ticks``) and the connection
    returned.
    """
    lease, ticks = Lease(), Ticks(tasks=tasks)
    return queue.connect(
        redis_url,
        middleware=[
            Pipelines(),
            LogContext(),
            Metrics(),
            DatabaseConnection(),
            RateLimit(Limiter.at(redis_url)),
            lease,
            ticks,
            DeadLetters(lease=lease, ticks=ticks),
        ],
    )


def quiet_stale_hints() -> None:
    """Dramatiq warns about each skipped message; here a stale wake-up is normal, and counted."""
    logging.getLogger("dramatiq.worker.WorkerThread").setLevel(logging.ERROR)
