"""What people and services do while the surveyed worker runs, so that every stage has work."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from benchmarks.stages import past
from core.db import transaction
from models import (
    Account,
    Job,
    JobState,
    Method,
    Part,
    Post,
    PostState,
    Script,
    SourceAccount,
    Story,
    Video,
    now,
)
from pipelines import ledger
from pipelines.publishing.accounts import account_settings, connection, session_settings
from pipelines.publishing.scheduling import pins
from pipelines.stories import review
from pipelines.stories.intake import link, whole_text
from sandbox.testing import RunningSandbox
from workers import wiring

WHO = "ada"
PATIENCE = 240.0
CREATORS = {
    Method.DIRECT: "storymill_tales",
    Method.INBOX: "midnight_pages",
    Method.BROWSER: "cuentos_de_bolsillo",
    Method.MANUAL: "quiet_confessions",
}
LEAVES = "just_started_today"
"""A creator whose account is disconnected."""
SHORT = "My neighbour lent me a ladder. I gave it back. He still asks me for it."
ENDS = {
    Method.DIRECT: PostState.PUBLISHED,
    Method.INBOX: PostState.INBOX,
    Method.BROWSER: PostState.PUBLISHED,
    Method.MANUAL: PostState.MANUAL,
}
"""How the post of each method ends."""
T = TypeVar("T")


def connect(sandbox: RunningSandbox) -> dict[str, Account]:
    """The accounts, by method; the source's videos go to them."""
    accounts = {}
    for method, creator in CREATORS.items():
        account = _connected(sandbox, creator)
        account_settings.set_posting(account.id, WHO, privacy="SELF_ONLY", agreed=True)
        account_settings.set_methods(account.id, [method], WHO)
        SourceAccount.create(source=past.SOURCE, account=account)
        accounts[method.value] = account
    return accounts


def _connected(sandbox: RunningSandbox, creator: str) -> Account:
    back_to = "http://127.0.0.1/accounts/callback"
    begun = connection.begin_connect("browser", wiring.authorizer(), back_to)
    back = sandbox.consent(begun, creator)
    return connection.finish_connect(
        "browser", back["state"], back["code"], wiring.authorizer(), back_to
    )


def tell_stories(sandbox: RunningSandbox) -> None:
    """The source has a short story, a near-duplicate and one to skip; others come by a link.

    The fetch is due; its tick begins it.
    """
    known = past.sketched_story()
    told = (("sv1", "The ladder", SHORT), ("sv2", known.title, known.body), ("sv3", "Gone", ""))
    for name, title, body in told:
        sandbox.add_story(id=name, subreddit=past.PLACE, title=title, body=body, score=50)
    link.add_link(f"{sandbox.reddit_url}/r/sandboxnights/.rss", WHO)


def complete_excerpt(sandbox: RunningSandbox) -> None:
    """A story of which only the beginning came gets its whole text from its page."""
    story = until(lambda: _prepared("sv2"), "the near-duplicate is prepared")
    address = f"{sandbox.reddit_url}/r/{past.PLACE}/comments/sv2/"
    beginning = f"{story.body[:200]} […]"
    Story.update(excerpt=True, url=address, body=beginning).where(Story.id == story.id).execute()
    whole_text.ask(story.id, WHO)


def lose_file(account: Account) -> None:
    """A post that was planned long ago is due, but its video's file is gone."""
    planned = Post.select().where(Post.account == account, Post.state == PostState.PLANNED)
    lost = planned.order_by(Post.scheduled_at).first()
    video = lost.video
    Video.update(spoken_key=video.part.spoken_key).where(Video.id == video.id).execute()
    pins.pin(lost.id, now(), WHO)


def post() -> None:
    """Approve the short story, and post its video by every method at once."""
    story = until(lambda: _prepared("sv1"), "the story is prepared")
    review.approve(story.id, WHO)
    posts = until(lambda: _posts(story.id), "the video is ready")
    for each in posts:
        if each.account.methods == [Method.DIRECT]:  # it has a queue
            pins.pin(each.id, now(), WHO)
    until(lambda: not _on_their_way(story.id), "the post of each method ends")


def disconnect(sandbox: RunningSandbox) -> None:
    """A creator's account is connected, and disconnected again."""
    connection.disconnect(_connected(sandbox, LEAVES).id, WHO)


def import_session(sandbox: RunningSandbox, account: Account) -> None:
    """The creator's cookies are imported, and checked."""
    creator = CREATORS[Method.BROWSER]
    cookies = sandbox.browser_session(creator)
    session_settings.set_browser_session(
        account.id, cookies, WHO, username=creator, site="127.0.0.1"
    )
    with transaction():
        ledger.enqueue("browser", account.id)


def settled() -> bool:
    """Whether no job is due or running, but for those of the past."""
    soon = now() + timedelta(hours=1)
    running = (Job.state == JobState.RUNNING) & (Job.lease_until < soon)
    due = (Job.state == JobState.WAITING) & (Job.due_at <= now())
    return not Job.select().where(running | due).exists()


def until(happened: Callable[[], T | None], what: str) -> T:
    """The first true answer."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := happened()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"It has not happened within {PATIENCE:.0f} s that {what}.")
        time.sleep(0.1)
    return answer


def _prepared(name: str) -> Story | None:
    story = Story.get_or_none(Story.external_id == f"reddit:t3_{name}")
    return story if story is not None and story.language and story.state != "fetched" else None


def _posts(story_id: int) -> list[Post]:
    made = Video.select(Video.id).join(Part).join(Script).where(Script.story == story_id)
    return list(Post.select().where(Post.video.in_(made)))


def _on_their_way(story_id: int) -> list[Post]:
    """The story's posts that have not ended as those of their method do."""
    posts = _posts(story_id)
    return [post for post in posts if post.state != ENDS[post.account.methods[0]]]
