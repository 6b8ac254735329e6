"""What happened since the last check of the database, one sentence per change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.db import database
from models import Job, JobState, Part, Post, PostState, Script, Source, Story, StoryState
from pipelines.stages import STAGES
from scripts.demonstration.story import part_title, quoted

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

OF_STORIES = ("fetch", "prepare", "judge")
BEFORE_RENDER = ("script", "narrate", "caption")
DONE = {
    "fetch": "fetched",
    "prepare": "prepared",
    "judge": "judged a second time",
    "narrate": "narrated",
    "caption": "captioned",
    "render": "rendered",
}
LOST: dict[str, str] = {JobState.DEAD: "failed", JobState.PARKED: "needs attention"}
POSTED: dict[str, str] = {
    PostState.UPLOADING: "uploading to",
    PostState.PROCESSING: "uploaded to",
    PostState.PUBLISHED: "published on",
    PostState.INBOX: "in the inbox of",
    PostState.MANUAL: "waiting for a person to post it on",
    PostState.FAILED: "failed on",
    PostState.PARKED: "needs attention on",
}


class News:
    """Compares the database with its state at the last check; the first check is at creation.

    Attributes:
        published: whether a post has been published since then.
    """

    def __init__(self) -> None:
        [(self._since,)] = database.execute_sql("SELECT now()").fetchall()
        self._seen: dict[tuple[str, int], Hashable] = {}
        self.published = False
        for _ in self.sentences():
            pass
        self.published = False

    def sentences(self) -> Iterator[str]:
        """One sentence for each change since the last call, in the order of the work."""
        yield from self._of_jobs(OF_STORIES)
        yield from self._of_decisions()
        yield from self._of_jobs(BEFORE_RENDER)
        yield from self._of_renders()
        yield from self._of_jobs(("render",))
        yield from self._of_posts()

    def _is_new(self, kind: str, number: int, now: Hashable) -> bool:
        if self._seen.get((kind, number)) == now:
            return False
        self._seen[kind, number] = now
        return True

    def _of_jobs(self, stages: tuple[str, ...]) -> Iterator[str]:
        ended = Job.state.in_((JobState.DONE, *LOST)) & (Job.finished_at >= self._since)
        jobs = Job.select().where(Job.stage.in_(stages), ended)
        for job in jobs.order_by(Job.finished_at, Job.id):
            if self._is_new("job", job.id, (job.state, job.finished_at)):
                name = _subject(job)
                lost = LOST.get(job.state)
                yield f"{name}: {job.stage} {lost}" if lost else f"{name}: {_done(job)}"

    def _of_renders(self) -> Iterator[str]:
        """Renders that started: only this stage takes so long that a person may wonder."""
        begun = Job.select().where(Job.stage == "render", Job.state == JobState.RUNNING)
        for job in begun.order_by(Job.started_at, Job.id):
            if self._is_new("render", job.id, job.fence):  # differs for each try
                yield f"{_subject(job)}: rendering"

    def _of_decisions(self) -> Iterator[str]:
        decided = Story.select(Story.id, Story.title, Story.state, Story.decided_at)
        for story in decided.where(Story.decided_at.is_null(False)).order_by(Story.id):
            if self._is_new("decision", story.id, story.decided_at):
                rejected = story.state == StoryState.REJECTED
                yield f"{quoted(story.title)}: {'rejected' if rejected else 'approved'}"

    def _of_posts(self) -> Iterator[str]:
        for light in Post.select(Post.id, Post.state).order_by(Post.id):
            if not self._is_new("post", light.id, light.state):
                continue
            self.published |= light.state == PostState.PUBLISHED
            if words := POSTED.get(light.state):
                post = Post.get_by_id(light.id)
                yield f"{part_title(post.video.part)}: {words} {post.account.name or 'unnamed'}"


def _subject(job: Job) -> str:
    match STAGES[job.stage].subject:
        case "Source":
            source = Source.get_or_none(Source.id == job.subject_id)
            return source.name if source else "a source"
        case "Story":
            story = Story.get_or_none(Story.id == job.subject_id)
            return quoted(story.title) if story else "a story"
        case _:
            part = Part.get_or_none(Part.id == job.subject_id)
            return part_title(part) if part else "a part"


def _done(job: Job) -> str:
    if job.stage == "script":
        count = Part.select().join(Script).where(Script.story == job.subject_id).count()
        return f"script written, {count} {'part' if count == 1 else 'parts'}"
    if job.stage == "prepare":
        story = Story.get_or_none(Story.id == job.subject_id)
        if story and story.state == StoryState.SKIPPED:
            return f"skipped: {story.reason}"
        if story and story.state == StoryState.FLAGGED:
            return f"flagged: {story.reason}"
    return DONE[job.stage]
