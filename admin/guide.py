"""The first steps as pages show them: to whom, until when."""

from __future__ import annotations

from typing import cast

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from flask import current_app, g
from flask_login import current_user
from redis.exceptions import RedisError

from admin.auth import person
from admin.configured import settings
from core import queue
from models import Role
from pipelines.getting_started.checks import Checks
from pipelines.getting_started.steps import PROCESSES, FirstSteps, first_steps

COMPLETE = "first_steps_complete"
"""Kept by the process, so that the pages of a running installation don't look again."""


def checks() -> Checks:
    return Checks(
        settings(),
        current_app.extensions["authorizer"],
        current_app.extensions["voices"],
        current_app.extensions["services"],
    )


def found() -> FirstSteps:
    """The steps of the signed-in person; looked up once per request."""
    if "first_steps" not in g:
        g.first_steps = first_steps(checks(), _alive(), owner=person().may(Role.OWNER))
    return cast("FirstSteps", g.first_steps)


def pending() -> FirstSteps | None:
    """The steps, for somebody who can take them, has not hidden them, and is not done."""
    if not current_user.is_authenticated or not person().may(Role.EDITOR):
        return None
    if person().guide_hidden or COMPLETE in current_app.extensions:
        return None
    steps = found()
    if not steps.complete:
        return steps
    if person().may(Role.OWNER):  # an editor sees fewer steps
        current_app.extensions[COMPLETE] = True
    return None


def _alive() -> set[str] | None:
    broker = dramatiq.get_broker()
    if not isinstance(broker, RedisBroker):
        return set(PROCESSES)  # another broker tells nothing about them
    try:
        return queue.alive(broker, PROCESSES)
    except RedisError:
        return None
