"""Declares the actor of a stage."""

from __future__ import annotations

from collections.abc import Callable

import dramatiq
from dramatiq import Actor

from core.errors import StageError
from pipelines.ledger import Claim, LeaseLostError
from pipelines.stages import STAGES, priority
from workers.middleware.lease import Lease


def stage_actor(run: Callable[[int], None]) -> Actor[[int], None]:
    """The actor of the stage that ``run`` is named after; stage errors are expected outcomes.

    It has no time limit, which could not interrupt a C call or a child process. Adapters limit
    their own calls and processes.
    """
    stage = STAGES[run.__name__]
    declare = dramatiq.actor(
        actor_name=stage.name,
        queue_name=stage.queue,
        priority=priority(stage.name),
        throws=(StageError, LeaseLostError),
    )
    return declare(run)


def lease() -> Lease:
    """The lease middleware of this process's broker."""
    for middleware in dramatiq.get_broker().middleware:
        if isinstance(middleware, Lease):
            return middleware
    raise RuntimeError("the broker has no Lease middleware")


def claim() -> Claim:
    """The claim of the message that this thread works on."""
    return lease().claims()[0]
