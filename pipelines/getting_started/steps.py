"""The first steps: what is on record about each, and what is missing.

A step is done by what is on record, never because somebody said so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models import Account, AccountState, Channel, Job, JobState, PostState, Source, Story
from pipelines.getting_started import subjects
from pipelines.getting_started.checks import Check, Checks

PROCESSES = ("network", "cpu", "gpu", "schedule")
"""Each reports in Redis that it is alive."""
MOST_COUNTED = 100
UNCHECKED = "Not checked yet. The page Getting started checks it when you open it."


class StepName(StrEnum):
    PROCESSES = "processes"
    KEYS = "keys"
    ACCOUNT = "account"
    SOURCE = "source"
    CHANNEL = "channel"
    STORY = "story"
    POST = "post"


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        name: which one.
        title: what to do.
        done: whether it is.
        sentence: what is on record, or what is missing.
        faulty: whether the sentence says that something doesn't work.
    """

    name: StepName
    title: str
    done: bool
    sentence: str
    faulty: bool = False


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """All steps, in their order, and what they are about."""

    steps: tuple[Step, ...]
    account: Account | None
    source: Source | None
    channel: Channel | None
    story: Story | None
    post: Any
    """The post that is furthest; None without one."""
    in_review: bool
    """Whether a video waits for a person, and no post is there yet."""
    waiting: int
    """Stories that wait for approval, of the newest ``MOST_COUNTED``."""

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def next(self) -> Step | None:
        """The first step that isn't done."""
        return next((step for step in self.steps if not step.done), None)

    @property
    def complete(self) -> bool:
        """Whether everything on record is done. Processes come and go, so they don't count."""
        return all(step.done for step in self.steps if step.name != StepName.PROCESSES)


def first_steps(checks: Checks, alive: Collection[str] | None, *, owner: bool) -> FirstSteps:
    """The steps of an owner, or of an editor, who can't start processes or set keys.

    Args:
        checks: for their last results.
        alive: the processes that have reported themselves; None if Redis doesn't answer.
        owner: whether an owner asks.
    """
    account, source = subjects.account(), subjects.source()
    channel, story = subjects.channel(), subjects.approved()
    post, number = subjects.post(), len(subjects.waiting(MOST_COUNTED))
    in_review = post is None and story is not None and subjects.in_review()
    steps = (
        *((_processes(alive), _keys(checks)) if owner else ()),
        _account(checks, account),
        _source(source),
        _channel(checks, channel),
        _story(story, number),
        _post(story, post, in_review=in_review),
    )
    return FirstSteps(steps, account, source, channel, story, post, in_review, number)


def _processes(alive: Collection[str] | None) -> Step:
    title = "Start every process"
    if alive is None:
        sentence = "Redis doesn't answer. Check REDIS_URL, and that Redis runs."
        return Step(StepName.PROCESSES, title, False, sentence, faulty=True)
    missing = [name for name in PROCESSES if name not in alive]
    if not missing:
        sentence = "PostgreSQL and Redis answer, and so does every process."
        return Step(StepName.PROCESSES, title, True, sentence)
    sentence = (
        f"Nothing is heard from {', '.join(missing)}. scripts/manage run starts every process; "
        "the files in var/log say why one ended."
    )
    return Step(StepName.PROCESSES, title, False, sentence, faulty=True)


def _keys(checks: Checks) -> Step:
    title = "Set the keys of your TikTok app"
    if not checks.subject(Check.TIKTOK):
        sentence = (
            "TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET are missing. Copy them from your app at "
            "developers.tiktok.com into the environment, then restart."
        )
        return Step(StepName.KEYS, title, False, sentence)
    return _checked(
        StepName.KEYS, title, checks, Check.TIKTOK, "TikTok knows the app and its secret."
    )


def _account(checks: Checks, account: Account | None) -> Step:
    title = "Connect your first account"
    if account is None:
        sentence = "Sign in on TikTok's page and allow this app to post."
        if not checks.config.tiktok_client_key:
            sentence = "The keys of the TikTok app come first."
        return Step(StepName.ACCOUNT, title, False, sentence)
    name = subjects.name_of(account)
    if account.state != AccountState.CONNECTED:
        sentence = f"The authorization of {name} has ended. Connect it again."
        return Step(StepName.ACCOUNT, title, False, sentence, faulty=True)
    if not account.privacy:
        sentence = f"{name} is connected. Choose who can see its posts."
        return Step(StepName.ACCOUNT, title, False, sentence)
    works = f"{name} is connected, and TikTok accepts its token."
    return _checked(StepName.ACCOUNT, title, checks, Check.ACCOUNT, works)


def _source(source: Any) -> Step:
    title = "Add your first source"
    if source is None:
        sentence = "A subreddit, a feed, a file or a folder. Or paste a story yourself."
        return Step(StepName.SOURCE, title, False, sentence)
    if source.gave:
        return Step(StepName.SOURCE, title, True, f"{source.name} gives stories.")
    if source.last_error:
        return Step(StepName.SOURCE, title, False, str(source.last_error), faulty=True)
    fetching = Job.select(Job.id).where(
        Job.stage == "fetch",
        Job.subject_id == source.id,
        Job.state.in_([JobState.WAITING, JobState.RUNNING]),
    )
    if fetching.exists() or source.last_fetched_at is None:
        sentence = f"{source.name} is being fetched."
        return Step(StepName.SOURCE, title, False, sentence)
    sentence = f"{source.name} has given no story that fits. Its history says why."
    return Step(StepName.SOURCE, title, False, sentence, faulty=True)


def _channel(checks: Checks, channel: Any) -> Step:
    title = "Choose a voice and a look"
    if channel is None:
        sentence = "A channel is a voice, captions, background and music. Hear and see it first."
        return Step(StepName.CHANNEL, title, False, sentence)
    if not channel.used:
        sentence = f"No source uses {channel.name} yet. Choose it on a source's page."
        return Step(StepName.CHANNEL, title, False, sentence)
    voice = subjects.voice_of(channel, checks.config)
    return _checked(
        StepName.CHANNEL, title, checks, Check.VOICE, f"{channel.name} is told by {voice}."
    )


def _story(story: Story | None, number: int) -> Step:
    title = "Approve your first story"
    if story is not None:
        return Step(StepName.STORY, title, True, f"“{story.title}” is approved.")
    if not number:
        return Step(StepName.STORY, title, False, "No story waits yet.")
    sentence = "One story waits for you." if number == 1 else f"{number} stories wait for you."
    return Step(StepName.STORY, title, False, sentence)


def _post(story: Story | None, post: Any, *, in_review: bool) -> Step:
    title = "Publish your first post"
    if post is not None:
        done, sentence = _how_far(post)
        stopped = post.state in {PostState.PARKED, PostState.FAILED}
        return Step(StepName.POST, title, done, sentence, faulty=stopped)
    if in_review:
        sentence = "A video waits for your review. Then it is posted."
    elif story is not None:
        sentence = f"“{story.title}” is becoming a video. Then it is posted by itself."
    else:
        sentence = "Once a story is approved, its video is made and posted by itself."
    return Step(StepName.POST, title, False, sentence)


def _how_far(post: Any) -> tuple[bool, str]:
    """Whether the post is out, and a sentence that says so, or where it is."""
    told, name = f"“{post.told}”", subjects.name_of(post)
    match post.state:
        case PostState.PUBLISHED:
            return True, f"{told} is published on {name}."
        case PostState.INBOX:
            return True, f"{told} is in the inbox of {name}. Finish it in TikTok's app."
        case PostState.PLANNED:
            return False, f"{told} is scheduled on {name}."
        case PostState.MANUAL:
            return False, f"{told} waits for a person to post it on {name}."
        case PostState.PARKED | PostState.FAILED:
            return False, str(post.reason)
        case _:
            return False, f"{told} is being posted on {name}."


def _checked(name: StepName, title: str, checks: Checks, check: Check, works: str) -> Step:
    """A step that is done when its check has succeeded."""
    result = checks.result(check)
    if result is None:
        return Step(name, title, False, UNCHECKED)
    if result.ok:
        return Step(name, title, True, works)
    return Step(name, title, False, str(result.sentence), faulty=True)
