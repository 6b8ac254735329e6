"""Voices: which there are, more of them, and how one sounds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn
from rich.table import Table

from adapters.speech import piper_voices
from adapters.speech.piper_voices import VoiceCatalogue
from core import log, settings
from core.errors import Retryable
from core.settings import Settings
from scripts.management.changes import DRY_RUN
from scripts.management.record import settle

if TYPE_CHECKING:
    from adapters.ports import Synthesizer

SAMPLE = (
    "I never believed in omens, until the night the lighthouse went dark. Three boats were out, "
    "and one of them was my father's. So I took the lamp, and I ran."
)


def add_to(manage: click.Group) -> None:
    manage.add_command(voices)


@click.group("voices")
def voices() -> None:
    """Voices: those of espeak-ng, and Piper's."""


@voices.command("list")
@click.option("--language", default="", help="Only those whose language begins so: en, pt-br.")
def list_voices(language: str) -> None:
    """Show every voice as VOICE takes it; Piper's that are not here yet can be downloaded."""
    from adapters.speech.espeak_library import espeak_library

    config = _config()
    here = {path.stem for path in piper_voices.found(config.voices_dir)}
    table = Table("voice", "is", "size")
    with espeak_library() as library:
        rows = [(f"espeak:{name}", name, "built in", "") for name in library.voices()]
    try:
        catalogue = VoiceCatalogue(config.voices_url).voices()
    except Retryable as away:
        catalogue = {}
        click.echo(str(away), err=True)
    for name in sorted(here | catalogue.keys()):
        listed = catalogue.get(name)
        state = "here" if name in here else f"scripts/manage voices download {name}"
        size = f"{listed.size / 1e6:,.0f} MB" if listed else ""
        rows.append((f"piper:{name}", name, state, size))
    wanted = language.replace("_", "-").lower()
    for voice, name, state, size in rows:
        if name.replace("_", "-").lower().startswith(wanted):
            table.add_row(voice, state, size)
    Console().print(table)


@voices.command("download")
@click.argument("name")
@DRY_RUN
def download(name: str, *, dry_run: bool) -> None:
    """Bring Piper's voice NAME into VOICES_DIR; a download that broke off goes on."""
    config = _config()
    catalogue = VoiceCatalogue(config.voices_url)
    if dry_run:
        size = catalogue.named(name).size / 1e6
        click.echo(f"Would bring {size:,.0f} MB into {config.voices_dir}.")
        return
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(name, total=None)
        path = catalogue.download(
            name, config.voices_dir, lambda count: progress.advance(bar, count)
        )
    click.echo(f"{path} is here. Speak with it by VOICE=piper:{name}")


@voices.command("sample")
@click.argument("voice")
@click.option("--text", default=SAMPLE, help="What to say.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True)
def sample(voice: str, text: str, output: Path) -> None:
    """Speak with VOICE (espeak:<voice>, piper:<name> or piper:<path>) into a WAV file."""
    synthesizer = _synthesizer(voice, _config())
    _ = synthesizer.identity
    began = time.perf_counter()
    speech = synthesizer.speak(text, output)
    took = time.perf_counter() - began
    spoken = speech.words[-1].end - speech.words[0].start
    click.echo(
        f"{output}: {speech.seconds:.1f} s, {len(speech.words) / max(spoken, 0.1) * 60:.0f} words "
        f"a minute, {took / speech.seconds * 60:.2f} s of work a spoken minute, "
        f"words timed by {speech.timed_by}"
    )


def _config() -> Settings:
    settle()
    config = settings.current()
    log.configure("manage", "WARNING")
    return config


def _synthesizer(voice: str, config: Settings) -> Synthesizer:
    from workers import wiring

    settings.check_voice(voice, config.voices_dir)
    return wiring.voice(voice, config.words_per_minute)
