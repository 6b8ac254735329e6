"""What a person may set on a channel; each change says in the audit log who made it."""

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
from pipelines.production.captions.caption_style import CaptionStyle

PART_SECONDS = (20, 600)
_MOST_LETTERS = {"name": 80, "voice": 300, "quote_voice": 300, "background": 120, "music": 120}


@dataclass(frozen=True, slots=True)
class Offer:
    """What this machine has for channels to choose from.

    Attributes:
        voices: all that can speak here.
        background_dir: the operator's clips, a mood a folder; None where loops are drawn.
        music_dir: the operator's tunes likewise; None where they are composed.
    """

    voices: Voices
    background_dir: Path | None = None
    music_dir: Path | None = None

    @property
    def clips(self) -> list[str]:
        return _moods(self.background_dir)

    @property
    def drawn(self) -> list[str]:
        """Kinds that are drawn; a folder of the same name goes before."""
        return _without(DrawnBackground, self.clips)

    @property
    def tunes(self) -> list[str]:
        return _moods(self.music_dir)

    @property
    def composed(self) -> list[str]:
        """Moods in which music is composed; a folder of the same name goes before."""
        return _without(ComposedMusic, self.tunes)


def save(channel_id: int | None, chosen: Mapping[str, Any], by: str, offer: Offer) -> Channel:
    """Make a channel, or change one: every field of the table is in ``chosen``.

    Stories that are captioned, narrated or rendered from now on go by it; nothing is made again.

    Raises:
        InputError: a choice can't be used, or the channel is gone; the sentence says which.
    """
    values = {
        "name": _text(chosen, "name"),
        "tone": _one_of(Tone, chosen["tone"], "tone"),
        "voice": _voice(chosen, "voice", offer.voices),
        "quote_voice": _voice(chosen, "quote_voice", offer.voices),
        "words_per_minute": _figure(
            chosen["words_per_minute"], WORDS_PER_MINUTE, "The pace", "words a minute"
        ),
        "split_by": _one_of(SplitBy, chosen["split_by"], "way to split"),
        "caption_style": asdict(CaptionStyle.parse(chosen["caption_style"])),
        "background": _mood(chosen, "background", [*offer.clips, *offer.drawn], "BACKGROUND_DIR"),
        "music": _mood(chosen, "music", [*offer.tunes, *offer.composed, NO_MUSIC], "MUSIC_DIR"),
        **_part_seconds(chosen),
    }
    if not values["name"]:
        raise InputError("Give the channel a name.")
    try:
        with transaction():
            if channel_id is None:
                channel = Channel.create(**values)
            else:
                if not Channel.update(values).where(Channel.id == channel_id).execute():
                    raise InputError("This channel is gone.")
                channel = Channel.get_by_id(channel_id)
            verb = "channel.add" if channel_id is None else "channel.edit"
            AuditEntry.create(actor=by, action=verb, subject=f"channel {channel.id}")
    except IntegrityError:
        raise InputError(
            f"There is a channel {values['name']} already; choose another name."
        ) from None
    return channel


def find(name: str) -> Channel:
    """The channel of that name.

    Raises:
        InputError: there is none; the sentence names those that there are.
    """
    found = Channel.get_or_none(Channel.name == name)
    if found is None:
        names = ", ".join(row.name for row in Channel.select().order_by(Channel.name).limit(20))
        raise InputError(f"There is no channel {name}: there are {names or 'none yet'}.")
    return found


def remove(channel_id: int, by: str) -> str:
    """Remove a channel that no source uses; gives its name.

    Raises:
        InputError: sources use it; the sentence names some.
    """
    with transaction():
        channel = Channel.select().where(Channel.id == channel_id).for_update().first()
        if channel is None:
            raise InputError("This channel is gone already.")
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
    """Names of the moods in an operator's folder of clips or tunes: its own folders."""
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
        raise InputError(f"The {name.replace('_', ' ')} has at most {_MOST_LETTERS[name]} letters.")
    return value


def _one_of(choices: type[Tone | SplitBy], value: Any, what: str) -> str:
    if value not in set(choices):
        raise InputError(f"There is no {what} “{value}”: choose of {', '.join(choices)}.")
    return str(value)


def _voice(chosen: Mapping[str, Any], name: str, voices: Voices) -> str:
    voice = _text(chosen, name)
    if voice:
        voices.check(voice)
    return voice


def _mood(chosen: Mapping[str, Any], name: str, known: list[str], variable: str) -> str:
    """A mood or a kind that there is, in any case of letters, as when it is looked for."""
    value = _text(chosen, name)
    if value and value.casefold() not in {mood.casefold() for mood in known}:
        raise InputError(
            f"There is no {name} “{value}” here: choose another, or make a folder of that name in "
            f"{variable}."
        )
    return value


def _part_seconds(chosen: Mapping[str, Any]) -> dict[str, int | None]:
    least, most = (
        _figure(chosen[f"part_seconds_{end}"], PART_SECONDS, "The length of a part", "seconds")
        for end in ("min", "max")
    )
    if (least is None) != (most is None):
        raise InputError("Give both the least and the most seconds of a part, or neither.")
    if least is not None and most is not None and least >= most:
        raise InputError("The least seconds of a part must be below the most.")
    return {"part_seconds_min": least, "part_seconds_max": most}


def _figure(value: Any, bounds: tuple[int, int], what: str, unit: str) -> int | None:
    written = "" if value is None else str(value).strip()
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and bounds[0] <= int(written) <= bounds[1]):
        raise InputError(f"{what} is {bounds[0]} to {bounds[1]} {unit}, not “{written[:20]}”.")
    return int(written)
