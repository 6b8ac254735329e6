"""Manual posts: the video to download, the text to copy, and the link to enter afterwards."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from peewee import ModelSelect, fn

from admin.auth import person
from admin.lists.paging import count
from admin.views.page import Page, done, expose, get, settings
from admin.views.post_rows import post_rows
from core.files.storage import MediaStore
from models import Account, Attempt, Job, Method, Post, PostState, Video
from pipelines import ledger
from pipelines.publishing.delivery.manual import manual_post
from pipelines.publishing.delivery.manual.links import Links
from pipelines.publishing.delivery.manual.manual_mail import local_time, settings_to_choose
from pipelines.publishing.posts import decisions

MOST_SHOWN = 200


class Manual(Page):
    def __init__(self) -> None:
        super().__init__(name="Manual posts", endpoint="manual", url="manual")

    @expose("/")
    def index(self) -> str:
        account = request.args.get("account", type=int)
        waiting = Post.select(Post.id).where(Post.state == PostState.MANUAL)
        if account is not None:
            waiting = waiting.where(Post.account == account)
        return self.render(
            "manual/index.html",
            posts=list(_posts().where(Post.id.in_(waiting)).limit(MOST_SHOWN)),
            waiting=count(waiting),
            account=account,
            accounts=list(_accounts()),
            local_time=local_time,
        )

    @expose("/<int:post_id>")
    def show(self, post_id: int) -> str:
        get(Post, post_id)
        shown: Any = _posts().where(Post.id == post_id).get()
        post = Post.get_by_id(post_id)
        job = Job.of("mail", post_id) if settings().smtp_url.get_secret_value() else None
        return self.render(
            "manual/show.html",
            post=shown,
            by_hand=shown.state == PostState.MANUAL,
            same_video=post.video_key == post.video.key,
            there=MediaStore(settings().media_dir).held(shown.path) is not None,
            choices=settings_to_choose(post, post.account),
            download=Links.of(settings()).download(post),
            mailing=bool(settings().smtp_url.get_secret_value()),
            mailed=[(job, ledger.explain(job))] if job else [],
            local_time=local_time,
        )

    @expose("/<int:post_id>/posted", methods=["POST"])
    def posted(self, post_id: int) -> ResponseReturnValue:
        found = manual_post.mark_posted(post_id, person().name, request.form.get("where", ""))
        account = get(Post, post_id).account.name
        sentence = "Marked as posted. The next part can go out now."
        if found.creator and account and found.creator.lower() != account.lower():
            sentence += (
                f" The link belongs to @{found.creator}, but the account is {account}. "
                "Please check it."
            )
        return done(sentence, url_for(".index"))

    @expose("/<int:post_id>/mail", methods=["POST"])
    def mail(self, post_id: int) -> ResponseReturnValue:
        manual_post.mail_again(post_id, person().name)
        return done("A new email with a fresh link is being sent.")

    @expose("/<int:post_id>/back", methods=["POST"])
    def back(self, post_id: int) -> ResponseReturnValue:
        decisions.post_again(post_id, person().name)
        return done("The post will be published automatically.", url_for(".index"))

    @expose("/<int:post_id>/cancel", methods=["POST"])
    def cancel(self, post_id: int) -> ResponseReturnValue:
        decisions.cancel(post_id, person().name)
        return done("Post cancelled.", url_for(".index"))


def _posts() -> ModelSelect[Post]:
    """Posts and when they became manual, most urgent first."""
    since = Attempt.select(fn.MAX(Attempt.created_at)).where(
        Attempt.post == Post.id, Attempt.method == Method.MANUAL
    )
    rows = post_rows(since.alias("since"), Account.timezone, Video.path)
    return rows.order_by(Post.scheduled_at.asc(nulls="first"), Post.id)


def _accounts() -> ModelSelect[Account]:
    """Accounts with manual posts."""
    waiting = Post.select(Post.account).where(Post.state == PostState.MANUAL)
    names = Account.select(Account.id, Account.name).order_by(Account.name)
    return names.where(Account.id.in_(waiting))
