"""The addresses of the back office that are measured: each list, filter, search and view.

Filters are asked for what is frequent and what is rare, for what is new and what is long ago, and
lists are opened at their beginning, deep inside and at their end.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from admin.failures.causes import CAUSES
from admin.lists.account_list import SORTS, TABS
from benchmarks.admin import prose
from core.db import database
from models import JobState, Method, PostState, StoryState, VideoState, now
from pipelines.stages import STAGES

API = "/api/v1"


class Visit(NamedTuple):
    address: str
    page: str
    """Which page it is, for the table."""


class Places(NamedTuple):
    """Ids that the addresses need."""

    stories: int
    parts: int
    posts: int
    jobs: int
    letters: int
    entries: int
    waiting: int
    """A waiting story."""
    scripted: int
    """A story with videos."""
    published: int
    planned: int
    large: int
    """The account with the most posts."""
    small: int
    letter: int
    """An open failure."""


def places() -> Places:
    cursor = database.execute_sql(
        """
        SELECT (SELECT max(id) FROM story), (SELECT max(id) FROM part), (SELECT max(id) FROM post),
               (SELECT max(id) FROM job), (SELECT max(id) FROM dead_letter),
               (SELECT max(id) FROM audit_entry),
               (SELECT min(id) FROM story WHERE state = 'waiting'),
               (SELECT max(story_id) FROM script), (SELECT max(id) FROM post
                WHERE state = 'published'), (SELECT max(id) FROM post WHERE state = 'planned'),
               (SELECT account_id FROM post GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1),
               (SELECT account_id FROM post GROUP BY 1 ORDER BY count(*), 1 LIMIT 1),
               (SELECT max(id) FROM dead_letter WHERE resolved_at IS NULL)
        """
    )
    return Places(*cursor.fetchone())


def all_visits(at: Places) -> list[Visit]:
    return [*_work(at), *_calendar(at), *_insight(at), *_operations(at), *_api(at)]


def _work(at: Places) -> Iterator[Visit]:
    for path in ("/", "/live.json"):
        yield Visit(path, "home")
    for text in (*SEARCHES, str(at.published), f"https://redd.it/{at.scripted:07x}"):
        yield Visit(f"/search/?q={text}", "search")
        yield Visit(f"/stories/?search={text}", "stories")
    for query in (
        *("", *(f"state={state}" for state in StoryState)),
        *("of=s1", "of=s59", "of=s60", "of=s75", "of=c2", "state=waiting&of=s59"),
        *("state=flagged&of=s58", "state=approved&of=c2", "state=scripted&of=s75"),
        *(f"before={at.stories // 2}", f"before={at.stories // 2}&state=flagged", "after=1"),
        *("before=60", "state=waiting&search=neighbour", "state=approved&search=neighbour"),
        *("search=ladder&of=s59", "search=neighbour&of=s1", "state=waiting&search=ladder&of=c2"),
    ):
        yield Visit(f"/stories/?{query}", "stories")
    for story in (at.waiting, at.scripted, at.stories, 1):
        yield Visit(f"/stories/{story}", "a story")
    yield Visit(f"/stories/{at.scripted}/live.json", "a story")
    yield Visit(f"/stories/{at.waiting}/edit", "a story")
    for state in ("", "making", "failed", *VideoState):
        yield Visit(f"/videos/?state={state}", "videos")
    yield Visit(f"/videos/?state=ready&before={at.parts // 2}", "videos")
    yield Visit("/videos/?state=rejected&before=200", "videos")
    for part in (at.parts, at.parts // 2, 1):
        yield Visit(f"/videos/{part}", "a video")
    for query in (
        *("", *(f"state={state}" for state in PostState), *(f"method={m}" for m in Method)),
        *(f"account={at.large}", f"account={at.small}", f"before={at.posts // 2}", "after=1"),
        *(f"account={at.large}&state=failed", f"account={at.small}&state=published"),
        *(f"account={at.large}&method=browser", f"account={at.small}&method=manual"),
        *("state=published&method=browser", "state=manual&method=inbox"),
        *(f"state=parked&method=browser&account={at.large}",),
        *(f"state=published&method=manual&account={at.small}&before={at.posts // 3}",),
    ):
        yield Visit(f"/posts/?{query}", "posts")
    for post in (at.published, at.planned, 1):
        yield Visit(f"/posts/{post}", "a post")
    for query in ("", f"account={at.large}", f"account={at.small}"):
        yield Visit(f"/manual/?{query}", "manual posts")
    yield Visit("/undo/", "undo")


def _calendar(at: Places) -> Iterator[Visit]:
    month_ago = (now() - timedelta(days=30)).date()
    for view in ("week", "month", "agenda"):
        for whose in ("", f"&account={at.large}", f"&account={at.small}", "&group=group 3"):
            yield Visit(f"/calendar/?view={view}{whose}", "calendar")
            yield Visit(f"/calendar/?view={view}{whose}&on={month_ago}", "calendar")
    yield Visit("/calendar/?view=week&page=10", "calendar")
    moment = now().isoformat().replace("+00:00", "Z")
    yield Visit(f"/calendar/?view=agenda&after={moment}&id=1", "calendar")
    yield Visit(f"/calendar/fill?account={at.large}&at={moment}", "calendar")
    yield Visit(f"/calendar/{at.planned}/time", "calendar")
    yield Visit(f"/calendar/check?post={at.planned}&account={at.small}&at={moment}", "calendar")


def _insight(at: Places) -> Iterator[Visit]:
    for by in ("overview", "videos", "accounts", "sources", "hours", "hooks", "parts"):
        for days in (7, 30, 90):
            yield Visit(f"/insights/?by={by}&days={days}", "insights")
        yield Visit(f"/insights/?by={by}&days=90&account={at.large}", "insights")
    yield Visit(f"/insights/{at.published}", "insights")


def _operations(at: Places) -> Iterator[Visit]:
    for query in (
        *("", *(f"sort={sort}" for sort in SORTS), *(f"state={tab}" for tab in TABS)),
        *("group=group 3", "search=account_1", "search=new_york"),
    ):
        yield Visit(f"/accounts/?{query}", "accounts")
    for account in (at.large, at.small):
        yield Visit(f"/accounts/{account}", "an account")
    yield Visit("/accounts/selected/pause", "pause of all accounts")
    for path in ("", "?show=archived", "new", "1/edit", "1/archive"):
        yield Visit(f"/sources/{path}", "sources")
    for query in ("", "outcome=taken", "outcome=skipped", "outcome=known", "before=500"):
        yield Visit(f"/sources/1/outcomes?{query}", "a source")
        yield Visit(f"/sources/58/outcomes?{query}", "a source")
    yield Visit("/channels/", "channels")
    for query in (
        *("", "show=resolved", f"show=resolved&before={at.letters // 2}", "channel=2"),
        *(f"cause={cause.name}" for cause in CAUSES),
        *(f"account={at.large}", f"account={at.small}", f"cause=voice&account={at.large}"),
        *(f"cause=away&channel=2&account={at.small}", f"before={at.letters // 2}"),
    ):
        yield Visit(f"/failures/?{query}", "failures")
    yield Visit(f"/failures/{at.letter}", "a failure")
    yield Visit(f"/failures/{at.letter}/log", "a failure")
    for query in (
        *("", *(f"state={state}" for state in JobState), *(f"stage={stage}" for stage in STAGES)),
        *("held_up=1", "waited_long=1", f"before={at.jobs // 2}", "state=done&before=9"),
        *("state=done&stage=mail", "state=cancelled&stage=render", "state=dead&stage=prepare"),
        *(f"state=done&stage=render&before={at.jobs // 2}", "state=waiting&stage=publish"),
    ):
        yield Visit(f"/jobs/?{query}", "jobs")
    for name in (
        *("limits", "schedules", "webhooks", "subscriptions", "users", "api-tokens", "me"),
        "getting-started",
    ):
        yield Visit(f"/{name}/", name)
    yield Visit("/subscriptions/1", "subscriptions")
    for query in (
        *("", "actor=emil", "actor=vera", "actor=nobody", "action=story.approve"),
        *("action=user.recovery_codes", "action=nothing", f"subject=story {at.scripted}"),
        *("actor=vera&action=story.approve", "actor=emil&action=user.recovery_codes"),
        *(f"before={at.entries // 2}", "actor=emil&before=900", "action=post.pin&before=900"),
        *("actor=vera&action=post.pin", "after=1"),
    ):
        yield Visit(f"/audit/?{query}", "audit log")


def _api(at: Places) -> Iterator[Visit]:
    deep = f"cursor=b{at.stories // 2:x}"
    for path in (
        *("stories", "stories?state=flagged", f"stories?{deep}", "stories?source=59"),
        *("stories?channel=2&state=approved", "stories?search=ladder", "stories?search=the"),
        *(f"stories?search={prose.RAREST}", "stories?limit=200", f"stories/{at.scripted}"),
        *("scripts", "scripts?cursor=b500", "scripts?limit=200"),
        *("videos", "videos?state=rejected", "videos?state=review", "videos?cursor=b500"),
        *("posts", "posts?state=failed", "posts?method=browser", f"posts?account={at.small}"),
        *(f"posts?account={at.large}&method=browser", "posts?state=published&method=browser"),
        *(f"posts/{at.published}", f"posts/{at.published}/counts", "posts?cursor=b500"),
        *("jobs", "jobs?state=done&stage=mail", "jobs?state=cancelled", "jobs?stage=browser"),
        *("failures", "failures?resolved=true", "failures?stage=mail", "failures?cause=poison"),
        *("failures?resolved=true&stage=mail", f"failures?account={at.small}"),
        *("failures?resolved=true&cause=poison", f"failures?resolved=true&account={at.small}"),
        *("audit", "audit?action=user.recovery_codes", "audit?actor=vera&action=post.pin"),
        *("accounts", "sources", "sources/1/outcomes", "sources/58/outcomes", "channels"),
        *("limits", "schedules", "users", "webhooks", "webhooks/1/deliveries", "undo", "settings"),
        *("insights?days=90", "insights/compared?by=sources&days=90", "insights/days?days=90"),
        *("insights/suggestions?days=90", f"insights/suggestions?days=90&account={at.large}"),
    ):
        yield Visit(f"{API}/{path}", "API")


SEARCHES = (
    *(prose.RAREST, "barcalby", "beekeeper", "ladder", "neighbour", "neighbour ladder", "lad"),
    *("the", "the ladder", "my", "nothinglikeit", "@account.17", "unheard of"),
)
