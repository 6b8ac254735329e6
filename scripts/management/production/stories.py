"""Commands for stories: add, list, approve, reject."""

from __future__ import annotations

import sys
from collections import Counter
from functools import partial
from getpass import getuser
from pathlib import Path
from typing import TextIO

import click
from rich.table import Table

from adapters.ports import NOTE, StoryQuery
from core.errors import InputError, StageError
from core.files.intake_folder import IntakeFolder
from models import Source, Story, StoryState, shown
from pipelines.stories import review
from pipelines.stories.intake import fetch, manual_intake, sources
from pipelines.stories.intake import link as links
from pipelines.stories.intake.source_settings import OF_FILES
from scripts.management.changes import DRY_RUN, IDS, changes, to_each
from scripts.management.production.sources import kind_of
from scripts.management.record import record
from scripts.management.showing import show
from scripts.terminal import AS_JSON, print_table, say

IMPORTED = {"enabled": False}


def add_to(manage: click.Group) -> None:
    manage.add_command(stories)


@click.group("stories")
def stories() -> None:
    """Manage stories: add them, list them, decide on them."""


@stories.command("list")
@click.option("--state", type=click.Choice([state.value for state in StoryState]))
@click.option("--count", default=50, show_default=True)
@AS_JSON
def list_stories(state: str | None, count: int) -> None:
    """List the newest stories, with the reason if one was skipped or rejected."""
    table = Table("id", "state", "words", "title", "reason")
    with record():
        rows = Story.select().order_by(Story.id.desc()).limit(count)
        if state:
            rows = rows.where(Story.state == state)
        for story in rows:
            state = shown(story.state)
            table.add_row(str(story.id), state, str(story.words), story.title, story.reason)
    print_table(table)


@stories.command("show")
@click.argument("story_id", type=int)
@AS_JSON
def show_story(story_id: int) -> None:
    """Show a story: its texts, its state and who decided."""
    from admin.api.resources.production.stories import detail

    with record():
        show("story", story_id, detail)


@stories.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(sorted(OF_FILES)),
    help="Default: guessed from the name.",
)
@click.option("--min-score", default=0, show_default=True, help="Skip stories with fewer upvotes.")
@DRY_RUN
def import_stories(path: Path, kind: str | None, min_score: int, *, dry_run: bool) -> None:
    """Add all stories from PATH once, and show the outcome of each row.

    PATH is a saved Reddit listing (.json, .jsonl), a table (.csv, .tsv), or a folder of texts. It
    may be anywhere: it is read here and now, with your own rights, and not copied.
    """
    from workers import wiring

    path = path.absolute()
    if not path.exists():
        raise InputError(f"There is no such file on this machine: {path}. Correct the path.")
    path = path.resolve()
    kind = kind or kind_of(str(path))
    if kind not in OF_FILES:
        raise InputError(
            f"{path} is not a listing (.json), table (.csv) or folder of texts: correct it, or set "
            "--kind."
        )
    query = StoryQuery(place=path.name or ".", limit=sys.maxsize)
    outcomes: Counter[str] = Counter()
    with record() as config, changes(dry_run=dry_run):
        source = _once(path, kind, min_score, IntakeFolder(config.intake_dir))
        try:
            for post in wiring.file_source(kind, path.parent).stories(query):
                intake = fetch.take(source, post)
                outcomes[intake.outcome] += 1
                because = f": {intake.reason}" if intake.reason else ""
                word = shown(intake.outcome)
                click.echo(f"{intake.external_id:24} {word}{because}")
        except StageError as error:
            raise InputError(str(error)) from None
        if note := query.memory.get(NOTE):
            click.echo(note)
        counts = (f"{outcomes[outcome]} {shown(outcome)}" for outcome in fetch.IntakeOutcome)
        click.echo(", ".join(counts))


def _once(path: Path, kind: str, min_score: int, intake: IntakeFolder) -> Source:
    """The source of an import: it names no file, so it is never fetched again."""
    name = f"Import of {path}"
    if len(name) > Source.name.max_length:
        name = f"Import of …{str(path)[-100:]}"
    known = Source.get_or_none(Source.name == name)
    chosen = {"min_score": min_score} if known else IMPORTED | {"min_score": min_score}
    place = {"name": name, "kind": kind, "place": ""}
    return sources.save(known.id if known else None, chosen | place, getuser(), intake)


@stories.command("paste")
@click.argument("title")
@click.option("--text", type=click.File(), default="-", help="A file; default: standard input.")
@click.option("--url", default="", help="Address where it was published, if any.")
@DRY_RUN
def paste(title: str, text: TextIO, url: str, *, dry_run: bool) -> None:
    """Add one story by hand."""
    try:
        written = text.read()
    except UnicodeDecodeError:
        raise InputError(f"{text.name} is not UTF-8 text: save it as UTF-8.") from None
    with record(), changes(dry_run=dry_run):
        story = manual_intake.paste(title, written, getuser(), url)
        click.echo(f"Story {story.id} was added.")


@stories.command("link")
@click.argument("address")
@DRY_RUN
def link(address: str, *, dry_run: bool) -> None:
    """Add the Reddit post, or a feed's first post, at ADDRESS; no API key is needed."""
    with record(), changes(dry_run=dry_run):
        story = links.add_link(address, getuser())
        click.echo(f"Story {story.id} was added; the link is being read.")


@stories.command("approve")
@IDS
@click.option("--reason", default="", help="Required for a flagged story.")
@DRY_RUN
def approve(ids: tuple[int, ...], reason: str, *, dry_run: bool) -> None:
    """Approve stories for production and publishing."""
    with record():
        act = partial(review.approve, by=getuser(), reason=reason)
        to_each(ids, act, "Approved", dry_run=dry_run, action="story.approve")


@stories.command("reject")
@IDS
@click.option("--reason", required=True)
@DRY_RUN
def reject(ids: tuple[int, ...], reason: str, *, dry_run: bool) -> None:
    """Reject stories, so they are not produced."""
    with record():
        act = partial(review.reject, by=getuser(), reason=reason)
        to_each(ids, act, "Rejected", dry_run=dry_run, action="story.reject")


@stories.command("trial")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--limit", default=200, show_default=True)
@click.option("--oddest", default=20, show_default=True, help="How many posts to show.")
@click.option("--signs", default=4, show_default=True, help="Odd places to show per post.")
@AS_JSON
def try_out(file: Path, limit: int, oddest: int, signs: int) -> None:
    """Write scripts for the posts in a saved listing FILE and show what may sound wrong.

    Nothing is saved. Exit code 1 if a post crashed, lost a word or got an empty part.
    """
    from adapters.reddit.saved_listing import SavedListing
    from core.settings import default_of
    from pipelines.production import dry_run
    from pipelines.production.production_settings import ProductionSettings

    if not file.is_file():
        raise InputError(f"{file} is not a file: give the path of a saved Reddit listing.")
    try:
        whole = file.resolve()
        listing = SavedListing(IntakeFolder(whole.parent))
        posts = list(listing.stories(StoryQuery(place=whole.name, limit=limit)))
    except StageError as error:
        raise InputError(str(error)) from None
    pace = int(str(default_of("words_per_minute")))
    tried = list(
        dry_run.run(posts, ProductionSettings("espeak:en-us", pace, (60, 90)), pace * 0.95)
    )
    table = Table("post", "words", "parts", "odd", "where", show_lines=True)
    for each in sorted(tried, key=lambda one: -one.oddness)[:oddest]:
        table.add_row(
            each.post.external_id,
            str(each.words),
            str(each.parts),
            f"{each.oddness:.1f}",
            "\n".join(each.odd[:signs]),
        )
    print_table(table)
    bad = [each for each in tried if each.problem]
    for each in bad:
        click.echo(f"{each.post.external_id}: {each.problem}", err=True)
    usable = [each for each in tried if each.parts]
    say(
        f"{len(tried)} posts: {len(usable)} narratable in {sum(each.parts for each in usable)} "
        f"parts, {sum(bool(each.skipped) for each in tried)} with nothing to narrate, {len(bad)} "
        "failed."
    )
    if bad:
        sys.exit(1)
