"""The approval queue: what was written, what would be narrated, and a person's decision."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from peewee import JOIN, SQL, ModelSelect, Select, fn

from admin.auth import person
from admin.lists import Slice, count, cut
from admin.views.page import Page, chosen, done, each, expose, get, settings
from core.db import database
from core.errors import InputError
from models import Job, Part, Script, Source, Story, StoryState, Video
from pipelines import ledger
from pipelines.production import fetch, review, safety, told

TABS = (
    StoryState.WAITING,
    StoryState.FLAGGED,
    StoryState.APPROVED,
    StoryState.SCRIPTED,
    StoryState.REJECTED,
    StoryState.SKIPPED,
    StoryState.FETCHED,
)
DECIDABLE = frozenset({StoryState.WAITING, StoryState.FLAGGED})
RECONSIDERABLE = frozenset({StoryState.REJECTED, StoryState.SKIPPED})
EXCERPT = 280
SAMPLE = 2000
"""Newest stories that tell whether the words of a search are common."""


class Stories(Page):
    @expose("/")
    def index(self) -> str:
        state, words = request.args.get("state", ""), request.args.get("search", "").strip()
        query = (
            Story.select(
                Story.id,
                Story.title,
                Story.place,
                Story.score,
                Story.nsfw,
                Story.state,
                Story.reason,
                Story.words,
                Story.like,
                Story.likeness,
                Story.safety_score,
                Story.created_at,
                Source.name.alias("source_name"),
                Source.warn_from,
                fn.LEFT(Story.narratable_text, EXCERPT).alias("excerpt"),
            )
            .join(Source)
            .objects()
        )
        if state:
            query = query.where(Story.state == state)
        return self.render(
            "stories/index.html",
            page=search(query, words) if words else cut(query, Story.id),
            state=state,
            search=words,
            tabs=[(tab, count(Story.select().where(Story.state == tab))) for tab in TABS],
            decidable=DECIDABLE,
            words_per_minute=settings().words_per_minute,
        )

    @expose("/<int:story_id>")
    def show(self, story_id: int) -> str:
        story = get(Story, story_id)
        parts = list(
            Part.select(Part, Script, Video.id.alias("video_id"), Video.state.alias("video_state"))
            .join(Script)
            .join(Video, JOIN.LEFT_OUTER, on=Video.part == Part.id)
            .where(Script.story == story_id)
            .order_by(Part.number)
            .objects()
        )
        jobs = _jobs_of(story_id, [part.id for part in parts])
        return self.render(
            "stories/show.html",
            story=story,
            paragraphs=told.read(story.narratable_text),
            script=Script.get_or_none(Script.story == story_id),
            parts=parts,
            decisions=safety.decisions(story),
            jobs=[(job, ledger.explain(job)) for job in jobs],
            next_story=_next_to_decide(story_id),
            decidable=DECIDABLE,
            reconsiderable=RECONSIDERABLE,
            words_per_minute=settings().words_per_minute,
        )

    @expose("/<int:story_id>/approve", methods=["POST"])
    def approve(self, story_id: int) -> ResponseReturnValue:
        review.approve(story_id, person().name, _reason())
        return done("Approved. Its script is written next.", _onwards(story_id))

    @expose("/<int:story_id>/reject", methods=["POST"])
    def reject(self, story_id: int) -> ResponseReturnValue:
        review.reject(story_id, person().name, _reason())
        return done("Rejected.", _onwards(story_id))

    @expose("/<int:story_id>/hook", methods=["POST"])
    def hook(self, story_id: int) -> ResponseReturnValue:
        review.choose_hook(story_id, person().name, request.form.get("hook", ""))
        return done("The first part is made anew.", url_for(".show", story_id=story_id))

    @expose("/<int:story_id>/edit", methods=["GET", "POST"])
    def edit(self, story_id: int) -> ResponseReturnValue:
        story = get(Story, story_id)
        if story.state not in DECIDABLE:
            raise InputError(f"A story that is {story.state} can't be edited any more.")
        if request.method == "GET":
            return self.render("stories/edit.html", story=story)
        review.edit(
            story_id, person().name, request.form.get("title", ""), request.form.get("text", "")
        )
        return done("Saved. The original is untouched.", url_for(".show", story_id=story_id))

    @expose("/<int:story_id>/reconsider", methods=["POST"])
    def reconsider(self, story_id: int) -> ResponseReturnValue:
        review.reconsider(story_id, person().name)
        return done("It waits for approval again.")

    @expose("/decide", methods=["POST"])
    def decide(self) -> ResponseReturnValue:
        """Approve or reject every ticked story."""
        by, reason = person().name, _reason()
        match request.form.get("decision"):
            case "approve":
                return each(chosen(), partial(review.approve, by=by, reason=reason), "Approved")
            case "reject":
                return each(chosen(), partial(review.reject, by=by, reason=reason), "Rejected")
            case _:
                return abort(400)

    @expose("/paste", methods=["GET", "POST"])
    def paste(self) -> ResponseReturnValue:
        if request.method == "GET":
            return self.render("stories/paste.html")
        form = request.form
        story = fetch.paste(
            form.get("title", ""), form.get("text", ""), person().name, form.get("url", "").strip()
        )
        return done(
            "Taken in. It is read and judged first, then it waits for approval.",
            url_for(".show", story_id=story.id),
        )

    @expose("/link", methods=["POST"])
    def link(self) -> ResponseReturnValue:
        source = fetch.ask_link(request.form.get("link", ""), person().name)
        return done("It is being read.", url_for("sources.fates", source_id=source.id))


def search(query: ModelSelect[Story], words: str) -> Slice:
    """Stories with all of ``words`` in their title, by the beginnings of words; or by number."""
    if words.isdecimal():
        return cut(query.where(Story.id == int(words)), Story.id)
    terms = " & ".join(f"{word}:*" for word in re.findall(r"\w+", words))
    matches = SQL("to_tsvector('english', title) @@ to_tsquery('english', %s)", (terms,))
    newest = Story.select(Story.title).order_by(Story.id.desc()).limit(SAMPLE).alias("newest")
    hits = Select([newest], [SQL("1")]).where(matches)
    common = len(database.execute(hits).fetchall()) > SAMPLE // 50
    return cut(query.where(matches), Story.id, few=not common)


def _jobs_of(story_id: int, part_ids: list[int]) -> list[Any]:
    of_story = Job.stage.in_(["prepare", "judge", "script"]) & (Job.subject_id == story_id)
    of_parts = Job.stage.in_(["narrate", "caption", "render"]) & Job.subject_id.in_(part_ids)
    return list(Job.select().where(of_story | of_parts).order_by(Job.id))


def _next_to_decide(story_id: int) -> int | None:
    """The next older story that waits, so that a queue can be read through."""
    state = Story.select(Story.state).where(Story.id == story_id)
    following = Story.select(Story.id).where(Story.id < story_id, Story.state == state)
    row = following.order_by(Story.id.desc()).first()
    return row.id if row else None


def _onwards(story_id: int) -> str | None:
    """From a story's own page to the next one that waits; from the list, back to the list."""
    following = request.form.get("next_story", type=int)
    if following:
        return url_for(".show", story_id=following)
    return url_for(".show", story_id=story_id) if "on_page" in request.form else None


def _reason() -> str:
    return request.form.get("reason", "").strip()
