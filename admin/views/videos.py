"""Parts of stories and their videos: hear, read, watch, decide, and see why one failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import abort, request, send_file
from flask.typing import ResponseReturnValue
from peewee import JOIN, ModelSelect

from admin.auth import person
from admin.lists import count, cut
from admin.views.page import Page, done, expose, get, settings
from models import (
    Account,
    Caption,
    Job,
    JobState,
    Narration,
    Part,
    Post,
    Script,
    Video,
    VideoState,
)
from pipelines import ledger
from pipelines.production import review

STAGES_OF_A_PART = ("narrate", "caption", "render")
BY_JOBS = {
    "making": (JobState.WAITING, JobState.RUNNING),
    "failed": (JobState.DEAD, JobState.PARKED, JobState.CANCELLED),
}
"""Tabs of parts that have no finished video: by the states of their jobs."""


class Videos(Page):
    @expose("/")
    def index(self) -> str:
        state = request.args.get("state", "")
        tabs = (VideoState.REVIEW, "making", "failed", VideoState.READY, VideoState.REJECTED)
        query = (
            Part.select(
                Part.id,
                Part.number,
                Part.of,
                Part.created_at,
                Script.title,
                Script.story.alias("story_id"),
                Video.id.alias("video_id"),
                Video.state,
                Video.seconds,
                Video.size_bytes,
            )
            .join(Script)
            .switch(Part)
            .join(Video, JOIN.LEFT_OUTER)
            .objects()
        )
        page = cut(_in_state(query, state) if state else query, Part.id, few=state in BY_JOBS)
        return self.render(
            "videos/index.html",
            page=page,
            jobs=_last_jobs([row.id for row in page.rows if row.video_id is None]),
            state=state,
            tabs=[(tab, count(_rows_of(tab))) for tab in tabs],
        )

    @expose("/<int:part_id>")
    def show(self, part_id: int) -> str:
        part = get(Part, part_id)
        video = Video.get_or_none(Video.part == part_id)
        narration = Narration.get_or_none(Narration.part == part_id)
        jobs = Job.select().where(Job.stage.in_(STAGES_OF_A_PART), Job.subject_id == part_id)
        return self.render(
            "videos/show.html",
            part=part,
            script=part.script,
            story=part.script.story,
            video=video,
            narration=narration,
            caption=Caption.get_or_none(Caption.part == part_id),
            spoken_words=len(part.spoken.split()),
            jobs=[(job, ledger.explain(job)) for job in jobs.order_by(Job.id)],
            posts=_posts_of(video.id) if video else [],
        )

    @expose("/<int:part_id>/approve", methods=["POST"])
    def approve(self, part_id: int) -> ResponseReturnValue:
        review.approve_video(_video_of(part_id).id, person().name)
        return done("Approved. It will be posted.")

    @expose("/<int:part_id>/reject", methods=["POST"])
    def reject(self, part_id: int) -> ResponseReturnValue:
        review.reject_video(
            _video_of(part_id).id, person().name, request.form.get("reason", "").strip()
        )
        return done("Rejected. It won't be posted.")

    @expose("/<int:part_id>/video.mp4")
    def video(self, part_id: int) -> ResponseReturnValue:
        return _media(_video_of(part_id).path)

    @expose("/<int:part_id>/cover")
    def cover(self, part_id: int) -> ResponseReturnValue:
        return _media(_video_of(part_id).cover_path)

    @expose("/<int:part_id>/narration.wav")
    def narration(self, part_id: int) -> ResponseReturnValue:
        return _media(_of_part(Narration, part_id).path)

    @expose("/<int:part_id>/captions.<any(srt, vtt):form>")
    def captions(self, part_id: int, form: str) -> ResponseReturnValue:
        caption = _of_part(Caption, part_id)
        return _media(caption.srt_path if form == "srt" else caption.vtt_path)


def _rows_of(tab: str) -> ModelSelect[Any]:
    """What a tab counts: videos, or the jobs of parts that have none."""
    if tab not in BY_JOBS:
        return Video.select().where(Video.state == tab)
    return Job.select(Job.subject_id).where(
        Job.state.in_(BY_JOBS[tab]), Job.stage.in_(STAGES_OF_A_PART)
    )


def _in_state(query: ModelSelect[Part], tab: str) -> ModelSelect[Part]:
    return query.where(Part.id.in_(_rows_of(tab)) if tab in BY_JOBS else Video.state == tab)


def _last_jobs(part_ids: list[int]) -> dict[int, str]:
    """For parts without a video: what the furthest job says of itself."""
    jobs = Job.select().where(Job.stage.in_(STAGES_OF_A_PART), Job.subject_id.in_(part_ids))
    return {job.subject_id: ledger.explain(job) for job in jobs.order_by(Job.id)}


def _posts_of(video_id: int) -> list[Any]:
    return list(
        Post.select(Post.id, Post.state, Post.reason, Post.published_at, Account.name)
        .join(Account)
        .where(Post.video == video_id)
        .order_by(Post.id)
        .objects()
    )


def _of_part(table: Any, part_id: int) -> Any:
    row = table.get_or_none(table.part == part_id)
    return row if row is not None else abort(404)


def _video_of(part_id: int) -> Video:
    video: Video = _of_part(Video, part_id)
    return video


def _media(stored: str) -> ResponseReturnValue:
    """A file of the media folder, in ranges if asked; nothing outside of that folder, ever."""
    root = settings().media_dir.resolve()
    path = (root / Path(stored)).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        abort(404)
    answer = send_file(path, conditional=True, max_age=0)
    answer.headers["Cache-Control"] = "private, no-cache"  # may be kept, asked about each time
    return answer
