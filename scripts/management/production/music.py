"""Commands for music: list the moods, write a sample."""

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
    """Background music: your own tunes by mood, and composed music."""


@music.command("list")
def list_moods() -> None:
    """List the moods that a channel can choose."""
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
@click.option(
    "--number", type=click.IntRange(min=0), default=0, help="The video's number in its mood."
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True)
def sample(mood: str, number: int, output: Path) -> None:
    """Write the tune for video NUMBER of MOOD to a file, so you can listen to it."""
    from workers import wiring

    _config()
    tune = wiring.music().choose(mood, number)
    if tune is None:
        raise InputError(f"“{mood}” means no music: choose another mood.")
    with tune.ready(lambda _share: None) as path:
        written = output if output.suffix == path.suffix else output.with_suffix(path.suffix)
        shutil.copyfile(path, written)
    click.echo(f"{written}: {tune.name}")


def _config() -> Settings:
    settle()
    log.configure("manage", "WARNING")
    return settings.current()
