"""The first steps of an installation, each with a check of whether it works."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from flask import Response, abort, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from admin import guide
from admin.auth import person, users
from admin.views.channel_form import preview_query
from admin.views.channels import style_of
from admin.views.page import Page, done, expose, settings
from core.errors import InputError, VoiceBusyError
from models import Channel, Role, SetupCheck, now
from pipelines.getting_started.checks import Check, Checks

FRESH = timedelta(minutes=5)
"""A check that is older is made again when the page is opened."""
OF_OWNERS = frozenset({Check.TIKTOK, Check.REDDIT, Check.OLLAMA, Check.MAIL})
"""What is set in the environment."""
OPTIONAL = {
    Check.REDDIT: (
        "Reddit",
        "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET",
        "Without a key, use a subreddit's feed.",
        "Reddit knows the key.",
    ),
    Check.OLLAMA: ("Ollama", "OLLAMA_URL", "Until then, rules write the hooks.", "{} answers."),
    Check.MAIL: (
        "Mail",
        "SMTP_URL",
        "Mails posts that a person has to make, and new passwords.",
        "The mail server lets Storymill in.",
    ),
}
"""Keys that an installation can do without: name, settings, what they are for, what works."""


class GettingStarted(Page):
    reads: ClassVar[Role] = Role.EDITOR

    def __init__(self) -> None:
        super().__init__(name="Getting started", endpoint="first_steps", url="/getting-started")

    @expose("/")
    def index(self) -> str:
        return self.render("getting_started/index.html", **self._facts())

    @expose("/live.json")
    def live(self) -> ResponseReturnValue:
        """The steps as they are now: HTML by element id."""
        return jsonify({"steps": self.render("getting_started/steps.html", **self._facts())})

    @expose("/check/<what>", methods=["POST"])
    def check(self, what: str) -> ResponseReturnValue:
        """Check one thing now, and come back to the page."""
        if what not in set(Check) or (what in OF_OWNERS and not person().may(Role.OWNER)):
            abort(404)
        by_itself = request.accept_mimetypes.best == "application/json"
        try:
            result = guide.checks().run(Check(what))
        except VoiceBusyError:
            if not by_itself:
                raise
            result = None  # the next visit of the page checks again
        if by_itself:
            return jsonify(ok=bool(result and result.ok))
        if result is None:
            raise InputError("There is nothing to check yet.")
        if not result.ok:
            raise InputError(result.sentence)
        return done("It works.", url_for(".index"))

    @expose("/voice.wav")
    def voice(self) -> ResponseReturnValue:
        """A sentence in the voice of the first channel, or a sentence why there is none."""
        try:
            sound = guide.checks().hear()
        except InputError as error:
            return Response(str(error), 503, mimetype="text/plain")
        return Response(sound, mimetype="audio/wav")

    @expose("/hide", methods=["POST"])
    def hide(self) -> ResponseReturnValue:
        """Show the steps on home no longer, or again."""
        hidden = request.form.get("hidden") == "yes"
        users.hide_guide(person().id, hidden=hidden)
        if hidden:
            return done("Hidden. The menu has it under Set-up: Getting started.")
        return done("Shown on the home page until all steps are done.", url_for(".index"))

    def _facts(self) -> dict[str, Any]:
        checks, steps, config = guide.checks(), guide.found(), settings()
        owner = person().may(Role.OWNER)
        return {
            "first": steps,
            "owner": owner,
            "can_connect": bool(checks.subject(Check.TIKTOK)),
            "optional": _optional(checks) if owner else [],
            "stale": _stale(checks, owner=owner),
            "look": _look(steps.channel),
            "redirect_uri": config.redirect_uri,
            "webhook_uri": f"{config.public_url.rstrip('/')}{url_for('webhook_receiver.tiktok')}",
            "elsewhere": _elsewhere(config.public_url),
            "hidden": person().guide_hidden,
        }


def _stale(checks: Checks, *, owner: bool) -> list[Check]:
    """Checks that the page makes by itself when it is opened."""
    own = [check for check in Check if owner or check not in OF_OWNERS]
    results = {check: checks.result(check) for check in own if checks.subject(check)}
    oldest = now() - FRESH
    return [
        check
        for check, result in results.items()
        if result is None or not result.ok or result.checked_at < oldest
    ]


def _optional(checks: Checks) -> list[tuple[Check, str, str, SetupCheck | None, bool]]:
    """Each key that can be left out: check, name, sentence, last result, whether it is set."""
    rows = []
    for check, (name, settings_of_it, without, works) in OPTIONAL.items():
        subject, result = checks.subject(check), checks.result(check)
        if not subject:
            sentence = f"{settings_of_it} not set. {without}"
        elif result is None:
            sentence = "Not checked yet."
        else:
            sentence = works.format(subject) if result.ok else str(result.sentence)
        rows.append((check, name, sentence, result, bool(subject)))
    return rows


def _look(channel: Channel | None) -> str:
    """The address of a picture of the channel's captions; empty without one."""
    if channel is None:
        return ""
    return url_for("channels.preview", **preview_query(style_of(channel)))


def _elsewhere(public_url: str) -> str:
    """Where the page was opened, if TikTok would send the person to another address."""
    here = request.host_url.rstrip("/")
    return "" if here == public_url.rstrip("/") else here
