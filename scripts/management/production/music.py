"""Music: which moods there are, and how one sounds."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from adapters.ports import NO_MUSIC, ComposedMusic
from core import log, settings
from core.errors import InputError
from core.settings import Settings
from scripts.management.record import settle


def add_to(manage: click.Group) -> None:
    manage.add_command(music)


@click.group("music")
def music() -> None:
    """Music under the voice: one's own by mood, and what is composed."""


@music.command("list")
def list_moods() -> None:
    """Show every mood that a channel may choose."""
    from adapters.media import moods
    from adapters.music import library

    folder = _config().music_dir
    own = {}
    if folder is not None and folder.is_dir():
        own = {
            child.name: len(moods.files(child, library.SUFFIXES))
            for child in sorted(folder.iterdir())
            if child.is_dir() and not child.name.startswith(".")
        }
    for name, count in own.items():
        click.echo(f"{name}: {count} {'tune' if count == 1 else 'tunes'} in {folder}")
    for kind in ComposedMusic:
        if kind not in {name.casefold() for name in own}:
            click.echo(f"{kind}: composed")
    click.echo(f"{NO_MUSIC}: no music")


@music.command("sample")
@click.argument("mood")
@click.option("--number", type=click.IntRange(min=0), default=0, help="Of the video in its mood.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True)
def sample(mood: str, number: int, output: Path) -> None:
    """Write the tune that the video NUMBER of MOOD gets into a file, to be heard."""
    from workers import wiring

    _config()
    tune = wiring.music().choose(mood, number)
    if tune is None:
        raise InputError(f"“{mood}” is no music, so there is nothing to hear.")
    with tune.ready(lambda _share: None) as path:
        written = output if output.suffix == path.suffix else output.with_suffix(path.suffix)
        shutil.copyfile(path, written)
    click.echo(f"{written}: {tune.name}")


def _config() -> Settings:
    settle()
    log.configure("manage", "WARNING")
    return settings.current()
