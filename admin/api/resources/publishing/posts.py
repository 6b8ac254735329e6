"""Posts: one video on one account; scheduled, changed, retried, cancelled."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from admin.api.caller import caller
from admin.api.decisions import undoable
from admin.api.listing import check, rows
from admin.api.models import Answer, Body, Id, Line, ListQuery, Moment, Page, Text, Undoable
from admin.api.operation import operation
from admin.configured import settings
from admin.lists import post_list
from models import Account, Attempt, Job, JobState, Method, Part, Post, PostState, Script, Video
from pipelines import ledger
from pipelines.people.api_tokens import Scope
from pipelines.publishing.posts import decisions, post_settings
from pipelines.publishing.posts.post_options import SWITCHES
from pipelines.publishing.scheduling import pins
from pipelines.stages import POST_STAGES

MOST_ATTEMPTS = 100
Privacy = Literal["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]
"""TikTok's own words; ``post_options.PRIVACY`` explains them."""


class PostItem(Answer):
    """A post in a list."""

    id: Id
    video_id: Id
    account_id: Id
    account: str
    story_title: str
    number: int
    of: int
    title: Annotated[str, Field(description="The text on TikTok, with its hashtags.")]
    state: PostState
    method: Annotated[str, Field(description="How it goes out; empty before its first try.")]
    reason: Annotated[str, Field(description="Why it failed or needs attention.")]
    scheduled_at: Moment | None
    pinned: Annotated[bool, Field(description="Whether a person chose the time.")]
    published_at: Moment | None
    address: Annotated[str, Field(description="Its public address.")]
    platform_id: str
    created_at: Moment


class PostJob(Answer):
    """A job on a post."""

    id: Id
    stage: str
    state: JobState
    explanation: str


class PostAttempt(Answer):
    """One try at a post."""

    method: str
    outcome: str
    reason: str
    bytes_sent: int
    seconds: float
    created_at: Moment


class PostDetail(PostItem):
    """A post with its history."""

    options: Annotated[
        dict[str, str | bool], Field(description="Where it differs from its account's settings.")
    ]
    jobs: list[PostJob]
    attempts: Annotated[list[PostAttempt], Field(description="Newest first, at most 100.")]


class PostPage(Page[PostItem]):
    """One page of posts, newest first."""


class PostDecided(Undoable):
    """A decision on a post."""

    post: PostDetail


class PostQuery(ListQuery):
    state: PostState | None = None
    account: Id | None = None
    method: Method | None = None


class PostEdit(Body):
    title: Annotated[Text | None, Field(description="Left out: as it is.")] = None
    privacy: Annotated[Privacy | None, Field(description="null: the account's.")] = None
    allow_comment: bool | None = None
    allow_duet: bool | None = None
    allow_stitch: bool | None = None
    ai_label: bool | None = None


class PostPlace(Body):
    account: Annotated[
        Id | None, Field(description="Move it to this account; left out: where it is.")
    ] = None


class PostTime(PostPlace):
    at: Annotated[Moment, Field(strict=False)]


class PostAgain(Body):
    checked: Annotated[
        bool, Field(description="You have looked on TikTok: nothing of it is there.")
    ] = False


class PostSeen(Body):
    platform_id: Annotated[
        str, Field(max_length=120, pattern=r"^[0-9]*$", description="Its number on TikTok.")
    ] = ""


class PostPass(Body):
    reason: Annotated[Line, Field(min_length=1)]


@operation("GET", "/posts", Scope.READ)
def listed(query: PostQuery) -> PostPage:
    """List posts."""
    filters: dict[str, Any] = {
        "state": query.state or "", "account": query.account, "method": query.method or "",
    }  # fmt: skip
    found = post_list.filtered(_posts(), **filters)
    page, following = rows(found, Post.id, query, each=post_list.each(**filters))
    return PostPage(items=[PostItem.model_validate(row) for row in page], next=following)


@operation("GET", "/posts/<int:post_id>", Scope.READ)
def show(post_id: int) -> PostDetail:
    """Read a post, its jobs and its attempts."""
    return detail(post_id)


@operation(
    "PATCH",
    "/posts/<int:post_id>",
    Scope.POSTS,
    examples={
        "another title": {"title": "The ladder that came back green #storytime"},
        "other settings": {"privacy": "SELF_ONLY", "allow_comment": False},
    },
)
def edit(post_id: int, body: PostEdit) -> PostDetail:
    """Change a post's title and settings until it is announced. What is left out stays."""
    check(Post, post_id)
    if body.title is not None:
        post_settings.set_title(post_id, body.title, caller().name)
    given = body.model_fields_set & {"privacy", *SWITCHES}
    if given:
        own = dict(Post.select(Post.options).where(Post.id == post_id).get().options)
        own |= {name: getattr(body, name) for name in given}
        post_settings.set_options(post_id, caller().name, own)
    return detail(post_id)


@operation(
    "POST",
    "/posts/<int:post_id>/schedule",
    Scope.POSTS,
    examples={
        "a time with its zone": {"at": "2027-03-01T18:30:00+01:00"},
        "on another account": {"at": "2027-03-01T18:30:00+01:00", "account": 1},
    },
)
def schedule(post_id: int, body: PostTime) -> PostDecided:
    """Move a scheduled post to another time, and to another account if one is given."""
    check(Post, post_id)
    act = partial(pins.pin, moment=body.at, by=caller().name, account_id=body.account)
    return _decided("post.move", post_id, act)


@operation("POST", "/posts/<int:post_id>/queue", Scope.POSTS)
def queue(post_id: int, body: PostPlace) -> PostDecided:
    """Put a post back into the queue, of another account if one is given.

    It gets the next free time.
    """
    check(Post, post_id)
    act = partial(pins.unpin, by=caller().name, account_id=body.account)
    return _decided("post.move", post_id, act)


@operation("POST", "/posts/<int:post_id>/cancel", Scope.POSTS)
def cancel(post_id: int) -> PostDecided:
    """Cancel a post."""
    check(Post, post_id)
    return _decided("post.cancel", post_id, partial(decisions.cancel, by=caller().name))


@operation("POST", "/posts/<int:post_id>/retry", Scope.POSTS)
def retry(post_id: int) -> PostDecided:
    """Retry a post that failed or needs attention. It is never posted twice."""
    check(Post, post_id)
    seconds = settings().approval_seconds
    act = partial(post_settings.requeue, by=caller().name, seconds=seconds)
    return _decided("post.requeue", post_id, act)


@operation(
    "POST",
    "/posts/<int:post_id>/again",
    Scope.POSTS,
    examples={"after a look on TikTok": {"checked": True}},
)
def again(post_id: int, body: PostAgain) -> PostDecided:
    """Post again from the beginning. If it may be on TikTok, somebody has to look first."""
    check(Post, post_id)
    seconds = settings().approval_seconds
    by, checked = caller().name, body.checked
    act = partial(decisions.post_again, by=by, checked=checked, seconds=seconds)
    return _decided("post.again", post_id, act)


@operation(
    "POST",
    "/posts/<int:post_id>/published",
    Scope.POSTS,
    examples={"with its number": {"platform_id": "7412345678901234567"}},
)
def published(post_id: int, body: PostSeen) -> PostDetail:
    """Say that the post was seen on TikTok."""
    check(Post, post_id)
    decisions.mark_published(post_id, caller().name, body.platform_id)
    return detail(post_id)


@operation(
    "POST",
    "/posts/<int:post_id>/pass",
    Scope.POSTS,
    examples={"with its reason": {"reason": "The word is the name of a town."}},
)
def let_pass(post_id: int, body: PostPass) -> PostDetail:
    """Allow a post although the compliance check found something."""
    check(Post, post_id)
    post_settings.let_pass(post_id, body.reason, caller().name)
    return detail(post_id)


def _decided(action: str, post_id: int, act: partial[Any]) -> PostDecided:
    undo_id = undoable(action, post_id, act)
    return PostDecided(post=detail(post_id), undo=undo_id)


def _posts() -> Any:
    """Never with their upload address: it is a secret."""
    return (
        Post.select(
            Post.id,
            Post.video.alias("video_id"),
            Post.account.alias("account_id"),
            Account.name.alias("account"),
            Script.title.alias("story_title"),
            Part.number,
            Part.of,
            Post.title,
            Post.state,
            Post.method,
            Post.reason,
            Post.scheduled_at,
            Post.pinned,
            Post.published_at,
            Post.address,
            Post.platform_id,
            Post.created_at,
            Post.options,
        )
        .join(Account)
        .switch(Post)
        .join(Video)
        .join(Part)
        .join(Script)
        .namedtuples()
    )


def detail(post_id: int) -> PostDetail:
    """All about a post, without secrets. Raises DoesNotExist."""
    post = _posts().where(Post.id == post_id).get()
    jobs = Job.select().where(Job.stage.in_(POST_STAGES), Job.subject_id == post_id)
    attempts = Attempt.select().where(Attempt.post == post_id).order_by(Attempt.id.desc())
    return PostDetail(
        **PostItem.model_validate(post).model_dump(),
        options=post.options,
        jobs=[
            PostJob(
                id=job.id,
                stage=job.stage,
                state=JobState(job.state),
                explanation=ledger.explain(job),
            )
            for job in jobs.order_by(Job.id)
        ],
        attempts=[PostAttempt.model_validate(row) for row in attempts.limit(MOST_ATTEMPTS)],
    )
