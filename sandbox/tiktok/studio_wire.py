"""The creators' pages: who is signed in, and which faults they can have."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from sandbox.calls import Refusal, Wire
from sandbox.faults import TRANSPORT, Fault
from sandbox.records import hashed
from sandbox.tiktok.creators import CREATORS, Creator

if TYPE_CHECKING:
    from sandbox.world import World

COOKIE = "sessionid"

PAGE_VARIANTS = (
    "captcha",
    "wrong_account",
    "renamed_button",
    "missing_editor",
    "missing_input",
    "dialogs",
    "no_redirect",
)
"""Variants of the upload page; ``dialogs`` shows the real page's offers and questions."""


REFUSALS = {
    "unread_en": "There was a potential issue with your submission.",
    "unread_de": "Dieser Inhalt verstößt möglicherweise gegen unsere Richtlinien.",
    "unread_ja": "この動画は投稿できませんでした。",
    "limited": "Too many uploading attempts. Try again later.",
}
"""What the page says in an alert when it refuses a post, in several languages."""


class Studio(Wire):
    """The protocol between a creator's browser and the upload and content pages."""

    name = "studio"
    calls = ("page", "upload", "post", "content")
    own_faults = ("signed_out", "500")
    inner_faults = ()
    faults_by_call: ClassVar[dict[str, tuple[str, ...]]] = {
        "page": (*TRANSPORT, *own_faults, *PAGE_VARIANTS),
        "upload": (*TRANSPORT, *own_faults, "rejected", "stuck"),
        "post": (*TRANSPORT, *own_faults, "captcha", "rejected", *REFUSALS),
        "content": (*TRANSPORT, *own_faults, "unlisted", "no_data", "no_table"),
    }

    def __init__(self, world: World) -> None:
        self._world = world

    def account(self) -> str:
        session = self._world.studio_sessions.get(_cookie())
        alive = session is not None and session.expires_at > self._world.now()
        return session.creator if session and alive else ""

    def refuse(self, fault: Fault, call: str) -> Response:
        if fault.fault == "signed_out":
            self._world.studio_sessions.take(_cookie())
            return self.to_sign_in(call)
        return Response("<h1>500</h1>", status=500, mimetype="text/html")

    def creator(self, call: str) -> Creator:
        """The signed-in creator.

        Raises:
            Refusal: redirects to the login page if nobody is signed in.
        """
        username = self.account()
        if not username:
            raise Refusal(self.to_sign_in(call))
        return CREATORS[username]

    @staticmethod
    def to_sign_in(call: str) -> Response:
        if call in ("upload", "post"):
            return Response('{"error": "login_expired"}', 401, mimetype="application/json")
        there: Answer = redirect(url_for("tiktok_studio.login"))
        return Response(headers=dict(there.headers), status=there.status_code)


def _cookie() -> str:
    return hashed(request.cookies.get(COOKIE, ""))
