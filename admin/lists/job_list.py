"""Which jobs a list shows."""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import ModelSelect

from admin.lists.each_of import EachOf
from models import Job, JobState
from pipelines.stages import STAGES

UNFINISHED = (JobState.RUNNING, JobState.WAITING, JobState.PARKED, JobState.DEAD)


class Listed(NamedTuple):
    """The jobs of a list, and the index that finds their ids."""

    query: ModelSelect[Any]
    each: EachOf


def listed(state: str, stage: str) -> Listed:
    """The jobs in a state, or all that are unfinished; those of a stage, or of all stages."""
    states: list[str] = [state] if state else list(UNFINISHED)
    query = Job.select().where(Job.state.in_(states))
    if stage:
        query = query.where(Job.stage == stage)
    return Listed(
        query, EachOf(Job, {"state": states, "stage": [stage] if stage else list(STAGES)})
    )
