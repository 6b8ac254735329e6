"""The first steps as pages show them: to whom, until when."""

from __future__ import annotations

from typing import cast

from flask import current_app, g
from flask_login import current_user

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
        g.first_steps = steps(owner=person().may(Role.OWNER))
    return cast("FirstSteps", g.first_steps)


def steps(*, owner: bool) -> FirstSteps:
    """The steps of an owner, or of an editor."""
    return first_steps(checks(), queue.alive(PROCESSES), owner=owner)


def pending() -> FirstSteps | None:
    """The steps, for somebody who can take them, has not hidden them, and is not done."""
    if not current_user.is_authenticated or not person().may(Role.EDITOR):
        return None
    if person().guide_hidden or COMPLETE in current_app.extensions:
        return None
    mine = found()
    if not mine.complete:
        return mine
    if person().may(Role.OWNER):  # an editor sees fewer steps
        current_app.extensions[COMPLETE] = True
    return None
