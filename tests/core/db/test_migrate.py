"""Migrations create the models' tables, can be undone, and are safe when many start at once."""

from __future__ import annotations

import subprocess
import sys

import pytest
from peewee import SQL
from playhouse.schema_diff import diff_models

from core import db
from core.db import migrate
from models import (
    TABLES,
    Account,
    AccountState,
    AuditEntry,
    Job,
    Method,
    PauseCause,
    Source,
    SourceKind,
    now,
)
from tests.pipelines.production.making import a_source, a_story

pytestmark = pytest.mark.usefixtures("record")


def drift() -> list[object]:
    """Differences between the tables and the models."""
    by_sql = {
        index.sql.split()[2]
        for table in TABLES
        for index in table._meta.indexes  # noqa: SLF001  # peewee's public name
        if isinstance(index, SQL)
    }
    found = diff_models(db.database, list(TABLES))
    changes = (change for kind in found for change in kind)
    return [change for change in changes if getattr(change, "name", None) not in by_sql]


def test_the_migrations_make_the_tables_that_the_models_describe() -> None:
    assert drift() == []


def test_migrations_go_back_and_forward() -> None:
    names = migrate.applied()
    assert migrate.back(len(names)) == names[::-1]
    assert set(db.database.get_tables()) == {"schema_migration"}
    assert migrate.forward() == names
    assert migrate.forward() == []


def test_the_release_before_narrates_answers_without_their_cards() -> None:
    # Given a story with marked answers
    text = "I ask.\n\n» Answer 1\n\nNo.\nNever.\n\n» Answer 12\n\nYes."
    a_story(narratable_text=text, answers=[{"author": "a", "text": "No.", "score": 1}])

    # When we go back to the release before answers
    names = migrate.applied()
    migrate.back(len(names) - names.index("0005_answers"))

    # Then no mark is left that would be read out, and all words are there
    told = db.database.execute_sql("SELECT narratable_text FROM story").fetchone()[0]
    assert told == "I ask.\n\nNo.\nNever.\n\nYes."
    migrate.forward()
    assert drift() == []


def test_addresses_of_feeds_are_encrypted_and_come_back() -> None:
    # Given a private feed and a public one, as the release before stored them
    token = "c0ffee15f00d5ea5e4b1ec7ab1e5"
    private = f"https://www.reddit.com/.rss?feed={token}&user=quiet_heron"
    names = migrate.applied()
    steps = len(names) - names.index("0009_addresses")
    secret = a_source(kind=SourceKind.FEED, name=private, place=private, last_error=private)
    public = a_source(kind=SourceKind.FEED, name="Night", place="https://night.example/feed")
    error = f"The feed {private} can't be fetched (HTTP 404)."
    Job.create(stage="fetch", subject_id=secret.id, queue="network", request_id="", error=error)
    a_story(source=secret, url=f"https://www.reddit.com/r/tifu?feed={token}")
    migrate.back(steps)

    # When we go forward, then the token is only where it is encrypted
    migrate.forward()
    everything = [
        str(row)
        for table in TABLES
        for row in db.database.execute_sql(f'SELECT * FROM "{table._meta.table_name}"').fetchall()  # noqa: SLF001  # as above
    ]
    assert not [row for row in everything if token in row]
    found = Source.get_by_id(secret.id)
    assert (found.whole_place, found.name) == (private, "www.reddit.com/.rss")
    assert found.place == "https://www.reddit.com/.rss?feed=[secret]&user=[secret]"
    left = Source.get_by_id(public.id)
    assert (left.name, left.place, left.address) == (public.name, public.place, None)

    # And when we go back, then the release before can fetch it
    migrate.back(steps)
    rows = db.database.execute_sql("SELECT place FROM source ORDER BY id").fetchall()
    assert [place for (place,) in rows] == [private, public.place]
    migrate.forward()
    assert drift() == []


def test_accounts_whose_authorization_had_ended_before_are_paused() -> None:
    # Given accounts as the release before left them: one whose authorization had ended, one that
    # posts without any, one that a person had paused, and one that is connected
    names = migrate.applied()
    steps = len(names) - names.index("0026_first_steps")
    ended = {"state": AccountState.EXPIRED, "last_error": "The creator ended it."}
    lost = Account.create(open_id="lost", **ended)
    by_hand = Account.create(open_id="by hand", methods=[Method.MANUAL], **ended)
    person = {"paused_at": now(), "paused_cause": PauseCause.PERSON, "paused_reason": "Holiday"}
    paused = Account.create(open_id="paused", **ended, **person)
    well = Account.create(open_id="well", state=AccountState.CONNECTED)
    migrate.back(steps)
    # When we go forward
    migrate.forward()
    # Then the first is paused as if it had ended today, and the audit log says so
    found = {row.open_id: row for row in Account.select()}
    assert found["lost"].paused_cause == PauseCause.GRANT
    assert found["lost"].paused_reason == "The creator ended it."
    assert [found[row.open_id].paused_at is None for row in (by_hand, well)] == [True, True]
    assert found["paused"].paused_cause == paused.paused_cause
    entry = AuditEntry.get(AuditEntry.action == "account.pause")
    assert (entry.actor, entry.subject) == ("storymill", f"account {lost.id}")
    assert drift() == []


@pytest.mark.slow
def test_two_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    # Given an empty database
    migrate.back(len(migrate.applied()))

    # When four processes start at the same moment
    command = [
        sys.executable,
        "-c",
        "import sys; from core.db.migrate import migrate; migrate(sys.argv[1])",
    ]
    starts = [subprocess.Popen([*command, database_url]) for _ in range(4)]

    # Then all succeed, and the tables are there once
    assert [process.wait(timeout=60) for process in starts] == [0, 0, 0, 0]
    assert drift() == []
