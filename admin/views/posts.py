"""Posts: one video on one account, its settings, and every attempt to publish it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import abort, request, send_file, url_for
from flask.typing import ResponseReturnValue
from peewee import ModelSelect

from admin.auth import person
from admin.insights import videos
from admin.lists import post_list
from admin.lists.exports import BATCH, csv_file
from admin.lists.paging import cut
from admin.views.page import Page, chosen, done, expose, get, settings
from admin.views.post_rows import post_rows
from admin.views.undoable import undoable
from core.files.storage import MediaStore
from models import Account, Attempt, Job, Method, Post, PostState
from pipelines import ledger
from pipelines.publishing.accounts import account_settings
from pipelines.publishing.delivery.method_availability import METHODS
from pipelines.publishing.posts import decisions, history, post_settings
from pipelines.publishing.posts.post_options import PRIVACY, SWITCHES
from pipelines.publishing.posts.post_title import MOST_UNITS, units
from pipelines.stages import POST_STAGES

DECISIONS = {
    "cancel": {PostState.PLANNED, PostState.PARKED, PostState.FAILED},
    "published": {PostState.PARKED, PostState.INBOX},
    "requeue": {PostState.PARKED, PostState.FAILED},
    "again": {PostState.PARKED, PostState.FAILED, PostState.CANCELLED},
}
"""What a person can decide, and in which states."""
EXPORTED = (
    "id",
    "title",
    "part",
    "parts",
    "account",
    "state",
    "method",
    "scheduled_at",
    "published_at",
    "address",
    "platform_id",
    "reason",
)


class Posts(Page):
    @expose("/")
    def index(self) -> str:
        filters = _filters()
        return self.render(
            "posts/index.html",
            page=cut(
                post_list.filtered(_posts(), **filters), Post.id, each=post_list.each(**filters)
            ),
            filters=filters,
            states=list(PostState),
            methods=METHODS,
            accounts=list(Account.select(Account.id, Account.name).order_by(Account.name)),
        )

    @expose("/export.csv")
    def export(self) -> ResponseReturnValue:
        """The filtered list as CSV, newest posts first."""
        return csv_file("posts.csv", EXPORTED, _batches(_filters()))

    @expose("/decide", methods=["POST"])
    def decide(self) -> ResponseReturnValue:
        """Cancel or retry all selected posts."""
        by = person().name
        match request.form.get("decision"):
            case "cancel":
                return undoable("post.cancel", chosen(), partial(_cancel, by=by))
            case "requeue":
                return _retried(chosen())
            case _:
                return abort(400)

    @expose("/<int:post_id>")
    def show(self, post_id: int) -> str:
        post: Any = _posts().where(Post.id == post_id).first()
        if post is None:
            abort(404)
        account = Account.select(*account_settings.PLAIN).where(Account.id == post.account_id).get()
        jobs = Job.select().where(Job.stage.in_(POST_STAGES), Job.subject_id == post_id)
        attempts = Attempt.select().where(Attempt.post == post_id).order_by(Attempt.id.desc())
        finding = post_settings.finding(post_id) if post.state == PostState.PARKED else ""
        return self.render(
            "posts/show.html",
            post=post,
            account=account,
            may={name for name, states in DECISIONS.items() if _as_decided(post) in states}
            | ({"cancel"} if decisions.is_at_browser(post_id) else set()),
            editable=post_settings.editable(post),
            may_be_online=post.publish_id is not None or history.may_be_online(post.id),
            units=units(post.caption),
            title_version=post_settings.title_version(post.caption),
            options_version=post_settings.options_version(post.options),
            most_units=MOST_UNITS,
            finding=finding,
            privacy=PRIVACY,
            switches=account_settings.SWITCH_WORDS,
            music_url=account_settings.MUSIC_URL,
            methods=METHODS,
            jobs=[(job, ledger.explain(job)) for job in jobs.order_by(Job.id)],
            points=videos.curve(post_id),
            attempts=list(attempts.limit(100)),
        )

    @expose("/<int:post_id>/title", methods=["POST"])
    def title(self, post_id: int) -> ResponseReturnValue:
        # Browsers send line breaks as two characters.
        title = request.form.get("title", "").replace("\r\n", "\n")
        post_settings.set_title(post_id, title, person().name, request.form.get("seen", ""))
        return done("Title saved.", _page_of(post_id))

    @expose("/<int:post_id>/options", methods=["POST"])
    def options(self, post_id: int) -> ResponseReturnValue:
        own: dict[str, str | bool | None] = {"privacy": request.form.get("privacy") or None}
        own |= {name: _on_or_off(request.form.get(name, "")) for name in SWITCHES}
        post_settings.set_options(post_id, person().name, own, request.form.get("seen", ""))
        return done("Post settings saved.")

    @expose("/<int:post_id>/pass", methods=["POST"])
    def let_pass(self, post_id: int) -> ResponseReturnValue:
        """A person approves the post despite the compliance check."""
        post_settings.let_pass(post_id, request.form.get("reason", ""), person().name)
        return done("Approved. The post continues.")

    @expose("/attempts/<int:attempt_id>/screenshot.png")
    def screenshot(self, attempt_id: int) -> ResponseReturnValue:
        path = MediaStore(settings().media_dir).held(get(Attempt, attempt_id).screenshot or "-")
        return send_file(path) if path is not None else abort(404)

    @expose("/<int:post_id>/cancel", methods=["POST"])
    def cancel(self, post_id: int) -> ResponseReturnValue:
        return undoable("post.cancel", [post_id], partial(_cancel, by=person().name))

    @expose("/<int:post_id>/published", methods=["POST"])
    def published(self, post_id: int) -> ResponseReturnValue:
        """A person has seen the post on TikTok."""
        platform_id = request.form.get("platform_id", "").strip()
        decisions.mark_published(post_id, person().name, platform_id)
        return done("Marked as published.")

    @expose("/<int:post_id>/requeue", methods=["POST"])
    def requeue(self, post_id: int) -> ResponseReturnValue:
        """Retry the post. If it has a publish ID, the platform is asked for its status first."""
        return _retried([post_id])

    @expose("/<int:post_id>/again", methods=["POST"])
    def again(self, post_id: int) -> ResponseReturnValue:
        """A person has checked that the post is not on TikTok."""
        seconds = settings().approval_seconds
        checked = request.form.get("checked") == "yes"
        act = partial(decisions.post_again, by=person().name, checked=checked, seconds=seconds)
        return undoable("post.again", [post_id], act, seconds=seconds)


def _posts() -> ModelSelect[Post]:
    return post_rows(
        Post.options,
        Post.allowed,
        Post.pinned,
        Post.method,
        Post.publish_id,
        Post.bytes_sent,
        Post.platform_id,
        Post.published_at,
    )


def _cancel(post_id: int, by: str) -> None:
    post_settings.read(post_id)  # decisions.cancel expects an existing post
    decisions.cancel(post_id, by)


def _retried(post_ids: list[int]) -> ResponseReturnValue:
    seconds = settings().approval_seconds
    act = partial(post_settings.requeue, by=person().name, seconds=seconds)
    return undoable("post.requeue", post_ids, act, seconds=seconds)


def _filters() -> dict[str, Any]:
    method = request.args.get("method", "")
    return {
        "state": request.args.get("state", ""),
        "account": request.args.get("account", type=int),
        "method": method if method in set(Method) else "",
    }


def _batches(filters: dict[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
    """The posts, newest first, found by the id before them: quick at any length."""
    posts = post_list.filtered(_posts(), **filters).order_by(Post.id.desc()).limit(BATCH)
    each, before = post_list.each(**filters), None
    while True:
        query = posts if before is None else posts.where(Post.id < before)
        if each is not None:
            query = query.where(Post.id.in_(each.keys(BATCH, before=before)))
        batch = list(query)
        if not batch:
            return
        yield [_exported(post) for post in batch]
        before = batch[-1].id


def _exported(post: Any) -> tuple[Any, ...]:
    return (
        post.id,
        post.caption,
        post.number,
        post.of,
        post.account_name,
        post.state,
        post.method,
        post.scheduled_at,
        post.published_at,
        post.address,
        post.platform_id,
        post.reason,
    )


def _on_or_off(choice: str) -> bool | None:
    return {"on": True, "off": False}.get(choice)


def _page_of(post_id: int) -> str:
    return url_for(".show", post_id=post_id)


def _as_decided(post: Post) -> str:
    """The state to decide by. A post whose job ended midway counts as parked: it needs a person."""
    stranded = post.state in decisions.ON_ITS_WAY and decisions.may_decide(post)
    return PostState.PARKED if stranded else str(post.state)
