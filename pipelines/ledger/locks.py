"""Locks jobs before anything else: docs/architecture.md, "Locks", has the order for all rows."""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any

from peewee import ModelSelect

from core.db import transaction
from models import Job, locked
from pipelines.stages import STAGES, of_subject


def lock_jobs(*wanted: tuple[Collection[str], Collection[int] | ModelSelect[Any]]) -> list[Job]:
    """Lock all jobs that the caller's transaction is about to change, in the order of their ids.

    Call it before any other row is locked or written, and once: a second call could lock a lower
    id. A stage that ends meanwhile may start the next one, so it looks until no job is new.

    Args:
        wanted: pairs of stages and subject ids, or a query for the ids: rows that a stage adds
            while it is waited for count too.

    Returns:
        The jobs as they are now, by id.
    """
    wanted = tuple((stages, ids) for stages, ids in wanted if isinstance(ids, ModelSelect) or ids)
    if not wanted:
        return []
    which = reduce(or_, (_on(stages, ids) for stages, ids in wanted))
    with transaction():
        jobs: list[Job] = []
        while len(found := list(locked(Job.select().where(which).order_by(Job.id)))) > len(jobs):
            jobs = found
    return jobs


def _on(stages: Collection[str], ids: Collection[int] | ModelSelect[Any]) -> Any:
    subjects = ids if isinstance(ids, ModelSelect) else list(ids)
    return Job.stage.in_(list(stages)) & Job.subject_id.in_(subjects)


def lock_siblings(stage: str, subject_id: int) -> None:
    """Lock every job on the same row as this stage's: a stage may start any of them again."""
    same = Job.stage.in_(of_subject(STAGES[stage].subject)) & (Job.subject_id == subject_id)
    list(locked(Job.select(Job.id).where(same).order_by(Job.id)))
