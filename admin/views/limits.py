"""Rate limits of outside services. Owners change them while the workers run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from flask import request
from flask.typing import ResponseReturnValue

from admin.auth import person
from admin.configured import limiter
from admin.views.page import Page, done, expose
from core.limiter import Limit, LimiterUnavailableError, Usage
from core.text.addresses import host_of
from models import Account, AccountState, Role, Source, SourceKind
from pipelines import rate_limits
from pipelines.rate_limits import Described


@dataclass(frozen=True, slots=True)
class Row:
    """A limit and its use: that of the account or host that uses it most."""

    limit: Described
    fullest: Usage | None
    whose: str
    waiting: int
    held: float


class Limits(Page):
    writes: ClassVar[Role] = Role.OWNER

    @expose("/")
    def index(self) -> str:
        described, unavailable = rate_limits.describe(), ""
        try:
            rows = _used(described)
        except LimiterUnavailableError as error:
            rows, unavailable = [Row(limit, None, "", 0, 0) for limit in described], str(error)
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


def _used(described: list[Described]) -> list[Row]:
    connected = Account.select(Account.id, Account.name, Account.open_id).where(
        Account.state == AccountState.CONNECTED
    )
    names = {str(row.id): row.name or row.open_id for row in connected}
    feeds = Source.select(Source.place).where(
        Source.kind == SourceKind.FEED, Source.archived_at.is_null()
    )
    hosts = sorted({host_of(feed.place) for feed in feeds})
    asked: list[Limit] = []
    for limit in described:
        keys = list(names) if limit.about.per_account else hosts if limit.about.per_host else [""]
        asked += [replace(limit.now, key=key) for key in keys]
    used: dict[str, list[tuple[Usage, str]]] = {}
    for one, usage in zip(asked, limiter().usage(asked), strict=True):
        used.setdefault(one.name, []).append((usage, names.get(one.key, one.key)))
    return [_row(limit, used.get(limit.now.name, [])) for limit in described]


def _row(limit: Described, used: list[tuple[Usage, str]]) -> Row:
    if not used:
        return Row(limit, None, "", 0, 0)
    fullest, whose = max(used, key=lambda pair: pair[0].used)
    waiting = sum(usage.waiting for usage, _ in used)
    return Row(limit, fullest, whose, waiting, max(usage.held for usage, _ in used))
