"""Rate limits of outside services. Owners change them while the workers run."""

from __future__ import annotations

from typing import ClassVar

from flask import request
from flask.typing import ResponseReturnValue

from admin.auth import person
from admin.configured import limiter
from admin.views.page import Page, done, expose
from core.limiter import LimiterUnavailableError
from models import Role
from pipelines import limit_use, rate_limits
from pipelines.limit_use import LimitUse


class Limits(Page):
    writes: ClassVar[Role] = Role.OWNER

    @expose("/")
    def index(self) -> str:
        described, unavailable = rate_limits.describe(), ""
        try:
            rows = limit_use.of_all(described, limiter())
        except LimiterUnavailableError as error:
            rows, unavailable = [LimitUse(limit) for limit in described], str(error)
        return self.render(
            "limits/index.html",
            rows=rows,
            unavailable=unavailable,
            margin=rate_limits.MARGIN_SECONDS,
            version=rate_limits.version_of,
        )

    @expose("/<limit>/set", methods=["POST"])
    def set(self, limit: str) -> ResponseReturnValue:
        count = request.form.get("count", type=int)
        seconds = request.form.get("seconds", type=float)
        rate_limits.set_limit(
            limit, count, seconds, person().name, seen=request.form.get("seen", "")
        )
        return done(
            f"{limit} is now {count} in {seconds:g} s. Every worker uses it within "
            f"{rate_limits.NOTICED_SECONDS:g} seconds."
        )

    @expose("/<limit>/reset", methods=["POST"])
    def reset(self, limit: str) -> ResponseReturnValue:
        rate_limits.reset_limit(limit, person().name, seen=request.form.get("seen", ""))
        return done(f"{limit} is reset to its default.")
