"""The approval queue: the original story, its narration, and a person's decision."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import abort, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from peewee import JOIN, fn

from admin import production_progress
from admin.auth import person
from admin.desk import decided, hearing, order, outlook
from admin.http.inputs import LARGEST_ID
from admin.lists import story_list
from admin.lists.each_of import EachOf
from admin.lists.paging import count, cut
from admin.views.page import Page, chosen, done, expose, get, settings
from admin.views.undoable import undoable
from core.errors import InputError
from models import (
    Channel,
    Job,
    JobState,
    Part,
    Post,
    Script,
    Source,
    Story,
    StoryState,
    Video,
    in_state,
)
from pipelines import handover, typed_limits
from pipelines.production import video_review
from pipelines.production.narration import voices
from pipelines.stages import PART_STAGES
from pipelines.stories import review
from pipelines.stories.intake import link as links
from pipelines.stories.intake import manual_intake, source_archive, whole_text
from pipelines.stories.review import UNDECIDED
from pipelines.stories.safety import thresholds
from pipelines.stories.text import story_text

TABS = (
    StoryState.WAITING,
    StoryState.FLAGGED,
    StoryState.APPROVED,
    StoryState.SCRIPTED,
    StoryState.REJECTED,
    StoryState.SKIPPED,
    StoryState.FETCHED,
)
MEANINGS = {
    StoryState.WAITING: "Checked and waiting for your approval.",
    StoryState.FLAGGED: "Each has a reason to look twice. Approve one with a reason, or reject it.",
    StoryState.APPROVED: "Their scripts are being written. They move on automatically.",
    StoryState.SCRIPTED: "Their videos are in production or finished.",
    StoryState.REJECTED: "No videos are produced. Reconsider a story to move it back to waiting.",
    StoryState.SKIPPED: "Skipped for the reason shown. Reconsider a story to move it to waiting.",
    StoryState.FETCHED: "Just added. They are checked and move on automatically.",
}
RECONSIDERABLE = frozenset({StoryState.REJECTED, StoryState.SKIPPED})
LIVE_PIECES = ("state", "parts", "script", "work")
EXCERPT = 280
BEING_READ = (Job.stage == "page") & Job.state.in_([JobState.WAITING, JobState.RUNNING])
STOPPED = "Production stopped. No more videos are produced and no more posts go out."


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
                Story.similar_to,
                Story.similarity,
                Story.safety_score,
                Story.created_at,
                Source.name.alias("source_name"),
                Source.warn_from,
                Channel.words_per_minute,
                fn.LEFT(Story.narratable_text, EXCERPT).alias("excerpt"),
            )
            .join(Source)
            .join(Channel, JOIN.LEFT_OUTER)
            .objects()
        )
        origin = request.args.get("of", "")
        wanted = story_list.wanted(origin, words)
        if state:
            query = query.where(Story.state == state)
        page = cut(query.where(wanted.condition), Story.id, few=wanted.few, each=wanted.each(state))
        return self.render(
            "stories/index.html",
            page=page,
            production=production_progress.progress([row.id for row in page.rows]),
            forecasts=outlook.forecasts([row.id for row in page.rows]),
            grid=request.args.get("view") == "grid",
            state=state,
            search=words,
            search_note=wanted.note,
            sample=story_list.SAMPLE,
            of=origin,
            kept=_kept("search", "of", "view"),
            meanings=MEANINGS,
            channels=list(Channel.select(Channel.id, Channel.name).order_by(Channel.name)),
            sources=_offered_sources(origin),
            tabs=story_list.by_state(wanted, TABS),
            decidable=UNDECIDED,
            reconsiderable=RECONSIDERABLE,
            defaults=settings(),
        )

    @expose("/<int:story_id>")
    def show(self, story_id: int) -> str:
        story = get(Story, story_id)
        return self.render(
            "stories/show.html",
            **_live(story),
            paragraphs=story_text.read(story.narratable_text),
            forecast=outlook.forecasts([story_id]).get(story_id),
            writes_by_model=bool(settings().ollama_url),
            passages=outlook.beside_similar(story),
            decisions=thresholds.decisions(story),
            next_story=order.beside(story, older=True),
            previous_story=order.beside(story, older=False),
            same_state=count(EachOf(Story, {"state": [story.state]})),
            decidable=UNDECIDED,
            reconsiderable=RECONSIDERABLE,
            defaults=settings(),
            default_for=_default_voice,
            can_tell=voices.can_tell,
            speaks=voices.speaks,
            page_can_be_read=whole_text.can_be_read(story),
            reading_page=Job.select().where(BEING_READ, Job.subject_id == story_id).exists(),
        )

    @expose("/<int:story_id>/live.json")
    def live(self, story_id: int) -> ResponseReturnValue:
        """The live parts of the page: HTML by element id."""
        return self.pieces("stories", LIVE_PIECES, **_live(get(Story, story_id)))

    @expose("/decided.json")
    def decided(self) -> ResponseReturnValue:
        """What others have decided meanwhile about stories that the page still shows."""
        return jsonify(decided.stories(request.args.getlist("id", type=int)))

    @expose("/<int:story_id>/hear", methods=["POST"])
    def hear(self, story_id: int) -> ResponseReturnValue:
        return hearing.begin(get(Story, story_id))

    @expose("/heard/<key>.wav")
    def heard(self, key: str) -> ResponseReturnValue:
        return hearing.sound(key)

    @expose("/<int:story_id>/approve", methods=["POST"])
    def approve(self, story_id: int) -> ResponseReturnValue:
        seconds = settings().approval_seconds
        act = partial(review.approve, by=person().name, reason=_reason(), seconds=seconds)
        return undoable(
            "story.approve",
            [story_id],
            act,
            onwards=_onwards,
            on_page=_on_page(),
            seconds=seconds,
        )

    @expose("/<int:story_id>/reject", methods=["POST"])
    def reject(self, story_id: int) -> ResponseReturnValue:
        act = partial(review.reject, by=person().name, reason=_reason())
        return undoable("story.reject", [story_id], act, onwards=_onwards, on_page=_on_page())

    @expose("/<int:story_id>/withdraw", methods=["POST"])
    def withdraw(self, story_id: int) -> ResponseReturnValue:
        handover.withdraw(story_id, person().name)
        return done("Approval undone. The story waits for review again.", _itself(story_id))

    @expose("/<int:story_id>/stop", methods=["POST"])
    def stop(self, story_id: int) -> ResponseReturnValue:
        act = partial(handover.stop, by=person().name)
        return undoable("story.stop", [story_id], act, sentence=STOPPED)

    @expose("/<int:story_id>/resume", methods=["POST"])
    def resume(self, story_id: int) -> ResponseReturnValue:
        handover.resume(story_id, person().name)
        return done("Production resumed.")

    @expose("/<int:story_id>/hook", methods=["POST"])
    def hook(self, story_id: int) -> ResponseReturnValue:
        video_review.choose_hook(story_id, person().name, request.form.get("hook", ""))
        return done(
            "Hook changed. Part 1 is being produced again.", url_for(".show", story_id=story_id)
        )

    @expose("/<int:story_id>/page", methods=["POST"])
    def page(self, story_id: int) -> ResponseReturnValue:
        """Read an excerpt's whole text from the page that it links to."""
        whole_text.ask(story_id, person().name)
        return done("The whole text is being fetched. Then it is checked like any other story.")

    @expose("/<int:story_id>/edit", methods=["GET", "POST"])
    def edit(self, story_id: int) -> ResponseReturnValue:
        story = get(Story, story_id)
        if request.method == "GET":
            if story.state not in UNDECIDED:
                raise InputError(f"This story can't be edited, because it {in_state(story.state)}.")
            return self.render(
                "stories/edit.html",
                story=story,
                version=review.version_of(story),
                next_story=order.beside(story, older=True),
                longest_title=typed_limits.LONGEST_TITLE,
                longest_text=typed_limits.LONGEST_TEXT,
            )
        form = request.form
        review.edit(
            story_id,
            person().name,
            form.get("title", ""),
            form.get("text", ""),
            form.get("language", "").strip().lower(),
            seen=form.get("seen", ""),
        )
        if request.form.get("then") == "approve":
            return self.approve(story_id)
        return done(
            "Narration saved. The original is unchanged.", url_for(".show", story_id=story_id)
        )

    @expose("/<int:story_id>/reconsider", methods=["POST"])
    def reconsider(self, story_id: int) -> ResponseReturnValue:
        return undoable(
            "story.reconsider",
            [story_id],
            partial(review.reconsider, by=person().name),
            onwards=partial(_itself, story_id),
            sentence="The story is waiting for approval again.",
            on_page=_on_page(),
        )

    @expose("/decide", methods=["POST"])
    def decide(self) -> ResponseReturnValue:
        """Approve, reject or reconsider all selected stories."""
        by, reason = person().name, _reason()
        seconds = settings().approval_seconds
        match request.form.get("decision"):
            case "approve":
                act = partial(review.approve, by=by, reason=reason, seconds=seconds)
                return undoable("story.approve", chosen(), act, seconds=seconds)
            case "reject":
                act = partial(review.reject, by=by, reason=reason)
                return undoable("story.reject", chosen(), act)
            case "reconsider":
                return undoable("story.reconsider", chosen(), partial(review.reconsider, by=by))
            case _:
                return abort(400)

    @expose("/paste", methods=["GET", "POST"])
    def paste(self) -> ResponseReturnValue:
        if request.method == "GET":
            return self.render(
                "stories/paste.html",
                longest_title=typed_limits.LONGEST_TITLE,
                longest_text=typed_limits.LONGEST_TEXT,
                longest_link=links.LONGEST_LINK,
            )
        form = request.form
        story = manual_intake.paste(
            form.get("title", ""), form.get("text", ""), person().name, form.get("url", "").strip()
        )
        return done(
            "Story added. It is checked first, then waits for approval.",
            url_for(".show", story_id=story.id),
        )

    @expose("/link", methods=["POST"])
    def link(self) -> ResponseReturnValue:
        story = links.add_link(request.form.get("link", ""), person().name)
        return done(
            "The link is being read. Then the story is checked, and waits for approval.",
            url_for(".show", story_id=story.id),
        )


def _kept(*names: str) -> dict[str, str]:
    """Filters that a link to another tab keeps."""
    return {name: value for name in names if (value := request.args.get(name, "").strip())}


def _offered_sources(origin: str) -> list[Source]:
    """Sources to filter by: those that are not archived, and the chosen one."""
    offered = source_archive.NOT_ARCHIVED
    if origin[:1] == "s" and origin[1:].isdecimal():
        offered |= Source.id == min(int(origin[1:]), LARGEST_ID)
    return list(Source.select(Source.id, Source.name).where(offered).order_by(Source.name))


def _default_voice(language: str) -> str:
    """The voice of a story whose channel names none."""
    config = settings()
    return voices.default_for(config.voice, language, espeak=config.espeak_other_languages)


def _live(story: Story) -> dict[str, Any]:
    script = Script.get_or_none(Script.story == story.id)
    parts = production_progress.parts_of(story.id)
    steps = production_progress.steps(parts, story.id)
    stuck = {step.part: step for step in steps if step.job.state in production_progress.STUCK}
    part_states = [step.job.state for step in steps if step.job.stage in PART_STAGES]
    return {
        "story": story,
        "script": script,
        "hook_is_out": script is not None and _is_out(script),
        "parts": parts,
        "steps": steps,
        "stuck": stuck,
        "running": {step.part: step for step in steps if step.job.state == JobState.RUNNING},
        "under_way": not production_progress.UNFINISHED.isdisjoint(part_states),
        "stopped": JobState.CANCELLED in part_states,
        "may_be_withdrawn": handover.may_be_withdrawn(story),
    }


def _is_out(script: Script) -> bool:
    """Whether a post of the story is going out or published, so the hook can't change."""
    posts = Post.select().join(Video).join(Part).where(Part.script == script)
    return bool(posts.where(Post.state.in_(video_review.OUT)).exists())


def _onwards() -> str | None:
    """From a story's page to the next waiting one, or to the list after the last one."""
    wanted = request.form.get("next_story", type=int)
    following = order.still_undecided(wanted) if wanted else None
    if following:
        return url_for(".show", story_id=following)
    return url_for(".index", state=StoryState.WAITING) if "on_page" in request.form else None


def _on_page() -> int | None:
    return 1 if "on_page" in request.values else None


def _itself(story_id: int) -> str | None:
    """Back to the story if the request came from its page, else to the list."""
    return url_for(".show", story_id=story_id) if "on_page" in request.values else None


def _reason() -> str:
    return request.form.get("reason", "").strip()
