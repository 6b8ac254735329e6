"""Rate limits of outside services, by name.

TikTok's figures come from its documents of November 2026 and apply to each endpoint and user token.
The limit of direct posts is counted per creator, over all apps. Reddit allows a client 100 requests
a minute; the limit here leaves room for access tokens and further pages. A LimitSetting with the
limit's name changes its figures at run time.

A limit is taken as late as possible: what is taken and then not used is lost to others, and TikTok
counts calls when they arrive. Stages that call their service first take it before they are claimed
(``workers/middleware/rate_limit.py``). A post passes many checks before it is announced. So its
limits are only checked before the claim, and taken right before the call (``limit_grants.py``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from core import db
from core.errors import InputError
from core.limiter import Limit
from core.text.addresses import host_of, is_reddit
from models import AuditEntry, LimitSetting, Method, Post, PostState, Source, SourceKind, Story
from pipelines import versions
from pipelines.publishing.delivery import fallback_policy

MINUTE, DAY = 60.0, 86_400.0
NOTICED_SECONDS = 5.0
"""After this time every worker knows a changed figure."""
MARGIN_SECONDS = 5.0
"""TikTok's windows are longer here by as long as connecting to it may take: without this margin,
the seventh announcement of a minute arrived 59.1 s after the first one."""


def _tiktok(name: str, count: int, seconds: float) -> Limit:
    return Limit(name, count, seconds, margin=MARGIN_SECONDS)


REDDIT = Limit("reddit_fetch", 60, MINUTE)
REDDIT_FEED = Limit("reddit_feed", 1, 62.0)
FEED = Limit("feed_fetch", 1, 10.0)
SCRIPT = Limit("script_request", 30, MINUTE)
JUDGE = Limit("safety_request", 120, MINUTE)
CREATOR_INFO = _tiktok("tiktok_creator_info", 20, MINUTE)
INIT = _tiktok("tiktok_init", 6, MINUTE)
POSTS = _tiktok("tiktok_posts", 15, DAY)
INBOX_INIT = _tiktok("tiktok_inbox_init", 6, MINUTE)
STATUS = _tiktok("tiktok_status", 30, MINUTE)
VIDEO_QUERY = _tiktok("tiktok_video_query", 600, MINUTE)

ALL = (
    REDDIT,
    REDDIT_FEED,
    FEED,
    SCRIPT,
    JUDGE,
    CREATOR_INFO,
    INIT,
    POSTS,
    INBOX_INIT,
    STATUS,
    VIDEO_QUERY,
)
LIMITS = {limit.name: limit for limit in ALL}


@dataclass(frozen=True, slots=True)
class About:
    """What a limit is for, where its figure comes from, and whether each account has its own."""

    purpose: str
    origin: str
    per_account: bool = False
    per_host: bool = False


ABOUT = {
    REDDIT.name: About(
        "Fetching subreddits from Reddit",
        "Reddit allows a client 100 requests a minute; this leaves room for access tokens and "
        "further pages.",
    ),
    REDDIT_FEED.name: About(
        "Fetching feeds from Reddit, all of them together",
        "Since June 2026 Reddit answers about one feed request a minute per address; feeds with a "
        "token count too. Two seconds are left as a margin.",
    ),
    FEED.name: About(
        "Fetching feeds from a host",
        "Our own: feeds of one host are asked one after another.",
        per_host=True,
    ),
    SCRIPT.name: About(
        "Requests to the language model that writes scripts",
        "Our own: protects the model on one machine from overload.",
    ),
    JUDGE.name: About(
        "Requests to the language model that judges safety",
        "Our own: protects the model on one machine from overload.",
    ),
    CREATOR_INFO.name: About(
        "Asking what a creator may post",
        "TikTok: 20 a minute per user token (Content Posting API).",
        per_account=True,
    ),
    INIT.name: About(
        "Announcing direct posts",
        "TikTok: 6 a minute per user token (Content Posting API).",
        per_account=True,
    ),
    INBOX_INIT.name: About(
        "Announcing videos to the creator's inbox",
        "TikTok: 6 a minute per user token (Content Posting API).",
        per_account=True,
    ),
    POSTS.name: About(
        "Direct posts of an account in any 24 hours",
        "TikTok: about 15 direct posts a day per creator, over all apps (Content Sharing "
        "Guidelines).",
        per_account=True,
    ),
    STATUS.name: About(
        "Asking for the status of a post",
        "TikTok: 30 a minute per user token (Content Posting API).",
        per_account=True,
    ),
    VIDEO_QUERY.name: About(
        "Reading the views of published videos",
        "TikTok: 600 a minute per user token (Display API).",
        per_account=True,
    ),
}
"""The page shows only limits that are listed here; a test checks that all are."""


def _fetch(source_id: int) -> list[Limit]:
    columns = Source.select(Source.kind, Source.place)
    source = columns.where(Source.id == source_id).first()
    if source is None or source.kind not in {SourceKind.SUBREDDIT, SourceKind.FEED}:
        return []
    return [REDDIT] if source.kind == SourceKind.SUBREDDIT else [feed_limit(source.place)]


def feed_limit(address: str) -> Limit:
    """The limit that all feeds share that are fetched from the host of ``address``."""
    return REDDIT_FEED if is_reddit(address) else replace(FEED, key=host_of(address))


def _link(story_id: int) -> list[Limit]:
    story = Story.select(Story.link_address).where(Story.id == story_id).first()
    return [feed_limit(story.link_address)] if story is not None and story.link_address else []


def _page(story_id: int) -> list[Limit]:
    story = Story.select(Story.url).where(Story.id == story_id).first()
    return [feed_limit(story.url)] if story is not None and story.url else []


def _script(_story_id: int) -> list[Limit]:
    return [SCRIPT]


def _judge(_story_id: int) -> list[Limit]:
    return [JUDGE]


def _publish(post_id: int) -> list[Limit]:
    """An announced post asks for its status; a post without an upload address is announced."""
    post = Post.get_or_none(Post.id == post_id)
    if post is None:
        return []
    limits = [] if post.publish_id is None else [replace(STATUS, key=str(post.account.id))]
    if post.upload_url is None and post.state != PostState.PROCESSING:
        method = fallback_policy.expected(post, post.account)
        asked = creator_info(post) if method is Method.DIRECT else []
        limits += [replace(limit, later=True) for limit in asked + announcement(post, method)]
    return limits


def creator_info(post: Post) -> list[Limit]:
    """The limits of asking what the post's creator may post."""
    return [replace(CREATOR_INFO, key=str(post.account.id))]


def announcement(post: Post, method: str | None) -> list[Limit]:
    """The limits of announcing the post by ``method``."""
    key = str(post.account.id)
    match method:
        case Method.DIRECT:
            return [replace(INIT, key=key), posts_a_day(post)]
        case Method.INBOX:
            return [replace(INBOX_INIT, key=key)]
        case _:
            return []


def posts_a_day(post: Post) -> Limit:
    """The limit of the account's direct posts; all tries of a post count once."""
    return replace(POSTS, key=str(post.account.id), counted=f"post:{post.id}")


def _confirm(post_id: int) -> list[Limit]:
    post = Post.get_or_none(Post.id == post_id)
    return [replace(STATUS, key=str(post.account.id))] if post is not None else []


STAGE_LIMITS: dict[str, Callable[[int], list[Limit]]] = {
    "fetch": _fetch,
    "link": _link,
    "page": _page,
    "script": _script,
    "judge": _judge,
    "publish": _publish,
    "confirm": _confirm,
}
"""For each limited stage, the limits of one run on a row; a deleted row has none."""


class Limits:
    """The limits as currently set; one instance serves all threads of a process.

    Parameters:
      cache_seconds: how long settings are cached before they are read again.
    """

    def __init__(self, *, cache_seconds: float = NOTICED_SECONDS) -> None:
        self._cache_seconds = cache_seconds
        self._lock = threading.Lock()
        self._read_at = -cache_seconds
        self._figures: dict[str, tuple[int, float]] = {}

    def of(self, stage: str, subject_id: int) -> list[Limit]:
        """The limits of one run of ``stage`` on the row; a connection must be open."""
        wanted = STAGE_LIMITS.get(stage)
        return [self.as_set(limit) for limit in wanted(subject_id)] if wanted else []

    def as_set(self, limit: Limit) -> Limit:
        """The limit with its current figures; a connection must be open."""
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
    """A limit as currently set, and its default."""

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


def current(name: str) -> Limit:
    """The limit with its figures as set now; a connection must be open."""
    row = LimitSetting.select().where(LimitSetting.name == name).first()
    limit = LIMITS[name]
    return replace(limit, count=row.count, seconds=row.seconds) if row is not None else limit


def version_of(limit: Limit) -> str:
    """The version of its figures, for a form that shows them."""
    return versions.of({"count": limit.count, "seconds": float(limit.seconds)})


def set_limit(
    name: str, count: int | None, seconds: float | None, by: str, *, seen: str = ""
) -> None:
    """Change a limit for all workers, within ``NOTICED_SECONDS`` and without a restart.

    Args:
        name: one of ``LIMITS``.
        count: grants in any ``seconds``; 0 stops everything. None: it was not a whole number.
        seconds: the window's length. None: it was not a number.
        by: who decides.
        seen: the version that the form began with, if any.

    Raises:
        InputError: no such limit, or a figure out of range.
        SavedMeanwhileError: it is another version by now.
    """
    _known(name)
    if count is None or not 0 <= count <= MOST_COUNT:
        raise InputError(
            f"Enter how many: a whole number from 0 (stops everything) to {MOST_COUNT:,}.",
            field="count",
        )
    if seconds is None or not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise InputError(
            f"Enter the seconds: from {LEAST_SECONDS:g} to {MOST_SECONDS:,.0f} (30 days).",
            field="seconds",
        )
    figures = {LimitSetting.count: count, LimitSetting.seconds: seconds}
    with db.transaction():
        _check_version(name, seen)
        LimitSetting.insert(name=name, count=count, seconds=seconds).on_conflict(
            conflict_target=[LimitSetting.name], update=figures
        ).execute()
        _changed(name, "limit.set", by, f"{count} in {seconds:g} s")


def reset_limit(name: str, by: str, *, seen: str = "") -> None:
    """Reset the limit to its default.

    Raises:
        InputError: no such limit, or it has its default already.
        SavedMeanwhileError: it is another version than ``seen`` by now.
    """
    default = _known(name)
    with db.transaction():
        _check_version(name, seen)
        if not LimitSetting.delete().where(LimitSetting.name == name).execute():
            raise InputError(f"The limit {name} already has its default.")
        _changed(name, "limit.reset", by, f"{default.count} in {default.seconds:g} s")


def _check_version(name: str, seen: str) -> None:
    """It has a row only once it was changed, so all changes of limits follow one another."""
    if seen:
        db.database.execute_sql("LOCK TABLE limit_setting IN SHARE ROW EXCLUSIVE MODE")
        versions.check(seen, version_of(current(name)), f"limit {name}")


def _known(name: str) -> Limit:
    if name not in LIMITS:
        raise InputError(f"There is no limit {name}: choose one of {', '.join(LIMITS)}.")
    return LIMITS[name]


def waiting_for(limit: Limit) -> str:
    """The reason why a job over the limit waits; ``ledger.explain`` shows it."""
    return f"{_waiting_prefix(limit.name)}{limit.count} in {limit.seconds:g} s)"


def _waiting_prefix(name: str) -> str:
    """How the reason starts; jobs that wait for the limit are found by it."""
    return f"rate limit {name} ("


def _changed(name: str, action: str, by: str, words: str) -> None:
    """Record the change, and let waiting jobs try again once the workers know it."""
    AuditEntry.create(actor=by, action=action, subject=f"limit {name}", reason=words)
    db.database.execute_sql(
        "UPDATE job SET due_at = now() + (%(noticed)s + random()) * interval '1 second', "
        "sent_at = NULL, sends = 0 WHERE id IN (SELECT id FROM job WHERE state = 'waiting' "
        "AND starts_with(waits_for, %(prefix)s) "
        "AND due_at > now() + %(noticed)s * interval '1 second' ORDER BY id FOR NO KEY UPDATE)",
        {"noticed": NOTICED_SECONDS, "prefix": _waiting_prefix(name)},
    )
