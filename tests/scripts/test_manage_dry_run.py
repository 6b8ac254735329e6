"""Every command that changes something has a dry run."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from core.db import migrate
from models import (
    Account,
    AuditEntry,
    DeadLetter,
    Job,
    JobState,
    Post,
    PostState,
    Source,
    Story,
    StoryState,
    User,
)
from pipelines.stories.intake import manual_intake
from scripts.management.__main__ import manage as all_commands
from tests.admin import records
from tests.admin.test_failures import a_stopped_post
from tests.scripts.terminal import fresh, manage
from tests.scripts.test_manage import STORY

pytestmark = pytest.mark.slow

CHANGE_NOTHING = {
    "audit verify",
    "backup",
    "backups",
    "channels hear",
    "check",
    "configuration",
    "contact-sheet",
    "getting-started",
    "mail-test",
    "music sample",
    "new-key",
    "run",
    "safety score",
    "stories trial",
    "verify-backup",
    "voices sample",
}
"""Commands that only read, or only make the requested file, mail or processes."""


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def test_every_command_that_changes_something_has_a_dry_run() -> None:
    without = {
        path
        for path, command in commands(all_commands)
        if not any(option.name == "dry_run" for option in command.params)
    }
    looks = {path for path in without if path.split()[-1] in {"list", "show", "outcomes", "fates"}}
    assert without - looks == CHANGE_NOTHING


def test_jobs_and_failures_have_a_dry_run(settings: dict[str, str]) -> None:
    # Given a failure to discard, and a job that waits
    failure = records.failure("prepare", records.story().id)
    manual_intake.paste("The key", STORY, "tester")
    waiting = Job.get(Job.state == JobState.WAITING)

    # When a dry run is made of both, and of a missing id
    for arguments in (
        ("jobs", "cancel", str(waiting.id)),
        ("failures", "discard", str(failure.id)),
    ):
        rehearsed = manage(*arguments, "404", "--dry-run", **settings)
        assert (rehearsed.returncode, "1 of 2" in rehearsed.stdout) == (1, True), rehearsed.stderr
        assert "nothing was changed" in rehearsed.stdout
        assert "404" in rehearsed.stderr

    # Then nothing was done
    assert DeadLetter.get().resolved_at is None
    assert Job.get_by_id(waiting.id).state == JobState.WAITING

    # And without a dry run each is done
    cancelled = manage("jobs", "cancel", str(waiting.id), **settings).stdout
    assert cancelled.startswith("Cancelled 1 of 1.\nTo undo it: scripts/manage undo take-back ")
    assert Job.get_by_id(waiting.id).state == JobState.CANCELLED
    assert manage("failures", "requeue", str(failure.id), **settings).returncode == 0
    assert records.job_of(failure).state == JobState.WAITING


def test_jobs_are_decided_on_as_on_their_page(settings: dict[str, str]) -> None:
    # Given a post that needs a person, and a story's work that was cancelled
    post = a_stopped_post(records.account())
    Account.update(access_token=None, refresh_token=None).execute()  # the command has other keys
    Post.update(upload_url=None).execute()
    failed = records.job_of(DeadLetter.get())
    cancelled = records.job("prepare", records.story().id, JobState.CANCELLED)

    # When both jobs are retried, and a third that isn't there
    ids = (str(failed.id), str(cancelled.id), "404")
    rehearsed = manage("jobs", "requeue", *ids, "--dry-run", **settings)
    assert rehearsed.stdout == "Requeued 2 of 3.\nDry run: nothing was changed.\n"
    assert Post.get_by_id(post.id).state == PostState.PARKED
    done = manage("jobs", "requeue", *ids, **settings)

    # Then the post is scheduled by the rules of posts, and each is undone by itself
    assert (done.returncode, done.stderr) == (1, "404: There is no job 404.\n")
    said, *offers = done.stdout.splitlines()
    assert said == "Requeued 2 of 3."
    assert Post.get_by_id(post.id).state == PostState.PLANNED
    assert [Job.get_by_id(job.id).state for job in (failed, cancelled)] == [JobState.WAITING] * 2
    for offer in offers:
        undone = manage("undo", "take-back", offer.rpartition(" ")[2], **settings)
        assert undone.returncode == 0, undone.stderr
    assert Post.get_by_id(post.id).state == PostState.PARKED
    assert DeadLetter.get().resolved_at is None
    assert Job.get_by_id(cancelled.id).state == JobState.CANCELLED

    # And a post that was posted again is undone too
    again = manage("posts", "again", str(post.id), **settings)
    undone = manage("undo", "take-back", again.stdout.split()[-1], **settings)
    assert undone.stdout.startswith("Undone. Ended as before: "), undone.stderr
    assert Post.get_by_id(post.id).state == PostState.PARKED


def test_decisions_about_stories_have_a_dry_run(settings: dict[str, str]) -> None:
    story = records.story(state=StoryState.WAITING)
    kept = (Story.select().count(), Source.select().count(), AuditEntry.select().count())

    for arguments in (
        ("stories", "reject", str(story.id), "--reason", "Told before"),
        ("stories", "paste", "The key", "--text", "README.md"),
    ):
        rehearsed = manage(*arguments, "--dry-run", **settings)
        assert rehearsed.returncode == 0, rehearsed.stderr
        assert "nothing was changed" in rehearsed.stdout

    assert (Story.select().count(), Source.select().count(), AuditEntry.select().count()) == kept
    assert Story.get_by_id(story.id).state == StoryState.WAITING
    rejected = manage("stories", "reject", str(story.id), "--reason", "Told before", **settings)
    said, offer = rejected.stdout.splitlines()
    assert said == "Rejected 1 of 1."
    assert "Rejected “" in manage("undo", "list", **settings).stdout
    undone = manage("undo", "take-back", offer.rpartition(" ")[2], **settings)
    assert undone.stdout.startswith("Undone. Waiting for review again: “"), undone.stderr
    assert Story.get_by_id(story.id).state == StoryState.WAITING
    asked = manage("stories", "link", "https://redd.it/abc", **settings)
    assert asked.stdout.endswith(" was added; the link is being read.\n"), asked.stderr


def test_adding_a_user_has_a_dry_run(settings: dict[str, str]) -> None:
    add = ("users", "add", "ada", "--role", "editor")
    password = "correct horse battery\n"
    rehearsed = fresh(*add, "--dry-run", typed=password, **settings)
    assert "nothing was changed" in rehearsed.stdout, rehearsed.stderr
    assert User.select().count() == 0
    assert fresh(*add, typed=password, **settings).returncode == 0
    assert User.get().name == "ada"


def test_migrations_are_listed_before_they_are_applied(settings: dict[str, str]) -> None:
    newest = migrate.applied()[-1]

    told = manage("migrate", "back", "--dry-run", **settings)
    assert told.stdout == f"Would undo: {newest}.\n"
    assert manage("migrate", "back", **settings).stdout == f"Undone: {newest}.\n"
    assert newest not in migrate.applied()
    waits = manage("migrate", "forward", "--dry-run", **settings)
    assert waits.stdout == f"Would apply: {newest}.\n"
    assert newest not in migrate.applied()
    done = manage("migrate", "forward", **settings)
    assert done.stdout == f"Applied: {newest}.\n", done.stderr
