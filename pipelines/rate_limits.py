"""How often the outside may be asked: named limits as data (U7).

TikTok's figures are its documents' of November 2026, for each endpoint and user token; the cap of
direct posts is counted for a creator over all apps. Reddit allows 100 requests a minute to a
client; the limit here leaves room for access tokens and further pages. Each figure can be changed
at run time by a LimitSetting of its name.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from core import db
from core.errors import InputError
from core.limiter import Limit
from models import AuditEntry, LimitSetting, Method, Post, PostState, Source, SourceKind
from pipelines.publishing.delivery import fallback_policy

MINUTE, DAY = 60.0, 86_400.0
NOTICED_SECONDS = 5.0
"""Within so much every worker knows a changed figure."""

REDDIT = Limit("reddit_fetch", 60, MINUTE)
SCRIPT = Limit("script_request", 30, MINUTE)
JUDGE = Limit("safety_request", 120, MINUTE)
CREATOR_INFO = Limit("tiktok_creator_info", 20, MINUTE)
INIT = Limit("tiktok_init", 6, MINUTE)
POSTS = Limit("tiktok_posts", 15, DAY)
INBOX_INIT = Limit("tiktok_inbox_init", 6, MINUTE)
STATUS = Limit("tiktok_status", 30, MINUTE)
VIDEO_QUERY = Limit("tiktok_video_query", 600, MINUTE)

ALL = (REDDIT, SCRIPT, JUDGE, CREATOR_INFO, INIT, POSTS, INBOX_INIT, STATUS, VIDEO_QUERY)
LIMITS = {limit.name: limit for limit in ALL}


@dataclass(frozen=True, slots=True)
class About:
    """What a limit is for, where its figure comes from, and whom it is counted for."""

    purpose: str
    origin: str
    per_account: bool = False


ABOUT = {
    REDDIT.name: About(
        "Fetches of subreddits from Reddit",
        "Reddit allows a client 100 requests a minute; this leaves room for access tokens and "
        "further pages.",
    ),
    SCRIPT.name: About(
        "Requests to the language model that writes scripts",
        "Our own: keeps one machine's model from being flooded.",
    ),
    JUDGE.name: About(
        "Requests to the language model that judges safety",
        "Our own: keeps one machine's model from being flooded.",
    ),
    CREATOR_INFO.name: About(
        "Questions what a creator may post",
        "TikTok: 20 a minute and user token (Content Posting API).",
        per_account=True,
    ),
    INIT.name: About(
        "Announcements of direct posts",
        "TikTok: 6 a minute and user token (Content Posting API).",
        per_account=True,
    ),
    INBOX_INIT.name: About(
        "Announcements of videos into the creator's inbox",
        "TikTok: 6 a minute and user token (Content Posting API).",
        per_account=True,
    ),
    POSTS.name: About(
        "Posts of an account in any 24 hours",
        "TikTok: about 15 direct posts a day and creator, over all apps (Content Sharing "
        "Guidelines).",
        per_account=True,
    ),
    STATUS.name: About(
        "Questions what became of a post",
        "TikTok: 30 a minute and user token (Content Posting API).",
        per_account=True,
    ),
    VIDEO_QUERY.name: About(
        "Questions how published videos do",
        "TikTok: 600 a minute and user token (Display API).",
        per_account=True,
    ),
}
"""A limit without a line here would not be on the page; a test sees to that."""


def _fetch(source_id: int) -> list[Limit]:
    source = Source.get_or_none(Source.id == source_id)
    return [REDDIT] if source is not None and source.kind == SourceKind.SUBREDDIT else []


def _script(_story_id: int) -> list[Limit]:
    return [SCRIPT]


def _judge(_story_id: int) -> list[Limit]:
    return [JUDGE]


def _publish(post_id: int) -> list[Limit]:
    """A post that was announced asks for its status; one without a live address is announced."""
    post = Post.get_or_none(Post.id == post_id)
    if post is None:
        return []
    key = str(post.account.id)
    limits = [] if post.publish_id is None else [replace(STATUS, key=key)]
    if post.upload_url is None and post.state != PostState.PROCESSING:
        match fallback_policy.expected(post, post.account):
            case Method.DIRECT:
                limits += [
                    replace(CREATOR_INFO, key=key),
                    replace(INIT, key=key),
                    replace(POSTS, key=key, counted=f"post:{post_id}"),  # also when tried again
                ]
            case Method.INBOX:
                limits.append(replace(INBOX_INIT, key=key))
    return limits


def _confirm(post_id: int) -> list[Limit]:
    post = Post.get_or_none(Post.id == post_id)
    return [replace(STATUS, key=str(post.account.id))] if post is not None else []


STAGE_LIMITS: dict[str, Callable[[int], list[Limit]]] = {
    "fetch": _fetch,
    "script": _script,
    "judge": _judge,
    "publish": _publish,
    "confirm": _confirm,
}
"""For each limited stage what one run of it on a row asks for; a row that is gone asks nothing."""


class Limits:
    """The limits as they are set now; one instance serves all threads of a process.

    Parameters:
      cache_seconds: how long a changed LimitSetting may go unnoticed.
    """

    def __init__(self, *, cache_seconds: float = NOTICED_SECONDS) -> None:
        self._cache_seconds = cache_seconds
        self._lock = threading.Lock()
        self._read_at = -cache_seconds
        self._figures: dict[str, tuple[int, float]] = {}

    def of(self, stage: str, subject_id: int) -> list[Limit]:
        """What one run of ``stage`` on the row needs; a connection must be open."""
        wanted = STAGE_LIMITS.get(stage)
        return [self.as_set(limit) for limit in wanted(subject_id)] if wanted else []

    def as_set(self, limit: Limit) -> Limit:
        """The limit with its figures as they are now; a connection must be open."""
        with self._lock:
            if time.monotonic() - self._read_at >= self._cache_seconds:
                self._figures = {
                    row.name: (row.count, row.seconds) for row in LimitSetting.select()
                }
                self._read_at = time.monotonic()
            count, seconds = self._figures.get(limit.name, (limit.count, limit.seconds))
        return replace(limit, count=count, seconds=seconds)


# ── set at run time ──────────────────────────────────────────────────────────────────────────

MOST_COUNT = 1_000_000
LEAST_SECONDS, MOST_SECONDS = 0.1, 30 * DAY


@dataclass(frozen=True, slots=True)
class Described:
    """A limit as it is set now, beside its own figure."""

    now: Limit
    default: Limit
    about: About
    changed: bool


def describe() -> list[Described]:
    """Every named limit; a connection must be open."""
    rows = {row.name: row for row in LimitSetting.select()}
    return [
        Described(
            replace(limit, count=rows[name].count, seconds=rows[name].seconds)
            if name in rows
            else limit,
            limit,
            ABOUT[name],
            name in rows,
        )
        for name, limit in LIMITS.items()
    ]


def set_limit(name: str, count: int | None, seconds: float | None, by: str) -> None:
    """Change a limit for all workers, within ``NOTICED_SECONDS`` and without a restart.

    Args:
        name: one of ``LIMITS``.
        count: grants in any ``seconds``; 0 stops everything. None: it was no whole number.
        seconds: the window's length. None: it was no number.
        by: who decides.

    Raises:
        InputError: no such limit, or a figure out of range.
    """
    _known(name)
    if count is None or not 0 <= count <= MOST_COUNT:
        raise InputError(f"How many: a whole number from 0 (stops everything) to {MOST_COUNT:,}.")
    if seconds is None or not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise InputError(
            f"In how many seconds: from {LEAST_SECONDS:g} to {MOST_SECONDS:,.0f} (30 days)."
        )
    figures = {LimitSetting.count: count, LimitSetting.seconds: seconds}
    with db.transaction():
        LimitSetting.insert(name=name, count=count, seconds=seconds).on_conflict(
            conflict_target=[LimitSetting.name], update=figures
        ).execute()
        _changed(name, "limit.set", by, f"{count} in {seconds:g} s")


def reset_limit(name: str, by: str) -> None:
    """Back to the limit's own figure.

    Raises:
        InputError: no such limit, or it has its own figure.
    """
    default = _known(name)
    with db.transaction():
        if not LimitSetting.delete().where(LimitSetting.name == name).execute():
            raise InputError(f"The limit {name} has its own figure already.")
        _changed(name, "limit.reset", by, f"{default.count} in {default.seconds:g} s")


def _known(name: str) -> Limit:
    if name not in LIMITS:
        raise InputError(f"There is no limit {name}: there are {', '.join(LIMITS)}.")
    return LIMITS[name]


def waiting_for(limit: Limit) -> str:
    """What a job waits for that is over the limit, as the ledger shows it."""
    return f"{_waiting_prefix(limit.name)} {limit.count} in {limit.seconds:g} s)"


def _waiting_prefix(name: str) -> str:
    return f"its turn ({name}:"


def _changed(name: str, action: str, by: str, words: str) -> None:
    """Write it down, and let those who wait in line ask again once the workers know."""
    AuditEntry.create(actor=by, action=action, subject=f"limit {name}", reason=words)
    db.database.execute_sql(
        "UPDATE job SET due_at = now() + (%(noticed)s + random()) * interval '1 second', "
        "sent_at = NULL, sends = 0 WHERE state = 'waiting' AND starts_with(waits_for, %(turn)s) "
        "AND due_at > now() + %(noticed)s * interval '1 second'",
        {"noticed": NOTICED_SECONDS, "turn": _waiting_prefix(name)},
    )
