"""Adds, changes and removes channels; the audit log records who made each change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peewee import IntegrityError

from adapters.ports import NO_MUSIC, ComposedMusic, DrawnBackground, Voices
from core.db import transaction
from core.errors import InputError
from core.settings import WORDS_PER_MINUTE
from models import AuditEntry, Channel, Source, SplitBy, Tone
from pipelines import versions
from pipelines.production.captions.caption_style import CaptionStyle
from pipelines.production.narration import channel_pronunciations
from pipelines.stories.intake import sources

PART_SECONDS = (20, 600)
_MOST_LETTERS = {"name": 80, "voice": 300, "quote_voice": 300, "background": 120, "music": 120}


@dataclass(frozen=True, slots=True)
class Offer:
    """The voices, backgrounds and music that channels can choose on this machine.

    Attributes:
        voices: all installed voices.
        background_dir: the operator's clips, one folder per mood; None if loops are drawn.
        music_dir: the operator's tunes, likewise; None if music is composed.
    """

    voices: Voices
    background_dir: Path | None = None
    music_dir: Path | None = None

    @property
    def clips(self) -> list[str]:
        return _moods(self.background_dir)

    @property
    def drawn(self) -> list[str]:
        """Drawn backgrounds, except where a folder has the same name."""
        return _without(DrawnBackground, self.clips)

    @property
    def tunes(self) -> list[str]:
        return _moods(self.music_dir)

    @property
    def composed(self) -> list[str]:
        """Moods of composed music, except where a folder has the same name."""
        return _without(ComposedMusic, self.tunes)


def version_of(channel: Channel) -> str:
    """The version of its settings, for a form that shows them."""
    return versions.of(channel.__data__)


def save(
    channel_id: int | None,
    chosen: Mapping[str, Any],
    by: str,
    offer: Offer,
    seen: str = "",
    *,
    used_by: Iterable[int] = (),
) -> Channel:
    """Add or change a channel.

    The change applies to stories narrated, captioned or rendered from now on; finished work is
    not redone.

    Args:
        channel_id: the channel; None adds one.
        chosen: a value for every field of the table.
        by: who changes it.
        offer: what it may choose.
        seen: the version that the form began with, if any.
        used_by: ids of sources; those that have no channel use this one.

    Raises:
        InputError: a value is invalid, or the channel was removed; the message says which.
        SavedMeanwhileError: it is another version by now.
    """
    values = {
        "name": _text(chosen, "name"),
        "tone": _one_of(Tone, chosen["tone"], "tone"),
        "voice": _voice(chosen, "voice", offer.voices),
        "quote_voice": _voice(chosen, "quote_voice", offer.voices),
        "pronunciations": channel_pronunciations.parse(chosen["pronunciations"]),
        "words_per_minute": _figure(
            chosen["words_per_minute"], WORDS_PER_MINUTE, "The pace", "words a minute"
        ),
        "split_by": _one_of(SplitBy, chosen["split_by"], "split method"),
        "caption_style": asdict(CaptionStyle.parse(chosen["caption_style"])),
        "background": _mood(chosen, "background", [*offer.clips, *offer.drawn], "BACKGROUND_DIR"),
        "music": _mood(chosen, "music", [*offer.tunes, *offer.composed, NO_MUSIC], "MUSIC_DIR"),
        **_part_seconds(chosen),
    }
    if not values["name"]:
        raise InputError("Give the channel a name.", field="name")
    try:
        with transaction():
            without = sources.locked_without_channel(used_by)
            if channel_id is None:
                channel = Channel.create(**values)
            else:
                before = Channel.select().where(Channel.id == channel_id).for_update().first()
                if before is None:
                    raise InputError("This channel was removed.")
                versions.check(seen, version_of(before), f"channel {channel_id}")
                Channel.update(values).where(Channel.id == channel_id).execute()
                channel = Channel.get_by_id(channel_id)
            verb = "channel.add" if channel_id is None else "channel.edit"
            AuditEntry.create(actor=by, action=verb, subject=f"channel {channel.id}")
            sources.give_channel(without, channel.id, by)
    except IntegrityError:
        raise InputError(
            f"A channel named {values['name']} already exists; choose another name.", field="name"
        ) from None
    return channel


def find(name: str) -> Channel:
    """The channel of that name.

    Raises:
        InputError: there is none; the message lists the existing ones.
    """
    found = Channel.get_or_none(Channel.name == name)
    if found is None:
        names = ", ".join(row.name for row in Channel.select().order_by(Channel.name).limit(20))
        raise InputError(f"There is no channel {name}; existing channels: {names or 'none yet'}.")
    return found


def remove(channel_id: int, by: str) -> str:
    """Remove a channel that no source uses; returns its name.

    Raises:
        InputError: sources use it; the message names some.
    """
    with transaction():
        channel = Channel.select().where(Channel.id == channel_id).for_update().first()
        if channel is None:
            raise InputError("This channel was already removed.")
        users = Source.select(Source.name).where(Source.channel == channel).order_by(Source.name)
        names = [source.name for source in users.limit(4)]
        if names:
            shown = ", ".join(names[:3]) + (" and others" if names[3:] else "")
            raise InputError(
                f"{channel.name} is used by {shown}: give these sources another channel first."
            )
        channel.delete_instance()
        AuditEntry.create(
            actor=by, action="channel.remove", subject=f"channel {channel_id}", reason=channel.name
        )
    return str(channel.name)


def _moods(folder: Path | None) -> list[str]:
    """Names of the moods (subfolders) in a folder of clips or tunes."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(
        path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def _without(made_here: Iterable[str], folders: Iterable[str]) -> list[str]:
    own = {name.casefold() for name in folders}
    return [kind for kind in made_here if kind not in own]


def _text(chosen: Mapping[str, Any], name: str) -> str:
    value = str(chosen[name]).strip()
    if len(value) > _MOST_LETTERS[name]:
        limit = _MOST_LETTERS[name]
        raise InputError(
            f"The {name.replace('_', ' ')} can have at most {limit} characters.", field=name
        )
    return value


def _one_of(choices: type[Tone | SplitBy], value: Any, what: str) -> str:
    if value not in set(choices):
        raise InputError(f"There is no {what} “{value}”: choose from {', '.join(choices)}.")
    return str(value)


def _voice(chosen: Mapping[str, Any], name: str, voices: Voices) -> str:
    voice = _text(chosen, name)
    if voice:
        voices.check(voice)
    return voice


def _mood(chosen: Mapping[str, Any], name: str, known: list[str], variable: str) -> str:
    """An existing mood or kind; upper and lower case don't matter."""
    value = _text(chosen, name)
    if value and value.casefold() not in {mood.casefold() for mood in known}:
        raise InputError(
            f"There is no {name} “{value}”: choose another, or create a folder of that name in "
            f"{variable}.",
            field=name,
        )
    return value


def _part_seconds(chosen: Mapping[str, Any]) -> dict[str, int | None]:
    least, most = (
        _figure(chosen[f"part_seconds_{end}"], PART_SECONDS, "The part length", "seconds")
        for end in ("min", "max")
    )
    if (least is None) != (most is None):
        raise InputError(
            "Set both the shortest and the longest part length, or neither.",
            field="part_seconds_max",
        )
    if least is not None and most is not None and least >= most:
        raise InputError(
            "The shortest part length must be below the longest.", field="part_seconds_max"
        )
    return {"part_seconds_min": least, "part_seconds_max": most}


def _figure(value: Any, bounds: tuple[int, int], what: str, unit: str) -> int | None:
    written = "" if value is None else str(value).strip()
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and bounds[0] <= int(written) <= bounds[1]):
        raise InputError(f"{what} must be {bounds[0]} to {bounds[1]} {unit}, not “{written[:20]}”.")
    return int(written)
