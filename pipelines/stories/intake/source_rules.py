"""What can't be set on a source, in a sentence for each setting."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from models import Account, Channel, Source, SourceKind
from pipelines.stories.intake.source_settings import (
    ALL,
    ANSWERED,
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
"""One, or several that are read as one."""
_WRITTEN = re.compile(r"(?:https?://(?:\w+\.)?reddit\.com)?/?(?:r/)?(?P<name>[^/]*)/?")
"""How people write a subreddit."""

Values = Mapping[str, Any]


def problems(source: Source, values: Values) -> dict[str, str]:
    """What is wrong with ``values`` for ``source``, by the name of each setting.

    Args:
        source: as it is now; without an id where it is to be made.
        values: by the names of ``ALL``, with ``channel`` (an id or None) and ``accounts`` (ids).
            What is not in them is not looked at.
    """
    wrong = {
        setting.name: told
        for setting in ALL
        if setting.name in values and (told := _problem(setting, values[setting.name]))
    }
    good = {name: value for name, value in values.items() if name not in wrong}
    for name, also, check in _CHECKS:
        if {name, *also} <= good.keys() and (told := check(source, good)):
            wrong[name] = told
    return wrong


def tidy(kind: str, place: str) -> str:
    """A place as it is kept: without what only a person writes around it."""
    place = place.strip()
    match kind:
        case SourceKind.SUBREDDIT if match := _WRITTEN.fullmatch(place):
            return match["name"]
        case SourceKind.SAVED_LISTING | SourceKind.CSV | SourceKind.FOLDER if place:
            try:
                return str(Path(place).expanduser())
            except RuntimeError:  # the home of nobody
                return place
        case _:
            return place


def _problem(setting: Setting, value: Any) -> str:
    match setting:
        case Switch():
            good, told = isinstance(value, bool), "Say yes or no."
        case Figure(least=least, most=most):
            whole = isinstance(value, int) and not isinstance(value, bool)
            good, told = whole and least <= value <= most, f"A number between {least} and {most}."
        case Share():
            good = isinstance(value, int | float) and 0 <= value <= 1
            told = "A number between 0 and 1."
        case Choice(choices=choices):
            good, told = value in choices, f"One of {', '.join(choices)}."
        case Text(pattern=pattern, wanted=told) if pattern:
            good = isinstance(value, str) and bool(re.fullmatch(pattern, value))
        case Text(longest=longest):
            good = isinstance(value, str) and len(value) <= longest and "\0" not in value
            told = f"At most {longest} letters."
        case _:
            raise TypeError(setting)
    return "" if good else told


# ── settings that hang on others, or on what else is there ───────────────────────────────────


def _name(source: Source, values: Values) -> str:
    name = values["name"].strip()
    if not name:
        return "Give it a name."
    others = Source.select().where(Source.name == name, Source.id != (source.id or 0))
    return taken(name) if others.exists() else ""


def taken(name: str) -> str:
    return f"There is a source {name} already; choose another name."


def _kind(source: Source, values: Values) -> str:
    was = source.kind if source.id else SourceKind.SUBREDDIT
    if values["kind"] != was and SourceKind.PASTE in {values["kind"], was}:
        return "Pasted texts have one source of their own, and it stays theirs."
    return ""


def _place(source: Source, values: Values) -> str:
    kind, place = values["kind"], tidy(values["kind"], values["place"])
    if source.id and (kind, place) == (source.kind, source.place):
        return ""  # what is away just now can still be switched off
    match kind:
        case SourceKind.PASTE:
            return "Pasted texts have no place: leave it empty." if place else ""
        case SourceKind.SUBREDDIT:
            return "" if _SUBREDDITS.fullmatch(place) else "A subreddit's name, such as tifu."
        case SourceKind.FEED:
            return "" if is_address(place) else "An address that begins with https://."
        case _:
            return _path(Path(place), folder=kind == SourceKind.FOLDER)


def _path(path: Path, *, folder: bool) -> str:
    if not path.is_absolute():
        return "Give the whole path, from its first /."
    try:
        there = path.is_dir() if folder else path.is_file()
    except OSError as error:
        return f"It can't be looked at ({error.strerror}): correct it."
    return "" if there else f"There is no such {'folder' if folder else 'file'} on this machine."


def is_address(place: str) -> bool:
    """Whether it is a whole address of the web."""
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
    return "Nothing of this kind tells a score, so all would be skipped: set it to 0."


def _answers(_: Source, values: Values) -> str:
    if values["kind"] in ANSWERED or not values["answers"]:
        return ""
    return "Only a subreddit and a saved listing have answers: set it to 0."


def _words(_: Source, values: Values) -> str:
    falls = values["max_words"] < values["min_words"]
    return "Must not be below the least words." if falls else ""


def _flag(_: Source, values: Values) -> str:
    falls = values["flag_from"] < values["warn_from"]
    return "Must not be below the score that warns." if falls else ""


def _channel(_: Source, values: Values) -> str:
    chosen = values["channel"]
    there = chosen is None or Channel.select().where(Channel.id == chosen).exists()
    return "" if there else "This channel is gone: choose another."


def _accounts(_: Source, values: Values) -> str:
    chosen = set(values["accounts"])
    there = Account.select().where(Account.id.in_(chosen)).count() if chosen else 0
    return "" if there == len(chosen) else "One of these accounts is gone: choose again."


_CHECKS: tuple[tuple[str, tuple[str, ...], Callable[[Source, Values], str]], ...] = (
    ("name", (), _name),
    ("kind", (), _kind),
    ("place", ("kind",), _place),
    ("answers", ("kind",), _answers),
    ("min_score", ("kind",), _score),
    ("max_words", ("min_words",), _words),
    ("flag_from", ("warn_from",), _flag),
    ("channel", (), _channel),
    ("accounts", (), _accounts),
)
"""The setting that is judged, those that it is judged by, and how."""
