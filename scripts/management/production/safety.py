"""Command that measures the first safety judge on labelled texts."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from core.errors import InputError
from pipelines.stories.safety import evaluation
from scripts.terminal import AS_JSON, print_table


def add_to(manage: click.Group) -> None:
    manage.add_command(safety)


@click.group("safety")
def safety() -> None:
    """Measure the safety judges."""


@safety.command("score")
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    default=evaluation.LABELLED,
    help="Lines of label, tab, text; default: the set included with Storymill.",
)
@click.option(
    "--warn-from", default=0.6, show_default=True, help="Score from which a text counts as unsafe."
)
@click.option(
    "--part",
    type=click.Choice(["all", "tuned", "held-out"]),
    default="all",
    show_default=True,
    help="Improve the rules with the tuned part only, never with the held-out third.",
)
@AS_JSON
def score(file: Path, warn_from: float, part: str) -> None:
    """Judge labelled texts by rules; show precision and recall per label, and every miss."""
    if not file.is_file():
        raise InputError(f"{file} is not a file: each line must have a label, a tab and a text.")
    texts = evaluation.read(file)
    if part != "all":
        texts = [text for text in texts if text.held_out == (part == "held-out")]
    judged = evaluation.judged(texts, warn_from)
    table = Table(
        "label", "texts", "precision", "recall", title=f"{len(texts)} texts from {file.name}"
    )
    for row in evaluation.figures(judged):
        table.add_row(row.label, str(row.texts), f"{row.precision:.3f}", f"{row.recall:.3f}")
    missed = [each for each in judged if each.found != each.text.label]
    misses = Table("label", "found", "score", "text", title=f"{len(missed)} misses")
    for each in missed:
        misses.add_row(each.text.label, each.found, f"{each.score:.2f}", each.text.text)
    print_table(table, misses)
