"""Channels: how stories look and sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from getpass import getuser
from typing import Any

import click
from peewee import JOIN, fn
from rich.console import Console
from rich.table import Table

from core import settings
from core.errors import InputError
from models import Channel, Source, SplitBy, Tone
from pipelines.production import channels as pipeline
from pipelines.production.captions.caption_style import POSITIONS, STYLES, CaptionStyle
from scripts.management.changes import DRY_RUN, changes
from scripts.management.record import record

Command = Callable[..., None]
NAME = click.argument("name", metavar="NAME")
VOICED = {
    "tone": "Of titles and hooks.",
    "voice": "As scripts/manage voices list has it.",
    "quote_voice": "Speaks what stands in quotation marks.",
    "words_per_minute": "The voice's pace.",
    "split_by": "Where long stories are split.",
    "part_seconds_min": "Least seconds of a part.",
    "part_seconds_max": "Most seconds of a part.",
    "background": "A folder of BACKGROUND_DIR, or a kind that is drawn.",
    "music": "As scripts/manage music list has it.",
}
"""The fields of the table, but for its name and the look; an empty one is as in the settings."""
LOOK = {
    "style": "Of the captions.",
    "font": "Their font.",
    "size": "Pixels of a letter.",
    "colour": "Of words, like #FFE14D.",
    "spoken_colour": "Of the word that is spoken, in karaoke.",
    "outline_colour": "Around the letters.",
    "outline": "Its width in pixels.",
    "position": f"{', '.join(POSITIONS)}, or pixels from the top.",
    "words_at_once": "At most so many; empty is as the style has it.",
    "upper_case": "Capitals only.",
    "emoji": "Show emoji.",
}
"""The fields of ``Look``."""
_CHOICES = {"tone": tuple(Tone), "split_by": tuple(SplitBy), "style": tuple(STYLES)}


def add_to(manage: click.Group) -> None:
    manage.add_command(channels)


def settings_of_a_channel(command: Command) -> Command:
    """An option for each setting, None where it is not given."""
    switches = {field.name for field in fields(CaptionStyle) if field.type == "bool"}
    for name, told in reversed((VOICED | LOOK).items()):
        option = name.replace("_", "-")
        if name in switches:
            given = click.option(f"--{option}/--not-{option}", default=None, help=told)
        elif name in _CHOICES:
            choices = click.Choice([str(choice) for choice in _CHOICES[name]])
            given = click.option(f"--{option}", type=choices, help=told)
        else:
            given = click.option(f"--{option}", help=told)
        command = given(command)
    return command


@click.group("channels")
def channels() -> None:
    """How stories look and sound; NAME is a channel's name."""


@channels.command("list")
def list_channels() -> None:
    """Show every channel and the sources that use it."""
    table = Table("name", "voice", "captions", "background", "music", "used by")
    users = fn.STRING_AGG(Source.name, ", ").alias("users")
    with record():
        rows: Any = Channel.select(Channel, users).join(Source, JOIN.LEFT_OUTER)
        for row in rows.group_by(Channel.id).order_by(Channel.name):
            captions = row.caption_style.get("style", "")
            table.add_row(
                row.name, row.voice, captions, row.background, row.music, row.users or "nothing"
            )
    Console().print(table)


@channels.command("show")
@NAME
def show(name: str) -> None:
    """Show all settings of the channel NAME; what is empty is as in the settings."""
    with record():
        channel = pipeline.find(name)
    table = Table(show_header=False, title=channel.name)
    for setting, value in (
        _fields(channel) | asdict(CaptionStyle.parse(channel.caption_style))
    ).items():
        shown = ("no", "yes")[value] if isinstance(value, bool) else str(value or "")
        table.add_row(setting, shown)
    Console().print(table)


@channels.command("add")
@NAME
@settings_of_a_channel
@DRY_RUN
def add(name: str, *, dry_run: bool, **options: Any) -> None:
    """Make the channel NAME."""
    with record(), changes(dry_run=dry_run):
        caption_style = {"style": settings.current().caption_style}
        _save(Channel(name=name, caption_style=caption_style), options)
        click.echo(f"{name} was made; scripts/manage sources set … --channel gives it stories.")


@channels.command("set")
@NAME
@click.option("--rename", help="Another name.")
@settings_of_a_channel
@DRY_RUN
def change(name: str, rename: str | None, *, dry_run: bool, **options: Any) -> None:
    """Change the channel NAME; what is not given stays, and '' is as in the settings again.

    Stories that are captioned, narrated or rendered from now on go by it.
    """
    with record(), changes(dry_run=dry_run):
        channel = pipeline.find(name)
        if rename is None and not _given(options):
            raise InputError("Nothing was chosen: give at least one setting; --help lists them.")
        channel.name = rename or name
        _save(channel, options)
        click.echo(f"{channel.name} is set.")


@channels.command("remove")
@NAME
@DRY_RUN
def remove(name: str, *, dry_run: bool) -> None:
    """Remove the channel NAME, if no source uses it."""
    with record(), changes(dry_run=dry_run):
        click.echo(f"{pipeline.remove(pipeline.find(name).id, getuser())} is gone.")


def _save(channel: Channel, options: Mapping[str, Any]) -> None:
    given = _given(options)
    caption_style = {name: value for name, value in given.items() if name in LOOK}
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
    return {name: getattr(channel, name) for name in VOICED}


def _offer() -> pipeline.Offer:
    from adapters.speech.installed_voices import InstalledVoices

    config = settings.current()
    return pipeline.Offer(
        InstalledVoices(config.voices_dir), config.background_dir, config.music_dir
    )
