"""Stories: bring in, look at, decide."""

from __future__ import annotations

import sys
from collections import Counter
from getpass import getuser
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.table import Table

from adapters.ports import FetchedStory, StoryQuery
from core.db import transaction
from core.errors import InputError, StageError
from models import Source, SourceKind, Story, StoryState
from pipelines.production import fetch, review
from scripts.management.record import record


def add_to(manage: click.Group) -> None:
    manage.add_command(stories)


@click.group("stories")
def stories() -> None:
    """Stories, from their arrival to a person's decision."""


@stories.command("list")
@click.option("--state", type=click.Choice([state.value for state in StoryState]))
@click.option("--count", default=50, show_default=True)
def list_stories(state: str | None, count: int) -> None:
    """Show the newest stories, with the reason where one was skipped."""
    table = Table("id", "state", "words", "title", "reason")
    with record():
        rows = Story.select().order_by(Story.id.desc()).limit(count)
        if state:
            rows = rows.where(Story.state == state)
        for story in rows:
            table.add_row(str(story.id), story.state, str(story.words), story.title, story.reason)
    Console().print(table)


@stories.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--min-score", default=0, show_default=True)
@click.option("--dry-run", is_flag=True, help="Only say what would be taken.")
def import_listing(file: Path, min_score: int, *, dry_run: bool) -> None:
    """Take the stories of a saved Reddit listing (JSON) FILE; each row's fate is shown."""
    from adapters.saved_listing import SavedListing

    if not file.is_file():
        raise InputError(f"{file} is not a file: give the path of a saved Reddit listing.")
    try:
        posts = list(SavedListing().stories(StoryQuery(place=str(file.resolve()), limit=100_000)))
    except StageError as error:
        raise InputError(str(error)) from None
    fates: Counter[str] = Counter()
    with record():
        for post in posts:
            with transaction():
                if dry_run:
                    fate, reason = _would_be(post, min_score)
                else:
                    intake = fetch.take(_listing_source(file, min_score), post)
                    fate, reason = intake.fate, intake.reason
            fates[fate] += 1
            click.echo(f"{post.external_id:24} {fate}{': ' if reason else ''}{reason}")
    click.echo(", ".join(f"{fates[fate]} {fate}" for fate in fetch.Fate))


def _would_be(post: FetchedStory, min_score: int) -> tuple[str, str]:
    if Story.select().where(Story.external_id == post.external_id).exists():
        return fetch.Fate.KNOWN, ""
    reason = fetch.why_skip(Source(min_score=min_score), post)
    return (fetch.Fate.SKIPPED if reason else fetch.Fate.TAKEN), reason


def _listing_source(file: Path, min_score: int) -> Source:
    source: Source = Source.get_or_create(
        name=f"Listing {file.name}",
        defaults={
            "kind": SourceKind.SAVED_LISTING,
            "place": str(file.resolve()),
            "enabled": False,
            "min_score": min_score,
        },
    )[0]
    return source


@stories.command("paste")
@click.argument("title")
@click.option("--text", type=click.File(), default="-", help="A file; standard input by default.")
def paste(title: str, text: TextIO) -> None:
    """Bring in one story by hand."""
    with record():
        story = fetch.paste(title, text.read(), getuser())
    click.echo(f"Story {story.id} was taken.")


@stories.command("approve")
@click.argument("ids", type=int, nargs=-1, required=True)
@click.option("--reason", default="", help="Needed for a flagged story.")
def approve(ids: tuple[int, ...], reason: str) -> None:
    """Let stories be produced and published."""
    with record():
        _tell(*review.in_bulk(list(ids), lambda i: review.approve(i, getuser(), reason)))


@stories.command("reject")
@click.argument("ids", type=int, nargs=-1, required=True)
@click.option("--reason", required=True)
def reject(ids: tuple[int, ...], reason: str) -> None:
    """Decide that stories are not made."""
    with record():
        _tell(*review.in_bulk(list(ids), lambda i: review.reject(i, getuser(), reason)))


def _tell(done: int, refused: list[str]) -> None:
    click.echo(f"{done} done.")
    for sentence in refused:
        click.echo(sentence, err=True)
    if refused:
        sys.exit(1)


@stories.command("trial")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--limit", default=200, show_default=True)
@click.option("--oddest", default=20, show_default=True, help="How many are shown.")
@click.option("--signs", default=4, show_default=True, help="Odd places shown of each.")
def try_out(file: Path, limit: int, oddest: int, signs: int) -> None:
    """Bring the posts of a saved listing FILE up to their script and show what may sound wrong.

    Nothing is recorded. Exit code 1 when a post crashed, lost a word or got an empty part.
    """
    from adapters.saved_listing import SavedListing
    from core.settings import default_of
    from pipelines.production import trial
    from pipelines.production.studio import Studio

    if not file.is_file():
        raise InputError(f"{file} is not a file: give the path of a saved Reddit listing.")
    try:
        posts = list(SavedListing().stories(StoryQuery(place=str(file.resolve()), limit=limit)))
    except StageError as error:
        raise InputError(str(error)) from None
    pace = int(str(default_of("words_per_minute")))
    tried = list(trial.run(posts, Studio("espeak:en-us", pace, (60, 90)), pace * 0.95))
    table = Table("post", "words", "parts", "odd", "where", show_lines=True)
    for each in sorted(tried, key=lambda one: -one.oddness)[:oddest]:
        table.add_row(
            each.post.external_id,
            str(each.words),
            str(each.parts),
            f"{each.oddness:.1f}",
            "\n".join(each.odd[:signs]),
        )
    Console().print(table)
    bad = [each for each in tried if each.problem]
    for each in bad:
        click.echo(f"{each.post.external_id}: {each.problem}", err=True)
    told = [each for each in tried if each.parts]
    click.echo(
        f"{len(tried)} posts: {len(told)} told in {sum(each.parts for each in told)} parts, "
        f"{sum(bool(each.skipped) for each in tried)} with nothing to say, {len(bad)} went wrong."
    )
    if bad:
        sys.exit(1)
