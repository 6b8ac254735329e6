"""Tokens for programs that call the API. Everybody makes their own; owners also revoke others'."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import request, url_for
from flask.typing import ResponseReturnValue

from admin.auth import person
from admin.views.page import Page, done, expose, settings
from models import ApiToken, Role, User, now
from pipelines.people import api_tokens

DEFAULT_DAYS = 90
MOST_SHOWN = 500


class ApiTokens(Page):
    writes: ClassVar[Role] = Role.VIEWER

    def __init__(self) -> None:
        super().__init__(name="API tokens", endpoint="apitokens", url="api-tokens")

    @expose("/")
    def index(self) -> str:
        rows: Any = ApiToken.select(ApiToken, User.id, User.name).join(User)
        if not person().may(Role.OWNER):
            rows = rows.where(ApiToken.user == person().id)
        return self.render(
            "api/tokens.html",
            tokens=list(rows.order_by(ApiToken.id.desc()).limit(MOST_SHOWN)),
            scopes=[(scope, api_tokens.WORDS[scope]) for scope in api_tokens.within(person().role)],
            days=DEFAULT_DAYS,
            most_days=api_tokens.MOST_DAYS,
            now=now(),
        )

    @expose("/new", methods=["POST"])
    def new(self) -> ResponseReturnValue:
        """Make a token of one's own, and show it once."""
        user = User.get_by_id(person().id)
        row, token = api_tokens.create(
            user,
            request.form.get("name", ""),
            request.form.getlist("scope"),
            request.form.get("days", type=int),
            person().name,
        )
        address = settings().public_url.rstrip("/")
        return self.render("api/token.html", row=row, token=token, address=address)

    @expose("/<int:token_id>/revoke", methods=["POST"])
    def revoke(self, token_id: int) -> ResponseReturnValue:
        own_only = None if person().may(Role.OWNER) else person().id
        api_tokens.revoke(token_id, person().name, of=own_only)
        return done("Token revoked. Requests with it are refused from now on.", url_for(".index"))
