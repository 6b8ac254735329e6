"""Parts of stories and their videos: listen, read, watch, review, and see why one failed."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import abort, jsonify, request, send_file, url_for
from flask.typing import ResponseReturnValue
from peewee import JOIN

from admin import production_progress
from admin.auth import person
from admin.desk import decided, order, script_text
from admin.lists.each_of import EachOf
from admin.lists.paging import count, counts, cut
from admin.views.page import Page, done, expose, get, settings
from admin.views.undoable import undoable
from core.files.storage import MediaStore
from models import (
    Account,
    Caption,
    Job,
    JobState,
    Narration,
    Part,
    Post,
    PostState,
    Script,
    Video,
    VideoState,
)
from pipelines import handover, ledger
from pipelines.production import video_review
from pipelines.stages import PART_STAGES

LIVE_PIECES = ("facts", "player", "narration", "encoding", "work", "posts")
MOVING = (
    PostState.PLANNED,
    PostState.CLAIMING,
    PostState.UPLOADING,
    PostState.PROCESSING,
)
"""Posts that go on by themselves."""
MEANINGS = {
    VideoState.REVIEW: "Finished and waiting for your review before they are posted.",
    "making": "Being narrated, captioned and rendered.",
    "failed": "Open a video to see why it failed and retry it.",
    VideoState.READY: "Approved. Their posts are published or scheduled.",
    VideoState.REJECTED: "Rejected videos are not posted.",
}
BY_JOBS = {
    "making": (JobState.WAITING, JobState.RUNNING),
    "failed": (JobState.DEAD, JobState.PARKED, JobState.CANCELLED),
}
"""Tabs of parts without a finished video, with the job states they show."""


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
        page = cut(query, Part.id, each=_parts_in(state) if state else None)
        return self.render(
            "videos/index.html",
            page=page,
            jobs=_last_jobs([row.id for row in page.rows if row.video_id is None]),
            state=state,
            meanings=MEANINGS,
            tabs=list(zip(tabs, counts(map(_parts_in, tabs)), strict=True)),
        )

    @expose("/<int:part_id>")
    def show(self, part_id: int) -> str:
        part = get(Part, part_id)
        facts = _live(part)
        video = facts["video"]
        script = script_text.paragraphs(part, facts["narration"])
        return self.render(
            "videos/show.html",
            **facts,
            next_part=order.part_beside(video, newer=True) if video else None,
            previous_part=order.part_beside(video, newer=False) if video else None,
            same_state=count(_parts_in(video.state)) if video else 0,
            moving=MOVING,
            paragraphs=script,
            in_time=any(one.start is not None for text in script for one in text.sentences),
        )

    @expose("/<int:part_id>/live.json")
    def live(self, part_id: int) -> ResponseReturnValue:
        """The live parts of the page: HTML by element id."""
        return self.pieces("videos", LIVE_PIECES, **_live(get(Part, part_id)))

    @expose("/<int:part_id>/decided.json")
    def decided(self, part_id: int) -> ResponseReturnValue:
        """What somebody else has decided meanwhile about the video."""
        return jsonify(decided.video(part_id))

    @expose("/<int:part_id>/approve", methods=["POST"])
    def approve(self, part_id: int) -> ResponseReturnValue:
        seconds = settings().approval_seconds
        act = partial(
            handover.approve_video,
            by=person().name,
            key=request.form.get("key", ""),
            seconds=seconds,
        )
        video_id = _video_of(part_id).id
        return undoable(
            "video.approve", [video_id], act, onwards=_onwards, on_page=1, seconds=seconds
        )

    @expose("/<int:part_id>/reject", methods=["POST"])
    def reject(self, part_id: int) -> ResponseReturnValue:
        reason = request.form.get("reason", "").strip()
        act = partial(video_review.reject, by=person().name, reason=reason)
        video_id = _video_of(part_id).id
        return undoable("video.reject", [video_id], act, onwards=_onwards, on_page=1)

    @expose("/<int:part_id>/reconsider", methods=["POST"])
    def reconsider(self, part_id: int) -> ResponseReturnValue:
        video_review.reconsider(_video_of(part_id).id, person().name)
        return done("The video is waiting for review again.", url_for(".show", part_id=part_id))

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


def _parts_in(tab: str) -> EachOf:
    """Parts with a video in that state, or with a job in one of the tab's states."""
    if tab not in BY_JOBS:
        return EachOf(Video, {"state": [tab]}, key="part_id")
    values = {"state": BY_JOBS[tab], "stage": PART_STAGES}
    return EachOf(Job, values, key="subject_id", only="job.state <> 'done'")


def _last_jobs(part_ids: list[int]) -> dict[int, production_progress.Step]:
    """For parts without a video: the latest job and its explanation."""
    jobs = Job.select().where(Job.stage.in_(PART_STAGES), Job.subject_id.in_(part_ids))
    return {
        job.subject_id: production_progress.Step(job, ledger.explain(job))
        for job in jobs.order_by(Job.id)
    }


def _live(part: Part) -> dict[str, Any]:
    video = Video.get_or_none(Video.part == part.id)
    return {
        "part": part,
        "script": part.script,
        "story": part.script.story,
        "video": video,
        "siblings": production_progress.parts_of(part.script.story.id) if part.of > 1 else [],
        "posts": _posts_of(video.id) if video else [],
        "reviewed": settings().review_videos,
        "narration": Narration.get_or_none(Narration.part == part.id),
        "caption": Caption.get_or_none(Caption.part == part.id),
        "spoken_words": len(part.spoken.split()),
        "steps": production_progress.steps([part]),
        "caption_place": script_text.caption_place(
            part.script.story.source.channel, settings().caption_style
        ),
    }


def _onwards() -> str:
    """To the next video waiting for review; after the last one to the list."""
    wanted = request.form.get("next_part", type=int)
    following = order.still_in_review(wanted) if wanted else None
    if following:
        return url_for(".show", part_id=following)
    return url_for(".index", state=VideoState.REVIEW)


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
    """A file from the media folder, in ranges if requested; never a file outside that folder."""
    path = MediaStore(settings().media_dir).held(stored)
    if path is None:
        abort(404)
    answer = send_file(path, conditional=True, max_age=0)
    answer.headers["Cache-Control"] = "private, no-cache"  # can be cached, but must be revalidated
    return answer
