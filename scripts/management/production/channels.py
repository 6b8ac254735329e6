"""Commands for channels, which set how stories look and sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from getpass import getuser
from pathlib import Path
from typing import Any

import click
from peewee import JOIN, fn
from rich.table import Table

from core import settings
from core.errors import InputError, StageError
from models import Channel, Source, SplitBy, Tone
from pipelines.production import channels as pipeline
from pipelines.production.captions.caption_style import POSITIONS, STYLES, CaptionStyle
from pipelines.production.narration import channel_pronunciations
from scripts.management.changes import DRY_RUN, changes
from scripts.management.record import record
from scripts.terminal import AS_JSON, print_table

Command = Callable[..., None]
NAME = click.argument("name", metavar="NAME")
VOICED = {
    "tone": "Tone of titles and hooks.",
    "voice": "A voice from scripts/manage voices list.",
    "quote_voice": "The voice for quoted text.",
    "words_per_minute": "Speed of the voice.",
    "split_by": "Where long stories are split.",
    "part_seconds_min": "Shortest part, in seconds.",
    "part_seconds_max": "Longest part, in seconds.",
    "background": "A folder in BACKGROUND_DIR, or a drawn background.",
    "music": "A mood from scripts/manage music list.",
}
"""The fields of the table, except name and caption style; an empty one means the default."""
CAPTIONS = {
    "style": "Caption style.",
    "font": "Font of the captions.",
    "size": "Font size in pixels.",
    "colour": "Text colour, like #FFE14D.",
    "spoken_colour": "Colour of the spoken word, in karaoke.",
    "outline_colour": "Colour of the outline.",
    "outline": "Width of the outline in pixels.",
    "position": f"{', '.join(POSITIONS)}, or pixels from the top.",
    "words_at_once": "Most words shown together; '' means the style's own number.",
    "upper_case": "Capitals only.",
    "emoji": "Show emoji.",
}
"""The fields of ``CaptionStyle``."""
_CHOICES = {"tone": tuple(Tone), "split_by": tuple(SplitBy), "style": tuple(STYLES)}


def add_to(manage: click.Group) -> None:
    manage.add_command(channels)


def settings_of_a_channel(command: Command) -> Command:
    """Add an option for each setting; None if it is not given."""
    switches = {field.name for field in fields(CaptionStyle) if field.type == "bool"}
    for name, help_text in reversed((VOICED | CAPTIONS).items()):
        option = name.replace("_", "-")
        if name in switches:
            given = click.option(f"--{option}/--not-{option}", default=None, help=help_text)
        elif name in _CHOICES:
            choices = click.Choice([str(choice) for choice in _CHOICES[name]])
            given = click.option(f"--{option}", type=choices, help=help_text)
        else:
            given = click.option(f"--{option}", help=help_text)
        command = given(command)
    return command


@click.group("channels")
def channels() -> None:
    """Manage channels: how stories look and sound. NAME is a channel's name."""


@channels.command("list")
@AS_JSON
def list_channels() -> None:
    """List all channels and the sources that use them."""
    table = Table("name", "voice", "captions", "background", "music", "used by")
    users = fn.STRING_AGG(Source.name, ", ").alias("users")
    with record():
        rows: Any = Channel.select(Channel, users).join(Source, JOIN.LEFT_OUTER)
        for row in rows.group_by(Channel.id).order_by(Channel.name):
            captions = row.caption_style.get("style", "")
            table.add_row(
                row.name, row.voice, captions, row.background, row.music, row.users or "nothing"
            )
    print_table(table)


@channels.command("show")
@NAME
@AS_JSON
def show(name: str) -> None:
    """Show all settings of the channel NAME; an empty one means the default."""
    with record():
        channel = pipeline.find(name)
    table = Table(show_header=False, title=channel.name)
    for setting, value in (
        _fields(channel) | asdict(CaptionStyle.parse(channel.caption_style))
    ).items():
        shown = ("no", "yes")[value] if isinstance(value, bool) else str(value or "")
        table.add_row(
            setting, channel_pronunciations.lines(value) if setting == "pronunciations" else shown
        )
    print_table(table)


@channels.command("add")
@NAME
@settings_of_a_channel
@DRY_RUN
def add(name: str, *, dry_run: bool, **options: Any) -> None:
    """Add the channel NAME."""
    with record(), changes(dry_run=dry_run):
        caption_style = {"style": settings.current().caption_style}
        _save(Channel(name=name, caption_style=caption_style), options)
        click.echo(f"{name} was added; assign sources with scripts/manage sources set … --channel.")


@channels.command("set")
@NAME
@click.option("--rename", help="New name.")
@settings_of_a_channel
@DRY_RUN
def change(name: str, rename: str | None, *, dry_run: bool, **options: Any) -> None:
    """Change the channel NAME; other settings stay, and '' restores the default.

    The change applies to stories narrated, captioned or rendered from now on.
    """
    with record(), changes(dry_run=dry_run):
        channel = pipeline.find(name)
        if rename is None and not _given(options):
            raise InputError("Nothing to change: give at least one setting; --help lists them.")
        channel.name = rename or name
        _save(channel, options)
        click.echo(f"{channel.name} was changed.")


@channels.command("say")
@NAME
@click.argument("written", metavar="WRITTEN")
@click.argument("said", metavar="SAID")
@DRY_RUN
def say(name: str, written: str, said: str, *, dry_run: bool) -> None:
    """Say WRITTEN as SAID in the channel NAME: Nguyen as win. '' for SAID removes the entry.

    Captions show WRITTEN. If it has a capital after its first letter, like AITA, it matches only
    so; else in any case.
    """
    with record(), changes(dry_run=dry_run):
        channel = pipeline.find(name)
        channel.pronunciations = channel_pronunciations.put(channel.pronunciations, written, said)
        _save(channel, {})
        click.echo(f"{name} says {written} as {said or 'it is written'}.")


@channels.command("hear")
@NAME
@click.argument("text", metavar="TEXT")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True)
def hear(name: str, text: str, output: Path) -> None:
    """Write TEXT, as the channel NAME says it, to a WAV file."""
    from workers import wiring

    with record():
        production = wiring.production_settings().with_channel(pipeline.find(name))
    said = channel_pronunciations.say(text, production.pronunciations)
    spoken = said.text if said else text
    try:
        wiring.synthesizer(production).speak(spoken, output)
    except StageError as error:
        raise InputError(str(error)) from None
    click.echo(f"{output}: {spoken}")


@channels.command("remove")
@NAME
@DRY_RUN
def remove(name: str, *, dry_run: bool) -> None:
    """Remove the channel NAME, if no source uses it."""
    with record(), changes(dry_run=dry_run):
        click.echo(f"{pipeline.remove(pipeline.find(name).id, getuser())} was removed.")


def _save(channel: Channel, options: Mapping[str, Any]) -> None:
    given = _given(options)
    caption_style = {name: value for name, value in given.items() if name in CAPTIONS}
    if caption_style.get("words_at_once") == "":
        caption_style["words_at_once"] = None
    chosen = (
        _fields(channel)
        | given
        | {"name": channel.name, "caption_style": channel.caption_style | caption_style}
    )
    pipeline.save(channel.id, chosen, getuser(), _offer())


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _fields(channel: Channel) -> dict[str, Any]:
    return {name: getattr(channel, name) for name in (*VOICED, "pronunciations")}


def _offer() -> pipeline.Offer:
    from adapters.speech.installed_voices import InstalledVoices

    config = settings.current()
    voices = InstalledVoices(config.voices_dir, default=config.voice)
    return pipeline.Offer(voices, config.background_dir, config.music_dir)
