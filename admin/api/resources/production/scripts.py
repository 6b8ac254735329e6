"""Scripts: what was written around a story, and its parts with their videos."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from admin.api.caller import caller
from admin.api.listing import get, rows
from admin.api.models import Answer, Body, Id, ListQuery, Moment, Page, Text
from admin.api.operation import operation
from models import Job, JobState, Part, Script, Video, VideoState
from pipelines import ledger
from pipelines.people.api_tokens import Scope
from pipelines.production import video_review
from pipelines.stages import PART_STAGES


class ScriptItem(Answer):
    """A script in a list."""

    id: Id
    story_id: Id
    title: str
    hook: str
    written_by: Annotated[str, Field(description='A model, or "rules".')]
    created_at: Moment


class WorkStep(Answer):
    """One job on a part."""

    stage: str
    state: JobState
    explanation: Annotated[str, Field(description="What it waits for, or how it ended.")]


class PartOfScript(Answer):
    """One video's share of a story."""

    id: Id
    number: int
    of: int
    text: Annotated[str, Field(description="Every word that is narrated.")]
    video_id: Id | None
    video_state: VideoState | None
    jobs: list[WorkStep]


class ScriptDetail(ScriptItem):
    """A script with its texts and parts."""

    hooks: Annotated[list[str], Field(description="Openings to choose from.")]
    call_to_action: str
    hashtags: list[str]
    parts: list[PartOfScript]


class ScriptPage(Page[ScriptItem]):
    """One page of scripts, newest first."""


class ScriptQuery(ListQuery):
    story: Annotated[Id | None, Field(description="Only this story's.")] = None


class HookChoice(Body):
    hook: Annotated[Text, Field(min_length=1, description="One of `hooks`.")]


@operation("GET", "/scripts", Scope.READ)
def listed(query: ScriptQuery) -> ScriptPage:
    """List scripts."""
    found = Script.select(
        Script.id,
        Script.story.alias("story_id"),
        Script.title,
        Script.hook,
        Script.written_by,
        Script.created_at,
    ).namedtuples()
    if query.story is not None:
        found = found.where(Script.story == query.story)
    page, following = rows(found, Script.id, query)
    return ScriptPage(items=[ScriptItem.model_validate(row) for row in page], next=following)


@operation("GET", "/scripts/<int:script_id>", Scope.READ)
def show(script_id: int) -> ScriptDetail:
    """Read a script, its parts, and how far each is."""
    return _detail(script_id)


@operation(
    "POST",
    "/scripts/<int:script_id>/hook",
    Scope.STORIES,
    examples={"another opening": {"hook": "A ladder came home in the wrong colour."}},
)
def hook(script_id: int, body: HookChoice) -> ScriptDetail:
    """Choose another hook; part 1 is produced again."""
    script: Any = get(Script, script_id)
    video_review.choose_hook(script.story_id, caller().name, body.hook)
    return _detail(script_id)


def _detail(script_id: int) -> ScriptDetail:
    script: Any = get(Script, script_id)
    parts = list(Part.select().where(Part.script == script_id).order_by(Part.number))
    ids = [part.id for part in parts]
    of_videos: Any = Video.select(Video.part.alias("part_id"), Video.id, Video.state)
    found = of_videos.where(Video.part.in_(ids)).namedtuples()
    videos = {row.part_id: row for row in found}
    jobs: dict[int, list[WorkStep]] = {}
    of_parts = Job.select().where(Job.stage.in_(PART_STAGES), Job.subject_id.in_(ids))
    for job in of_parts.order_by(Job.id):
        state = JobState(job.state)
        step = WorkStep(stage=job.stage, state=state, explanation=ledger.explain(job))
        jobs.setdefault(job.subject_id, []).append(step)
    return ScriptDetail(
        **ScriptItem.model_validate(script).model_dump(),
        hooks=script.hooks,
        call_to_action=script.call_to_action,
        hashtags=script.hashtags,
        parts=[
            PartOfScript(
                id=part.id,
                number=part.number,
                of=part.of,
                text=part.spoken,
                video_id=videos[part.id].id if part.id in videos else None,
                video_state=videos[part.id].state if part.id in videos else None,
                jobs=jobs.get(part.id, []),
            )
            for part in parts
        ],
    )
