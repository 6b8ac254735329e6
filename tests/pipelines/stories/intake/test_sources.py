"""The settings of a source: which values are valid, and what a change does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core import crypto
from core.db import database
from core.errors import InputError
from core.files.intake_folder import IntakeFolder
from models import Account, AccountState, AuditEntry, Channel, Job, Source, SourceKind, now
from pipelines.stories.intake import sources
from pipelines.stories.intake.fetch import enqueue_due_sources
from pipelines.stories.intake.sources import SourceRefusedError
from tests.pipelines.production.making import a_source

pytestmark = pytest.mark.usefixtures("record")

INTAKE = IntakeFolder(Path("/no/such/folder"))

NEW: dict[str, Any] = {"name": "Evening tales", "kind": "subreddit", "place": "eveningtales"}


def test_a_source_is_added_with_settings_and_changed_in_one() -> None:
    channel = Channel.create(name="Evening")
    account = Account.create(open_id="open-1", state=AccountState.CONNECTED)

    made = sources.save(
        None, NEW | {"channel": channel.id, "accounts": [account.id]}, "ada", INTAKE
    )
    sources.save(made.id, {"count": 10}, "bob", INTAKE)

    source = Source.get()
    assert (source.name, source.count, source.channel) == ("Evening tales", 10, channel)
    assert sources.accounts_of(source) == [account.id]
    assert [(row.actor, row.action) for row in AuditEntry.select().order_by(AuditEntry.id)] == [
        ("ada", "source.add"),
        ("bob", "source.edit"),
    ]


def test_a_place_is_stored_in_its_short_form() -> None:
    written = (
        ("subreddit", " /r/eveningtales/ ", "eveningtales"),
        ("subreddit", "https://old.reddit.com/r/eveningtales/", "eveningtales"),
        ("subreddit", "tifu+confession", "tifu+confession"),
        ("feed", " https://night.example/feed ", "https://night.example/feed"),
    )
    for kind, place, kept in written:
        made = sources.save(None, {"name": place, "kind": kind, "place": place}, "ada", INTAKE)
        assert made.place == kept


TOKEN = "c0ffee15f00d5ea5e4b1ec7ab1e5"
PRIVATE = f"https://www.reddit.com/.rss?feed={TOKEN}&user=quiet_heron"
SHOWN = "https://www.reddit.com/.rss?feed=[secret]&user=[secret]"


def test_an_address_with_a_secret_is_stored_encrypted_and_kept_when_it_is_left_alone() -> None:
    # When a private feed is added, under a name that repeats its address
    made = sources.save(
        None, {"name": f"Mine {PRIVATE}", "kind": "feed", "place": PRIVATE}, "ada", INTAKE
    )

    # Then only one column holds the token, encrypted
    assert (made.name, made.place, made.whole_place) == (f"Mine {SHOWN}", SHOWN, PRIVATE)
    columns = database.execute_sql("SELECT row_to_json(source)::text, address FROM source")
    row, stored = columns.fetchone()
    assert TOKEN not in row
    assert crypto.keyring().decrypt(stored) == PRIVATE

    # And it is kept while other settings change, replaced by another address, and dropped
    sources.save(made.id, {"place": SHOWN, "count": 3}, "ada", INTAKE)
    assert Source.get().whole_place == PRIVATE
    Source.update(next_fetch_at=now()).execute()
    other = PRIVATE.replace(TOKEN, TOKEN[::-1])
    sources.save(made.id, {"place": other}, "ada", INTAKE)
    assert (Source.get().whole_place, Source.get().next_fetch_at) == (other, None)
    sources.save(made.id, {"place": "https://night.example/feed"}, "ada", INTAKE)
    assert (Source.get().address, Source.get().whole_place) == (None, "https://night.example/feed")


def test_a_hidden_part_is_never_kept_for_another_address() -> None:
    # Otherwise a token could be sent to another host
    made = sources.save(None, {"name": "Mine", "kind": "feed", "place": PRIVATE}, "ada", INTAKE)
    for place in (SHOWN.replace("www.reddit.com", "night.example"), f"{SHOWN}&t=week"):
        with pytest.raises(SourceRefusedError, match="Enter the whole address again"):
            sources.save(made.id, {"place": place}, "ada", INTAKE)
    with pytest.raises(SourceRefusedError, match="Enter the whole address again"):
        sources.save(None, {"name": "New", "kind": "feed", "place": SHOWN}, "ada", INTAKE)
    assert Source.get().whole_place == PRIVATE


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": "Known"}, "Name: A source named Known already exists"),
    ({"name": " "}, "Name: Enter a name."),
    ({"name": "x" * 121}, "Name: Can have at most 120 characters."),
    ({"kind": "telepathy"}, "Kind: Must be one of subreddit, feed"),
    ({"kind": "paste", "place": ""}, "The kind “paste” is only for"),
    ({"place": "not a subreddit!"}, "Place: Must be a subreddit name"),
    ({"place": "https://www.reddit.com/r/tifu/comments/abc"}, "Must be a subreddit name"),
    ({"place": "https://www.reddit.com/r/tifu/top/.rss?t=week"}, "the address of a feed"),
    ({"kind": "feed", "place": "night.example"}, "starts with https://"),
    ({"kind": "feed", "place": "https://[night"}, "starts with https://"),
    ({"kind": "feed", "place": "https://night.example:port/"}, "starts with https://"),
    ({"kind": "feed", "place": "https://night.example/a b"}, "starts with https://"),
    ({"kind": "csv", "place": ""}, "Give a file or folder, or upload it."),
    ({"kind": "csv", "place": "/no/such.csv"}, "is outside the intake folder"),
    ({"kind": "csv", "place": "tales.csv"}, "can't be read (No such file or directory): create it"),
    ({"kind": "folder", "place": "/etc"}, "is outside the intake folder"),
    ({"kind": "feed", "place": "https://a.example/", "min_score": 9}, "set it to 0"),
    ({"kind": "feed", "place": "https://a.example/", "answers": 4}, "have answers: set it to 0"),
    ({"count": 0}, "Stories per fetch: Must be a whole number from 1 to 100."),
    ({"count": 101}, "Stories per fetch"),
    ({"count": None}, "Stories per fetch"),
    ({"interval_minutes": 4}, "Minutes between fetches"),
    ({"listing": "best"}, "Listing: Must be one of top, hot"),
    ({"min_words": 50, "max_words": 9}, "Maximum words: Must not be below the minimum words."),
    ({"warn_from": 0.9, "flag_from": 0.5}, "Must not be below “Warn from”."),
    ({"flag_from": float("nan")}, "Must be a number from 0 to 1."),
    ({"language": "English"}, "Must be a code like en or de."),
    ({"channel": 99}, "This channel was removed"),
    ({"accounts": [99]}, "One of these accounts was removed"),
)


def test_an_invalid_setting_is_refused_with_a_sentence() -> None:
    a_source(name="Known")
    for change, sentence in REFUSED:
        with pytest.raises(SourceRefusedError) as refused:
            sources.save(None, NEW | change, "ada", INTAKE)
        assert sentence in str(refused.value), change
    assert Source.select().count() == 1


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SourceRefusedError) as refused:
        sources.save(None, NEW | {"count": 0, "language": "?"}, "ada", INTAKE)
    assert refused.value.problems.keys() == {"count", "language"}


def test_a_source_with_a_missing_folder_can_be_switched_off(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    intake = IntakeFolder(tmp_path)
    source = sources.save(None, NEW | {"kind": "folder", "place": str(folder)}, "ada", intake)
    assert source.place == "texts"
    folder.rmdir()

    sources.save(source.id, {"enabled": False}, "ada", intake)

    assert not Source.get().enabled


def test_a_changed_source_is_fetched_soon() -> None:
    # Given a source that failed, and waits for its time next week
    week = 7 * 24 * 60
    later = now() + timedelta(days=6)
    source = a_source(interval_minutes=week, next_fetch_at=later, last_error="It is gone.")

    # When its interval becomes an hour, then it waits at most an hour
    sources.save(source.id, {"interval_minutes": 60}, "ada", INTAKE)
    assert Source.get().next_fetch_at < now() + timedelta(minutes=61)
    assert Source.get().last_error == "It is gone."

    # And when its place changes, it is due
    sources.save(source.id, {"place": "eveningtales"}, "ada", INTAKE)
    assert (Source.get().next_fetch_at, Source.get().last_error) == (None, "")


def test_a_source_is_found_by_name_before_number() -> None:
    first = a_source(name="Evening")
    second = a_source(name=str(first.id))

    assert sources.find("Evening") == first
    assert sources.find(str(first.id)) == second
    assert sources.find(str(second.id)) == second
    for nothing in ("Noon", "404", "9" * 5000, "٣"):
        with pytest.raises(InputError, match="There is no source"):
            sources.find(nothing)


def test_a_new_source_that_was_asked_for_is_due_an_interval_later() -> None:
    # Given a new source, and one that is due tomorrow
    tomorrow = now() + timedelta(days=1)
    new, known = a_source(interval_minutes=60), a_source(next_fetch_at=tomorrow)
    # When both are asked for at once, then the next tick fetches neither again
    for source in (new, known):
        sources.ask(source.id, "ada")
    assert enqueue_due_sources() == 0
    # And the schedule of the other one stays
    soon = Source.get_by_id(new.id).next_fetch_at - now()
    assert timedelta(minutes=59) < soon <= timedelta(minutes=60)
    assert Source.get_by_id(known.id).next_fetch_at == tomorrow


def test_pasted_stories_are_never_fetched() -> None:
    pasted = a_source(name="Pasted", kind=SourceKind.PASTE, place="")
    with pytest.raises(InputError, match="pasted by hand"):
        sources.ask(pasted.id, "ada")
    assert Job.select().count() == 0
