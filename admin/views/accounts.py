"""TikTok accounts: connect by OAuth, see their state, set how they post, disconnect.

Tokens and cookies are never shown, and never decrypted for a page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import abort, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from adapters.ports import Authorizer
from admin.auth import person
from admin.lists import account_list, account_rows, post_list
from admin.lists.paging import count, counts
from admin.views.page import Page, audit, done, expose, fault_at, get, settings
from admin.views.undoable import undoable
from core.db import transaction
from core.errors import InputError, StorymillError
from models import Account, LateStory, Part, Post, PostState, Script, Video
from pipelines import ledger
from pipelines.publishing.accounts import (
    account_settings,
    account_times,
    connection,
    session_settings,
)
from pipelines.publishing.accounts import pause as pausing
from pipelines.publishing.delivery import method_availability
from pipelines.publishing.posts import post_settings
from pipelines.publishing.posts.post_options import PRIVACY, SWITCHES
from pipelines.publishing.scheduling import planning

LAST_POSTS = 10
MOST_REASON = 200
REFUSALS = {
    "access_denied": "You declined on TikTok's page. No account was connected.",
    "invalid_scope": "TikTok has not approved one of the permissions that Storymill asks for. No "
    "account was connected. Set TIKTOK_SCOPES to those that your app has in TikTok's developer "
    "portal, restart Storymill and connect again.",
}
"""What TikTok's consent page may report, in words."""


class Accounts(Page):
    @expose("/")
    def index(self) -> str:
        return self.render(
            "accounts/index.html",
            table=account_list.table(),
            asked=request.args,
            sorts=account_list.SORTS,
            can_connect=_can_connect(),
        )

    @expose("/connect", methods=["POST"])
    def connect(self) -> ResponseReturnValue:
        """Redirect to TikTok's consent page."""
        target = connection.begin_connect(session["id"], _authorizer(), settings().redirect_uri)
        return redirect(target, 303)

    @expose("/callback")
    def callback(self) -> ResponseReturnValue:
        """Back from TikTok's consent page, with a code or a refusal."""
        if not self.editable:
            abort(403)  # this GET changes data, because TikTok's redirect is always a GET
        if "error" in request.args:
            return self._not_connected(
                REFUSALS.get(
                    request.args["error"],
                    "TikTok reported an error. No account was connected. Check the app's redirect "
                    "URI in TikTok's developer portal.",
                )
            )
        try:
            account = connection.finish_connect(
                session["id"],
                request.args.get("state", ""),
                request.args.get("code", ""),
                _authorizer(),
                settings().redirect_uri,
            )
        except StorymillError as error:
            return self._not_connected(str(error))
        with transaction():
            audit("account.connect", f"account {account.id}")
        # What is missing on its own page keeps it from posting; TikTok's rules ask for it.
        page = url_for(".index") if account.privacy else url_for(".show", account_id=account.id)
        return done(f"{account.name or 'Account'} connected.", page)

    def _not_connected(self, sentence: str) -> str:
        return self.render("accounts/not_connected.html", sentence=sentence)

    @expose("/<int:account_id>/disconnect", methods=["POST"])
    def disconnect(self, account_id: int) -> ResponseReturnValue:
        connection.disconnect(account_id, person().name)
        return done("Account disconnected. TikTok is asked to end the app's authorization.")

    @expose("/<int:account_id>/pause", methods=["POST"])
    def pause(self, account_id: int) -> ResponseReturnValue:
        """Stop announcing the account's posts; its queue, times and tokens stay."""
        reason = request.form.get("reason", "").strip()[:MOST_REASON]

        def act(account_id: int) -> None:
            if not pausing.pause(account_id, person().name, reason):
                raise InputError("This account is paused already.")

        return undoable("account.pause", [account_id], act)

    @expose("/<int:account_id>/resume", methods=["POST"])
    def resume(self, account_id: int) -> ResponseReturnValue:
        """Its queue goes on; late posts get new times."""

        def act(account_id: int) -> None:
            if not pausing.resume(account_id, person().name):
                raise InputError("This account is not paused.")

        return undoable("account.resume", [account_id], act)

    @expose("/<int:account_id>")
    def show(self, account_id: int) -> str:
        has_session = Account.browser_session.is_null(False)
        account: Any = (
            Account.select(*account_settings.PLAIN, has_session.alias("has_session"))
            .where(Account.id == account_id)
            .first()
        )
        if account is None:
            abort(404)
        row = account_rows.row(account)
        return self.render(
            "accounts/show.html",
            account=account,
            version=partial(account_settings.version_of, account),
            slots_version=account_times.slots_version(account_id),
            session_version=session_settings.session_version(account),
            row=row,
            pause_after=settings().pause_after_failures,
            can_connect=_can_connect(),
            scopes=method_availability.granted(account),
            asked=settings().scopes,
            late=count(LateStory.select().where(LateStory.account == account_id)),
            words=method_availability.SCOPES,
            needed=method_availability.NEEDED,
            methods=method_availability.availabilities(account, has_session=account.has_session),
            counts=_counts(account_id),
            posts=_last_posts(account_id),
            parked=count(post_settings.parked_for_connection(account_id)),
            agreement=account_settings.agreement(account_id),
            privacy=PRIVACY,
            music_url=account_settings.MUSIC_URL,
            zones=account_times.zones(),
            slots=account_times.weekly_slots(account_id),
            days=account_times.DAYS,
            most_a_day=account_times.MOST_A_DAY,
            most_gap=account_times.MOST_GAP_MINUTES,
        )

    @expose("/<int:account_id>/late-stories/<choice>", methods=["POST"])
    def late_stories(self, account_id: int, choice: str) -> ResponseReturnValue:
        """Decide about stories that other accounts had begun before this one joined."""
        new = planning.decide_late(account_id, choice, person().name)
        return done(f"Saved. {new} {'story was' if new == 1 else 'stories were'} scheduled.")

    @expose("/<int:account_id>/requeue", methods=["POST"])
    def requeue(self, account_id: int) -> ResponseReturnValue:
        """Retry the posts that were waiting for the account to be reconnected."""
        retried = post_settings.requeue_parked(account_id, person().name)
        return done(f"Retrying {retried} {'post' if retried == 1 else 'posts'}.")

    @expose("/<int:account_id>/posting", methods=["POST"])
    def posting(self, account_id: int) -> ResponseReturnValue:
        account_settings.set_posting(
            account_id,
            person().name,
            privacy=request.form.get("privacy", ""),
            agreed="agreed" in request.form,
            seen=_seen(),
            **{name: name in request.form for name in SWITCHES},
        )
        return done("Post settings saved. They apply to the next posts.")

    @expose("/<int:account_id>/methods", methods=["POST"])
    def methods(self, account_id: int) -> ResponseReturnValue:
        account_settings.set_methods(
            account_id, request.form.getlist("method"), person().name, _seen()
        )
        return done("Posting methods saved. Posts use the first available one.")

    @expose("/<int:account_id>/times", methods=["POST"])
    def times(self, account_id: int) -> ResponseReturnValue:
        account_times.set_times(
            account_id,
            person().name,
            timezone=request.form.get("timezone", ""),
            posts_a_day=request.form.get("posts_a_day", type=int),
            gap_minutes=request.form.get("gap_minutes", type=int),
            seen=_seen(),
        )
        return done("Posting schedule saved.")

    @expose("/<int:account_id>/slots/add", methods=["POST"])
    def add_slots(self, account_id: int) -> ResponseReturnValue:
        days, at = request.form.getlist("weekday", type=int), request.form.get("at", "")
        return _slots_changed(
            account_id,
            lambda: _added(
                account_times.add_slots(account_id, days, at, person().name, seen=_seen())
            ),
        )

    @expose("/<int:account_id>/slots/copy", methods=["POST"])
    def copy_slots(self, account_id: int) -> ResponseReturnValue:
        day = request.form.get("weekday", default=0, type=int)
        return _slots_changed(
            account_id,
            lambda: _added(
                account_times.copy_to_all_days(account_id, day, person().name, seen=_seen())
            ),
        )

    @expose("/<int:account_id>/slots/<int:slot_id>/remove", methods=["POST"])
    def remove_slot(self, account_id: int, slot_id: int) -> ResponseReturnValue:

        def remove() -> str:
            account_times.remove_slot(account_id, slot_id, person().name, seen=_seen())
            return "Time slot removed."

        return _slots_changed(account_id, remove)

    @expose("/<int:account_id>/browser", methods=["POST"])
    def browser(self, account_id: int) -> ResponseReturnValue:
        """Store the cookies of a signed-in browser. They are never shown again."""
        site = urlsplit(settings().tiktok_studio_url).hostname or ""
        pasted = request.form.get("cookies", "")
        name = request.form.get("username", "")
        with fault_at("cookies"):
            session_settings.set_browser_session(
                account_id, pasted, person().name, username=name, site=site, seen=_seen()
            )
        return done("Browser session saved. It is checked before the next upload.")

    @expose("/<int:account_id>/browser/check", methods=["POST"])
    def check_browser(self, account_id: int) -> ResponseReturnValue:
        get(Account, account_id)
        with transaction():
            ledger.enqueue("browser", account_id)
            audit("account.check_browser", f"account {account_id}")
        return done("Checking the browser session. Reload this page in a few seconds.")

    @expose("/<int:account_id>/browser/forget", methods=["POST"])
    def forget_browser(self, account_id: int) -> ResponseReturnValue:
        session_settings.forget_browser_session(account_id, person().name)
        return done("Browser session removed from Storymill. Sign out in the browser to end it.")


def _seen() -> str:
    return request.form.get("seen", "")


def _counts(account_id: int) -> list[tuple[str, int]]:
    """Posts that are not over, by state; what is over can be very many."""
    own = Post.select().where(Post.account == account_id)
    states = (PostState.PLANNED, PostState.MANUAL, PostState.PARKED, PostState.FAILED)
    numbers = counts([own.where(Post.state == state) for state in states])
    return [(state, number) for state, number in zip(states, numbers, strict=True) if number]


def _last_posts(account_id: int) -> list[Any]:
    each = post_list.each(state="", account=account_id, method="")
    ids = each.keys(LAST_POSTS) if each else []
    return list(
        Post.select(
            Post.id, Post.state, Post.reason, Post.published_at, Part.number, Part.of, Script.title
        )
        .join(Video)
        .join(Part)
        .join(Script)
        .where(Post.id.in_(ids))
        .order_by(Post.id.desc())
        .objects()
    )


def _added(new: int) -> str:
    return f"{new} time slots added." if new != 1 else "1 time slot added."


def _slots_changed(account_id: int, change: Callable[[], str]) -> ResponseReturnValue:
    """Change the slots, say the sentence that it returns, and offer to undo it."""
    told: list[str] = []
    return undoable(
        "account.times",
        [account_id],
        lambda _: told.append(change()),
        onwards=lambda: url_for(".show", account_id=account_id, _anchor="times"),
        sentence=lambda: told[0],
    )


def _can_connect() -> bool:
    return _authorizer_or_none() is not None and bool(settings().tiktok_client_key)


def _authorizer_or_none() -> Authorizer | None:
    authorizer: Authorizer | None = current_app.extensions["authorizer"]
    return authorizer


def _authorizer() -> Authorizer:
    authorizer = _authorizer_or_none()
    if authorizer is None:
        raise InputError("This process can't reach TikTok: start it with admin.wsgi.")
    return authorizer
