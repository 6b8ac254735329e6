"""The first steps as pages show them: to whom, until when."""

from __future__ import annotations

from time import monotonic
from typing import cast

from flask import current_app, g
from flask_login import current_user

from admin.auth import person
from admin.configured import heartbeats, settings
from models import Role
from pipelines.getting_started.checks import Checks
from pipelines.getting_started.steps import PROCESSES, FirstSteps, Step, first_steps

COMPLETE = "first_steps_complete"
"""Kept by the process, so that the pages of a running installation don't look again."""
NEXT = "first_steps_next"
"""The next step of owners and of editors, each with the time when it was looked up."""
KEPT_SECONDS = 5.0


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
    return first_steps(checks(), heartbeats().alive(PROCESSES), owner=owner)


def pending() -> FirstSteps | None:
    """The steps on home, for somebody who can take them, has not hidden them, and is not done."""
    if not _are_shown():
        return None
    mine = found()
    if mine.complete:
        _complete()
        return None
    return mine


def next_step() -> Step | None:
    """The next step on other pages, for the same people.

    It is looked up every few seconds, and takes the processes for alive: no page waits for Redis.
    """
    if not _are_shown():
        return None
    owner = person().may(Role.OWNER)
    kept: dict[bool, tuple[float, Step | None]] = current_app.extensions.setdefault(NEXT, {})
    looked, step = kept.get(owner, (-KEPT_SECONDS, None))
    if monotonic() - looked < KEPT_SECONDS:
        return step
    step = first_steps(checks(), PROCESSES, owner=owner).next
    kept[owner] = monotonic(), step
    if step is None:
        _complete()
    return step


def forget() -> None:
    """Look the next step up again: a person has just changed something."""
    current_app.extensions.pop(NEXT, None)


def _are_shown() -> bool:
    if not current_user.is_authenticated or not person().may(Role.EDITOR):
        return False
    return not person().guide_hidden and COMPLETE not in current_app.extensions


def _complete() -> None:
    if person().may(Role.OWNER):  # an editor sees fewer steps
        current_app.extensions[COMPLETE] = True
