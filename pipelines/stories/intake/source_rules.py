"""Checks the settings of a source; each problem is a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from core.files.intake_folder import IntakeFolder
from core.text.addresses import is_masked, public_part
from models import Account, Channel, Source, SourceKind
from pipelines.stories.intake.source_settings import (
    ALL,
    ANSWERED,
    OF_FILES,
    SCORED,
    Choice,
    Figure,
    Setting,
    Share,
    Switch,
    Text,
)

_SUBREDDIT = r"[A-Za-z0-9][A-Za-z0-9_]{1,20}"
_SUBREDDITS = re.compile(rf"{_SUBREDDIT}(\+{_SUBREDDIT})*")
"""One subreddit, or several joined with "+"."""
_WRITTEN = re.compile(r"(?:https?://(?:\w+\.)?reddit\.com)?/?(?:r/)?(?P<name>[^/]*)/?")
"""The forms in which people write a subreddit."""

Values = Mapping[str, Any]


def problems(source: Source, values: Values, intake: IntakeFolder) -> dict[str, str]:
    """What is wrong with ``values`` for ``source``, by the name of each setting.

    Args:
        source: as it is now; without an id for a new source.
        values: by the names of ``ALL``, with ``channel`` (an id or None) and ``accounts`` (ids).
            Settings that are absent are not checked.
        intake: where files and folders are read from.
    """
    wrong = {
        setting.name: problem
        for setting in ALL
        if setting.name in values and (problem := _problem(setting, values[setting.name]))
    }
    good = {name: value for name, value in values.items() if name not in wrong}
    for name, also, check in _CHECKS:
        if {name, *also} <= good.keys() and (problem := check(source, good)):
            wrong[name] = problem
    if {"kind", "place"} <= good.keys() and (problem := _place(source, good, intake)):
        wrong["place"] = problem
    return wrong


def tidy(kind: str, place: str) -> str:
    """A place as stored: a bare subreddit name, no surrounding spaces."""
    place = place.strip()
    match kind:
        case SourceKind.SUBREDDIT if match := _WRITTEN.fullmatch(place):
            return match["name"]
        case _:
            return place


def _problem(setting: Setting, value: Any) -> str:
    match setting:
        case Switch():
            good, wanted = isinstance(value, bool), "Must be yes or no."
        case Figure(least=least, most=most):
            whole = isinstance(value, int) and not isinstance(value, bool)
            good = whole and least <= value <= most
            wanted = f"Must be a whole number from {least} to {most}."
        case Share():
            good = isinstance(value, int | float) and 0 <= value <= 1
            wanted = "Must be a number from 0 to 1."
        case Choice(choices=choices):
            good, wanted = value in choices, f"Must be one of {', '.join(choices)}."
        case Text(pattern=pattern, wanted=wanted) if pattern:
            good = isinstance(value, str) and bool(re.fullmatch(pattern, value))
        case Text(longest=longest):
            good = isinstance(value, str) and len(value) <= longest and "\0" not in value
            wanted = f"Can have at most {longest} characters."
        case _:
            raise TypeError(setting)
    return "" if good else wanted


# ── settings that depend on other settings or rows ───────────────────────────────────────────


def _name(source: Source, values: Values) -> str:
    name = values["name"].strip()
    if not name:
        return "Enter a name."
    others = Source.select().where(Source.name == name, Source.id != (source.id or 0))
    return taken(name) if others.exists() else ""


def taken(name: str) -> str:
    return f"A source named {name} already exists; choose another name."


def _kind(source: Source, values: Values) -> str:
    was = source.kind if source.id else SourceKind.SUBREDDIT
    if values["kind"] != was and SourceKind.PASTE in {values["kind"], was}:
        return "The kind “paste” is only for the one source of pasted stories."
    return ""


def _place(source: Source, values: Values, intake: IntakeFolder) -> str:
    kind, place = values["kind"], tidy(values["kind"], values["place"])
    if source.id and (kind, place) == (source.kind, source.place):
        return ""  # a source whose file is missing can still be switched off
    match kind:
        case SourceKind.PASTE:
            return "Pasted stories have no place: leave it empty." if place else ""
        case SourceKind.SUBREDDIT if public_part(place).endswith(".rss"):
            return "This is the address of a feed: choose that kind for it."
        case SourceKind.SUBREDDIT:
            good = _SUBREDDITS.fullmatch(place)
            return "" if good else "Must be a subreddit name, such as tifu."
        case SourceKind.FEED:
            return _feed(place)
        case _:
            no_import = values.get("enabled") and not place  # an import was read once
            missing = "Give a file or folder, or upload it." if no_import else ""
            return missing or path_problem(kind, place, intake)


def _feed(place: str) -> str:
    if is_masked(place):
        return "Enter the whole address again: a part of this one is hidden."
    return "" if is_address(place) else "Must be an address that starts with https://."


def path_problem(kind: str, place: str, intake: IntakeFolder) -> str:
    """Why a source of that kind can't read its file or folder; empty if it can, or reads none."""
    if kind not in OF_FILES or not place:
        return ""
    return intake.refusal(intake.place(place), folder=kind == SourceKind.FOLDER)


def is_address(place: str) -> bool:
    """Whether it is a full web address."""
    try:
        parts = urlsplit(place)
        _ = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", place)
    )


def _score(_: Source, values: Values) -> str:
    if values["kind"] in SCORED or not values["min_score"]:
        return ""
    return "This kind of source has no scores, so every story would be skipped: set it to 0."


def _answers(_: Source, values: Values) -> str:
    if values["kind"] in ANSWERED or not values["answers"]:
        return ""
    return "Only a subreddit and a saved listing have answers: set it to 0."


def _words(_: Source, values: Values) -> str:
    falls = values["max_words"] < values["min_words"]
    return "Must not be below the minimum words." if falls else ""


def _flag(_: Source, values: Values) -> str:
    falls = values["flag_from"] < values["warn_from"]
    return "Must not be below “Warn from”." if falls else ""


def _channel(_: Source, values: Values) -> str:
    chosen = values["channel"]
    there = chosen is None or Channel.select().where(Channel.id == chosen).exists()
    return "" if there else "This channel was removed: choose another."


def _accounts(_: Source, values: Values) -> str:
    chosen = set(values["accounts"])
    there = Account.select().where(Account.id.in_(chosen)).count() if chosen else 0
    return "" if there == len(chosen) else "One of these accounts was removed: choose again."


_CHECKS: tuple[tuple[str, tuple[str, ...], Callable[[Source, Values], str]], ...] = (
    ("name", (), _name),
    ("kind", (), _kind),
    ("answers", ("kind",), _answers),
    ("min_score", ("kind",), _score),
    ("max_words", ("min_words",), _words),
    ("flag_from", ("warn_from",), _flag),
    ("channel", (), _channel),
    ("accounts", (), _accounts),
)
"""The setting to check, the other settings that the check needs, and the check."""
