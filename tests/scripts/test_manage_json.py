"""``--json`` for programs, ``show`` for one row, and tokens of the API by command."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest

from admin.auth import create_user
from core import crypto
from models import ApiToken, JobState
from pipelines.people import api_tokens
from scripts.management.__main__ import manage as commands
from tests.admin import records
from tests.scripts.terminal import manage

pytestmark = pytest.mark.slow


def rows(settings: dict[str, str], *arguments: str) -> Any:
    done = manage(*arguments, "--json", **settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_list_has_json() -> None:
    def named(group: click.Group, path: str = "") -> dict[str, click.Command]:
        found: dict[str, click.Command] = {}
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                found |= named(command, f"{path}{name} ")
            else:
                found[f"{path}{name}"] = command
        return found

    lists = {name: each for name, each in named(commands).items() if name.endswith(" list")}

    lists.pop("music list")  # sentences, no table
    assert len(lists) > 8
    for name, command in lists.items():
        assert "--json" in [opt for each in command.params for opt in each.opts], name


def test_rows_are_printed_as_json_and_one_is_shown(settings: dict[str, str]) -> None:
    # Given a story with a long name, a post, a job and a failure
    crypto.configure(settings["CRYPTOGRAPHY_KEY"])
    title = "The green ladder " * 20
    story = records.story(title)
    job = records.job("fetch", 77, JobState.WAITING)
    failure = records.failure("narrate", 5)

    # Then lists give whole names and numbers, and show gives everything
    [listed] = rows(settings, "stories", "list")
    assert (listed["id"], listed["title"], listed["state"]) == (story.id, title, "waiting")
    shown = rows(settings, "stories", "show", str(story.id))
    assert shown["narratable_text"] == records.TEXT
    assert rows(settings, "jobs", "show", str(job.id))["subject_id"] == 77
    assert rows(settings, "failures", "show", str(failure.id))["error_code"] == "voice_missing"
    plain = manage("failures", "show", str(failure.id), **settings)
    assert "error: The voice can't be loaded." in plain.stdout
    assert "canary" not in plain.stdout
    none = manage("posts", "show", "404", **settings)
    assert (none.returncode, none.stderr.strip()) == (2, "There is no post 404.")


def test_a_token_is_made_listed_and_revoked(settings: dict[str, str]) -> None:
    crypto.configure(settings["CRYPTOGRAPHY_KEY"])
    create_user("olga", "correct horse battery", "owner")

    arguments = ("olga", "nightly report", "--scope", "read", "--days", "9")
    done = manage("tokens", "create", *arguments, **settings)

    token = done.stdout.strip()
    assert api_tokens.find(token) is not None, done.stderr
    [listed] = rows(settings, "tokens", "list")
    assert (listed["user"], listed["scopes"]) == ("olga", "read")
    assert token not in json.dumps(listed)
    manage("tokens", "revoke", str(listed["id"]), **settings)
    assert not ApiToken.select().exists()
