"""Stories: listed, read, added, edited and decided on."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from admin.api.caller import caller
from admin.api.decisions import Decided, Ids, decided, undoable
from admin.api.listing import check, get, rows
from admin.api.models import Answer, Body, Id, Line, ListQuery, Moment, Page, Text, Undoable
from admin.api.operation import operation
from admin.configured import settings
from admin.desk.outlook import forecasts
from admin.lists import story_list
from core.errors import InputError
from models import Source, Story, StoryState
from pipelines import handover
from pipelines.people.api_tokens import Scope
from pipelines.stories import review
from pipelines.stories.intake import link as links
from pipelines.stories.intake import manual_intake, whole_text

JOINED = frozenset({"source", "source_id", "similar_to"})
"""What is not read straight from the story's columns."""


class StoryItem(Answer):
    """A story in a list."""

    id: Id
    title: str
    state: StoryState
    reason: Annotated[str, Field(description="Why it was skipped, flagged or rejected.")]
    source_id: Id
    source: Annotated[str, Field(description="The source's name.")]
    words: int
    language: str
    score: Annotated[int | None, Field(description="Upvotes, where the source has them.")]
    nsfw: bool
    safety_score: float
    similar_to: Annotated[Id | None, Field(description="The earlier story that it nearly repeats.")]
    created_at: Moment


class StoryDetail(StoryItem):
    """A story with its texts."""

    body: Annotated[str, Field(description="The original, as the source had it.")]
    narratable_title: str
    narratable_text: Annotated[
        str, Field(description="What is narrated: a sentence a line, paragraphs by blank lines.")
    ]
    url: str
    author: str
    decided_by: str
    decided_at: Moment | None


class StoryForecast(Answer):
    """What a story becomes if it is approved."""

    voice: str
    parts: Annotated[list[float], Field(description="About how long each video gets, in seconds.")]
    problem: Annotated[str, Field(description="Why it can't be made; then there are no parts.")]


class StoryPage(Page[StoryItem]):
    """One page of stories, newest first."""


class StoryDecided(Undoable):
    """A decision on a story."""

    story: StoryDetail


class StoryQuery(ListQuery):
    state: StoryState | None = None
    source: Annotated[Id | None, Field(description="Only this source's.")] = None
    channel: Annotated[Id | None, Field(description="Only those of this channel's sources.")] = None
    search: Annotated[
        str, Field(max_length=200, description="Beginnings of words in the title.")
    ] = ""


class Approval(Body):
    reason: Annotated[Line, Field(description="Needed to approve a flagged story.")] = ""


class Rejection(Body):
    reason: Annotated[Line, Field(min_length=1)]


class Edit(Body):
    title: Annotated[Text | None, Field(description="Left out: as it is.")] = None
    text: Annotated[Text | None, Field(description="Left out: as it is.")] = None
    language: Annotated[
        str, Field(pattern=r"^([a-z]{2,3})?$", description="A code, if it was detected wrongly.")
    ] = ""


class Paste(Body):
    title: Annotated[Text, Field(min_length=1)]
    text: Annotated[Text, Field(min_length=1)]
    url: Annotated[Line, Field(description="Where it was published; may be empty.")] = ""


class Link(Body):
    link: Annotated[Line, Field(min_length=1, description="A post's own address.")]


class Several(Body):
    ids: Ids
    decision: Literal["approve", "reject", "reconsider"]
    reason: Annotated[Line, Field(description="Needed to reject, or to approve flagged ones.")] = ""


@operation("GET", "/stories", Scope.READ)
def listed(query: StoryQuery) -> StoryPage:
    """List stories."""
    wanted = story_list.of_sources(_sources(query), query.search.strip())
    columns = (getattr(Story, name) for name in StoryItem.model_fields if name not in JOINED)
    found: Any = (
        Story.select(
            *columns,
            Story.similar_to.alias("similar_to"),
            Story.source.alias("source_id"),
            Source.name.alias("source"),
        )
        .join(Source)
        .where(wanted.condition)
        .namedtuples()
    )
    if query.state is not None:
        found = found.where(Story.state == query.state)
    page, following = rows(
        found, Story.id, query, few=wanted.few, each=wanted.each(query.state or "")
    )
    return StoryPage(items=[StoryItem.model_validate(row) for row in page], next=following)


def _sources(query: StoryQuery) -> list[int] | None:
    """Ids of the only sources whose stories are asked for; None for all."""
    if query.source is None and query.channel is None:
        return None
    sources = Source.select(Source.id)
    if query.source is not None:
        sources = sources.where(Source.id == query.source)
    if query.channel is not None:
        sources = sources.where(Source.channel == query.channel)
    return [source.id for source in sources]


@operation("GET", "/stories/<int:story_id>", Scope.READ)
def show(story_id: int) -> StoryDetail:
    """Read a story."""
    return detail(story_id)


@operation("GET", "/stories/<int:story_id>/forecast", Scope.READ)
def forecast(story_id: int) -> StoryForecast:
    """See how many videos a story becomes if it is approved, and how long they get."""
    check(Story, story_id)
    found = forecasts([story_id]).get(story_id)
    if found is None:
        raise InputError("Only a story that waits for a decision has a forecast.")
    return StoryForecast.model_validate(found)


@operation(
    "POST",
    "/stories",
    Scope.STORIES,
    status=201,
    examples={
        "a pasted text": {
            "title": "The green ladder",
            "text": "My neighbour borrowed our ladder in April. It came back painted green.",
        }
    },
)
def add(body: Paste) -> StoryDetail:
    """Add a story. It is checked first, then waits for approval."""
    return detail(manual_intake.paste(body.title, body.text, caller().name, body.url.strip()).id)


@operation(
    "POST",
    "/stories/link",
    Scope.STORIES,
    status=201,
    examples={"a post": {"link": "https://example.com/tales/green-ladder.rss"}},
)
def link(body: Link) -> StoryDetail:
    """Add the story behind a link. It is read and checked, then waits for approval."""
    return detail(links.add_link(body.link, caller().name).id)


@operation(
    "POST",
    "/stories/decide",
    Scope.STORIES,
    examples={
        "approve two": {"ids": [1, 2], "decision": "approve"},
        "reject one": {"ids": [3], "decision": "reject", "reason": "Too short to tell."},
    },
)
def decide(body: Several) -> Decided:
    """Decide on several stories at once. One that is refused stops no other."""
    by, reason = caller().name, body.reason.strip()
    acts = {
        "approve": partial(
            review.approve, by=by, reason=reason, seconds=settings().approval_seconds
        ),
        "reject": partial(review.reject, by=by, reason=reason),
        "reconsider": partial(review.reconsider, by=by),
    }
    if body.decision == "reject" and not reason:
        raise InputError("Give a reason to reject stories.", field="reason")
    return decided(f"story.{body.decision}", body.ids, acts[body.decision])


@operation(
    "POST",
    "/stories/<int:story_id>/approve",
    Scope.STORIES,
    examples={"a waiting story": {}, "a flagged story": {"reason": "It is told kindly."}},
)
def approve(story_id: int, body: Approval) -> StoryDecided:
    """Approve a story: its videos are produced and posted."""
    seconds = settings().approval_seconds
    act = partial(review.approve, by=caller().name, reason=body.reason.strip(), seconds=seconds)
    return _decided("story.approve", story_id, act)


@operation(
    "POST",
    "/stories/<int:story_id>/reject",
    Scope.STORIES,
    examples={"with its reason": {"reason": "Too short to tell."}},
)
def reject(story_id: int, body: Rejection) -> StoryDecided:
    """Reject a story."""
    act = partial(review.reject, by=caller().name, reason=body.reason)
    return _decided("story.reject", story_id, act)


@operation(
    "PATCH",
    "/stories/<int:story_id>",
    Scope.STORIES,
    examples={"another title": {"title": "The ladder that came back green"}},
)
def edit(story_id: int, body: Edit) -> StoryDetail:
    """Edit what is narrated of a story that waits for a decision. The original stays."""
    story = get(Story, story_id)
    title = story.narratable_title if body.title is None else body.title
    text = story.narratable_text if body.text is None else body.text
    review.edit(story_id, caller().name, title, text, body.language)
    return detail(story_id)


@operation("POST", "/stories/<int:story_id>/reconsider", Scope.STORIES)
def reconsider(story_id: int) -> StoryDecided:
    """Have a rejected or skipped story wait for approval again."""
    return _decided("story.reconsider", story_id, partial(review.reconsider, by=caller().name))


@operation("POST", "/stories/<int:story_id>/withdraw", Scope.STORIES)
def withdraw(story_id: int) -> StoryDetail:
    """Take an approval back whole, until one of the story's posts has begun."""
    check(Story, story_id)
    handover.withdraw(story_id, caller().name)
    return detail(story_id)


@operation("POST", "/stories/<int:story_id>/stop", Scope.STORIES)
def stop(story_id: int) -> StoryDecided:
    """Stop production of a story, and cancel its posts that have not started."""
    return _decided("story.stop", story_id, partial(handover.stop, by=caller().name))


@operation("POST", "/stories/<int:story_id>/resume", Scope.STORIES)
def resume(story_id: int) -> StoryDetail:
    """Go on producing a stopped story."""
    check(Story, story_id)
    handover.resume(story_id, caller().name)
    return detail(story_id)


@operation("POST", "/stories/<int:story_id>/page", Scope.STORIES)
def page(story_id: int) -> StoryDetail:
    """Fetch an excerpt's whole text from the page that it links to."""
    check(Story, story_id)
    whole_text.ask(story_id, caller().name)
    return detail(story_id)


def _decided(action: str, story_id: int, act: partial[None]) -> StoryDecided:
    check(Story, story_id)
    undo_id = undoable(action, story_id, act)
    return StoryDecided(story=detail(story_id), undo=undo_id)


def detail(story_id: int) -> StoryDetail:
    """All about a story. Raises DoesNotExist."""
    story: Any = get(Story, story_id)
    facts = {name: getattr(story, name) for name in StoryDetail.model_fields if name not in JOINED}
    return StoryDetail(
        **facts,
        source_id=story.source_id,
        source=story.source.name,
        similar_to=story.similar_to_id,
    )
