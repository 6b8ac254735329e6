"""What a new installation still lacks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from admin import guide
from admin.api.caller import caller
from admin.api.models import Answer
from admin.api.operation import operation
from pipelines.people.api_tokens import Scope


class SetupStep(Answer):
    """One of the first steps."""

    name: str
    title: str
    done: bool
    sentence: Annotated[str, Field(description="What is on record, or what is missing.")]
    faulty: Annotated[bool, Field(description="Whether something doesn't work.")]


class SetupSteps(Answer):
    """The first steps, in their order, with the last results of their checks."""

    complete: bool
    items: list[SetupStep]


@operation("GET", "/setup", Scope.READ)
def show() -> SetupSteps:
    """See what the installation still lacks until its first post is published.

    Processes and keys are shown to tokens with the scope `admin`.
    """
    found = guide.steps(owner=caller().may(Scope.ADMIN))
    items = [SetupStep.model_validate(step) for step in found.steps]
    return SetupSteps(complete=found.complete, items=items)
