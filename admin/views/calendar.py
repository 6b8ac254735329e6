"""The calendar: published posts, scheduled posts and free time slots; posts are moved here."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from flask import abort, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from admin.auth import back, person
from admin.calendar import entries, filling
from admin.calendar.period import asked, day_of
from admin.viewer_zone import local, today, viewer_zone
from admin.views.page import Offer, Page, done, expose, get
from admin.views.undoable import undoable
from core.db import transaction
from core.errors import InputError
from models import Account, Post, PostState, Video, now
from pipelines import undo
from pipelines.publishing.scheduling import pins, planning, post_times
from pipelines.publishing.scheduling.account_queue import AccountQueue
from pipelines.publishing.scheduling.slots import at_local, clock_time, spoken
from pipelines.publishing.scheduling.time_check import Verdict, check
from pipelines.undo_words import named


class Calendar(Page):
    @expose("/")
    def index(self) -> str:
        period = asked(_accounts())
        facts: dict[str, Any] = {"after": None}
        if period.view == "agenda":
            facts["days"], facts["after"] = entries.agenda(period, _later())
        else:
            facts["days"] = (entries.month if period.view == "month" else entries.week)(period)
        return self.render(
            "calendar/index.html",
            period=period,
            today=today(),
            most_counted=entries.MOST_COUNTED_A_DAY - entries.MOST_IN_MONTH,
            without_time=entries.without_time(period),
            **facts,
        )

    @expose("/check")
    def check(self) -> ResponseReturnValue:
        """What speaks against a drop: asked while a post or a choice is over a place."""
        account = _account(request.args)
        moment = _moment(request.args)
        if "post" in request.args:
            post = get(Post, request.args.get("post", 0, type=int))
            verdict = pins.foresee(post.id, moment, account.id, viewer_zone())
        else:
            verdict = _of_video(request.args.get("video", 0, type=int), account.id, moment)
        return jsonify(
            when=f"{local(moment):%a %-d %b %H:%M}",
            there=entries.told_there(viewer_zone(), account.timezone, moment),
            account=account.name or "unnamed",
            refusal=verdict.refusal,
            warnings=verdict.warnings,
        )

    @expose("/<int:post_id>/time")
    def choose(self, post_id: int) -> str:
        """A form for the time and the account; with all fields in the address, it is checked."""
        post: Any = get(Post, post_id)
        if post.state != PostState.PLANNED:
            abort(404)
        accounts = _accounts()
        wanted = request.args.get("account", post.account_id, type=int)
        account = next((row for row in accounts if row.id == wanted), None) or abort(404)
        verdict, shown = None, local(post.scheduled_at or now())
        if "date" in request.args:
            shown = local(_moment(request.args))
            verdict = pins.foresee(post_id, shown, account.id, viewer_zone())
        return self.render(
            "calendar/time.html",
            post=post,
            accounts=accounts,
            account=account,
            shown=shown,
            verdict=verdict,
            there=entries.told_there(viewer_zone(), account.timezone, shown),
            free=post_times.next_free_after(account, now()),
        )

    @expose("/<int:post_id>/time", methods=["POST"])
    def pin(self, post_id: int) -> ResponseReturnValue:
        """Pin the post to ``date`` and ``time`` in the viewer's zone, maybe on another account."""
        get(Post, post_id)
        return _pin(post_id, _moment(request.form), request.form.get("account", type=int))

    @expose("/<int:post_id>/queue", methods=["POST"])
    def unpin(self, post_id: int) -> ResponseReturnValue:
        get(Post, post_id)
        act = partial(pins.unpin, by=person().name)
        sentence = f"Moved {named('post.move', [post_id])} back to the account's queue."
        return undoable(
            "post.move", [post_id], act, onwards=partial(_target, post_id), sentence=sentence
        )

    @expose("/fill")
    def choices(self) -> str:
        """Ready videos for a free slot."""
        account = _account(request.args)
        moment = _instant(request.args.get("at", ""))
        videos, older = filling.videos(account.id, request.args.get("before", type=int))
        return self.render(
            "calendar/fill.html",
            account=account,
            moment=moment,
            there=entries.told_there(viewer_zone(), account.timezone, moment),
            videos=videos,
            older=older,
            queued=filling.queued(account.id, moment),
        )

    @expose("/fill", methods=["POST"])
    def fill(self) -> ResponseReturnValue:
        account = _account(request.form)
        moment = _instant(request.form.get("at", ""))
        kind, _, number = request.form.get("choice", "").partition("-")
        if kind not in {"video", "post"} or not number.isdecimal():
            raise InputError("Nothing is chosen. Choose a video first.", field="choice")
        onwards = url_for(".index", account=account.id, on=local(moment).date().isoformat())
        if kind == "post":
            get(Post, int(number))
            return _pin(int(number), moment, account.id, onwards)
        verdict = _of_video(int(number), account.id, moment)
        with transaction():
            (post,) = planning.post_to(int(number), [account.id], at=moment, by=person().name)
            change: undo.Change = (post.id, {}, undo.facts("post.fill", post.id))
            undo_id = undo.remember(person().name, "post.fill", [change])
        sentence = f"Scheduled {named('post.move', [post.id])} {_told(moment, account)}."
        return done(
            " ".join([sentence, *verdict.warnings]),
            onwards,
            undo=Offer(url_for("undo.undo", undo_id=undo_id)),
        )


def _pin(
    post_id: int, moment: datetime, account_id: int | None, onwards: str = ""
) -> ResponseReturnValue:
    warnings: list[str] = []

    def act(row_id: int) -> None:
        warnings.extend(
            pins.pin(row_id, moment, person().name, account_id=account_id, reader=viewer_zone())
        )

    def sentence() -> str:
        told = _told(moment, Post.get_by_id(post_id).account)
        return " ".join([f"Moved {named('post.move', [post_id])} to {told}.", *warnings])

    target = (lambda: onwards) if onwards else partial(_target, post_id)
    return undoable("post.move", [post_id], act, onwards=target, sentence=sentence)


def _of_video(video_id: int, account_id: int, moment: datetime) -> Verdict:
    get(Video, video_id)
    return check(AccountQueue(account_id, lock=False), video_id, moment, reader=viewer_zone())


def _accounts() -> list[Account]:
    columns = (Account.id, Account.name, Account.timezone, Account.groups)
    return list(Account.select(*columns).order_by(Account.name, Account.id))


def _account(fields: Any) -> Account:
    account_id = fields.get("account", type=int)
    return get(Account, account_id) if account_id is not None else abort(400)


def _moment(fields: Any) -> datetime:
    """The time that ``at``, or else ``date`` and ``time`` on the viewer's clock, name."""
    if fields.get("at"):
        return _instant(fields["at"])
    at = clock_time(fields.get("time", "").strip())
    return at_local(viewer_zone(), day_of(fields.get("date", "").strip()), at)


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        abort(400)
    return moment if moment.tzinfo else abort(400)


def _later() -> entries.Later | None:
    after = request.args.get("after", "")
    return entries.Later(_instant(after), request.args.get("id", 0, type=int)) if after else None


def _told(moment: datetime, account: Account) -> str:
    """``Tue 01 Dec 18:30 (Europe/Berlin), 12:30 in New York, on ada_tales``."""
    there = entries.told_there(viewer_zone(), account.timezone, moment)
    return ", ".join(
        filter(None, [spoken(viewer_zone(), moment), there, f"on {account.name or 'unnamed'}"])
    )


def _target(post_id: int) -> str:
    """The post's new day, if it was moved on its own page of the calendar; else back."""
    if request.form.get("to") != "calendar":
        return back()
    post: Any = Post.get_by_id(post_id)
    day = local(post.scheduled_at or now()).date()
    return url_for("calendar.index", account=post.account_id, on=day.isoformat())
