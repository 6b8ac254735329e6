"""Commands for voices: list, download, write a sample."""

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
from core.voices import check_voice
from scripts.management.changes import DRY_RUN
from scripts.management.record import settle
from scripts.terminal import AS_JSON, print_table

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
    """Manage the voices of espeak-ng and Piper."""


@voices.command("list")
@click.option("--language", default="", help="Only voices of this language: en, pt-br.")
@AS_JSON
def list_voices(language: str) -> None:
    """List all voices as written in VOICE, including Piper voices to download."""
    from adapters.speech.espeak_library import espeak_library

    config = _config()
    here = {path.stem for path in piper_voices.installed(config.voices_dir)}
    table = Table("voice", "status", "size")
    with espeak_library() as library:
        rows = [(f"espeak:{name}", name, "built in", "") for name in library.voices()]
    try:
        catalogue = VoiceCatalogue(config.voices_url).voices()
    except Retryable as away:
        catalogue = {}
        click.echo(str(away), err=True)
    for name in sorted(here | catalogue.keys()):
        listed = catalogue.get(name)
        state = "installed" if name in here else f"scripts/manage voices download {name}"
        size = f"{listed.size / 1e6:,.0f} MB" if listed else ""
        rows.append((f"piper:{name}", name, state, size))
    wanted = language.replace("_", "-").lower()
    for voice, name, state, size in rows:
        if name.replace("_", "-").lower().startswith(wanted):
            table.add_row(voice, state, size)
    print_table(table)


@voices.command("download")
@click.argument("name")
@DRY_RUN
def download(name: str, *, dry_run: bool) -> None:
    """Download the Piper voice NAME into VOICES_DIR; an interrupted download resumes."""
    config = _config()
    catalogue = VoiceCatalogue(config.voices_url)
    if dry_run:
        size = catalogue.named(name).size / 1e6
        click.echo(f"Would download {size:,.0f} MB into {config.voices_dir}.")
        return
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(name, total=None)
        path = catalogue.download(
            name, config.voices_dir, lambda count: progress.advance(bar, count)
        )
    click.echo(f"{path} is installed. To use it, set VOICE=piper:{name}")


@voices.command("sample")
@click.argument("voice")
@click.option("--text", default=SAMPLE, help="What to say.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True)
def sample(voice: str, text: str, output: Path) -> None:
    """Write a sample of VOICE (espeak:<voice>, piper:<name> or piper:<path>) to a WAV file."""
    synthesizer = _synthesizer(voice, _config())
    _ = synthesizer.identity
    began = time.perf_counter()
    speech = synthesizer.speak(text, output)
    took = time.perf_counter() - began
    spoken = speech.words[-1].end - speech.words[0].start
    click.echo(
        f"{output}: {speech.seconds:.1f} s, {len(speech.words) / max(spoken, 0.1) * 60:.0f} words "
        f"per minute, {took / speech.seconds * 60:.2f} s of work per spoken minute, "
        f"words timed by {speech.timed_by}"
    )


def _config() -> Settings:
    settle()
    config = settings.current()
    log.configure("manage", "WARNING")
    return config


def _synthesizer(voice: str, config: Settings) -> Synthesizer:
    from workers import wiring

    check_voice(voice, config.voices_dir)
    return wiring.voice(voice, config.words_per_minute)
