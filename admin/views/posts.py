"""Posts: one video on one account, and every attempt at it."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue
from peewee import ModelSelect

from admin.auth import person
from admin.lists import cut
from admin.views.page import Page, done, expose
from models import Account, Attempt, Job, Part, Post, PostState, Script, Video
from pipelines import ledger
from pipelines.publishing import decisions

DECISIONS = {
    "cancel": {PostState.PLANNED, PostState.PARKED, PostState.FAILED},
    "published": {PostState.PARKED, PostState.INBOX},
    "anew": {PostState.PARKED, PostState.FAILED, PostState.CANCELLED},
}
"""What a person may decide, by the states in which it makes sense."""


class Posts(Page):
    @expose("/")
    def index(self) -> str:
        state, account = request.args.get("state", ""), request.args.get("account", type=int)
        query = _posts()
        if state:
            query = query.where(Post.state == state)
        if account is not None:
            query = query.where(Post.account == account)
        return self.render(
            "posts/index.html",
            page=cut(query, Post.id),
            state=state,
            account=account,
            states=list(PostState),
            accounts=list(Account.select(Account.id, Account.name).order_by(Account.name)),
        )

    @expose("/<int:post_id>")
    def show(self, post_id: int) -> str:
        post: Any = _posts().where(Post.id == post_id).first()
        if post is None:
            abort(404)
        jobs = Job.select().where(Job.stage.in_(["publish", "confirm"]), Job.subject_id == post_id)
        attempts = Attempt.select().where(Attempt.post == post_id).order_by(Attempt.id.desc())
        return self.render(
            "posts/show.html",
            post=post,
            may={name for name, states in DECISIONS.items() if _as_decided(post) in states},
            jobs=[(job, ledger.explain(job)) for job in jobs.order_by(Job.id)],
            attempts=list(attempts.limit(100)),
        )

    @expose("/<int:post_id>/cancel", methods=["POST"])
    def cancel(self, post_id: int) -> ResponseReturnValue:
        decisions.cancel(post_id, person().name)
        return done("Cancelled: it won't be posted.")

    @expose("/<int:post_id>/published", methods=["POST"])
    def published(self, post_id: int) -> ResponseReturnValue:
        """A person has seen it on the platform."""
        platform_id = request.form.get("platform_id", "").strip()
        decisions.mark_published(post_id, person().name, platform_id)
        return done("Marked as published.")

    @expose("/<int:post_id>/anew", methods=["POST"])
    def anew(self, post_id: int) -> ResponseReturnValue:
        """A person knows that nothing of it is on the platform."""
        decisions.post_anew(post_id, person().name)
        return done("It is posted anew.")


def _posts() -> ModelSelect[Post]:
    """Posts with their story and account; never their upload address, which is a secret."""
    return (
        Post.select(
            Post.id,
            Post.state,
            Post.title.alias("caption"),
            Post.publish_id,
            Post.bytes_sent,
            Post.platform_id,
            Post.reason,
            Post.published_at,
            Post.created_at,
            Account.id.alias("account_id"),
            Account.name.alias("account_name"),
            Video.part.alias("part_id"),
            Video.size_bytes,
            Video.seconds,
            Part.number,
            Part.of,
            Script.title,
        )
        .join(Account)
        .switch(Post)
        .join(Video)
        .join(Part)
        .join(Script)
        .objects()
    )


def _as_decided(post: Post) -> str:
    """A post whose job ended on its way counts as parked: only a person can move it on."""
    stranded = post.state in decisions.ON_ITS_WAY and decisions.may_decide(post)
    return PostState.PARKED if stranded else str(post.state)
