"""What a person can change about a failure before it is retried: a post, a story, or a part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from flask import current_app

from adapters.ports import KnownVoice, Voices
from core.errors import InputError
from models import Account, DeadLetter, Part, Post, Story
from pipelines import failures
from pipelines.production.part_text import PartWords
from pipelines.publishing.accounts import account_settings
from pipelines.publishing.posts import post_settings
from pipelines.publishing.posts.post_options import SWITCHES
from pipelines.stages import STAGES
from pipelines.stories import review


@dataclass(frozen=True, slots=True)
class Repair:
    """What the form shows."""

    kind: Literal["post", "story", "part"]
    row: Any
    version: str = ""
    """Of what can be changed."""
    account: Any = None
    """Of a post."""
    voice: str = ""
    """Of the story."""
    voices: tuple[KnownVoice, ...] = ()


def of(letter: DeadLetter) -> Repair | None:
    """The form for a failure; None if nothing about it can be edited."""
    if letter.job is None or letter.subject_id is None or letter.stage not in STAGES:
        return None
    form = FORMS.get(STAGES[letter.stage].subject)
    version = failures.version_of(letter.id)  # first: who saves meanwhile changes what is shown
    shown = form(letter.subject_id) if form else None
    return replace(shown, version=version) if shown else None


def _post(post_id: int) -> Repair | None:
    post = Post.get_or_none(Post.id == post_id)
    if post is None or not post_settings.editable(post):
        return None
    account = Account.select(*account_settings.PLAIN).where(Account.id == post.account)
    return Repair("post", post, account=account.get())


def _part(part_id: int) -> Repair | None:
    part = Part.get_or_none(Part.id == part_id)
    if part is None:
        return None
    return Repair("part", part, voice=part.script.story.voice, voices=_voices())


def _story(story_id: int) -> Repair | None:
    story = Story.get_or_none(Story.id == story_id)
    if story is None or not review.may_be_edited(story):
        return None
    return Repair("story", story, voice=story.voice, voices=_voices())


FORMS = {"Post": _post, "Part": _part, "Story": _story}
"""By a stage's subject: what its form shows of a row."""


def repair(letter: DeadLetter, typed: Mapping[str, str], by: str, *, seconds: int) -> None:
    """Save what was typed, and do the failed work again.

    Raises:
        InputError: something typed can't be used, or nothing about the failure can be edited.
        SavedMeanwhileError: somebody else has changed the same since the form was shown.
        StaleStateError: the failure is already resolved.
    """
    form = of(letter)
    values = {name: value.replace("\r\n", "\n") for name, value in typed.items()}
    voice, seen = values.get("voice", ""), values.get("seen", "")
    match form.kind if form else "":
        case "post":
            title, options = values.get("title", ""), _options(values)
            failures.repair_post(letter.id, by, title, options, seen=seen, seconds=seconds)
        case "story":
            title, text = values.get("title", ""), values.get("text", "")
            failures.repair_story(
                letter.id, by, title, text, _known(voice), seen=seen, seconds=seconds
            )
        case "part":
            words = PartWords(
                *(values.get(name, "") for name in ("hook", "text", "call_to_action"))
            )
            failures.repair_part(letter.id, by, words, _known(voice), seen=seen, seconds=seconds)
        case _:
            raise InputError("Nothing about this failure can be edited: retry or discard it.")


def _options(values: Mapping[str, str]) -> dict[str, str | bool | None]:
    own: dict[str, str | bool | None] = {"privacy": values.get("privacy") or None}
    switches = {"on": True, "off": False}
    return own | {name: switches.get(values.get(name, "")) for name in SWITCHES}


def _known(voice: str) -> str:
    """Raises InputError if this machine has no such voice."""
    if voice and voice not in {known.voice for known in _voices()}:
        raise InputError(f"This machine has no voice {voice}: choose one of the list.")
    return voice


def _voices() -> tuple[KnownVoice, ...]:
    installed: Voices | None = current_app.extensions["voices"]
    return tuple(installed.here()) if installed else ()
