"""What may be set on a source, what may not, and what follows from a change."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from models import Account, AccountState, AuditEntry, Channel, Job, Source, SourceKind, now
from pipelines.stories.intake import sources
from pipelines.stories.intake.sources import SourceRefusedError
from tests.pipelines.production.making import a_source

pytestmark = pytest.mark.usefixtures("record")

NEW: dict[str, Any] = {"name": "Evening tales", "kind": "subreddit", "place": "eveningtales"}


def test_a_source_is_made_with_what_is_chosen_and_changed_in_one_thing() -> None:
    channel = Channel.create(name="Evening")
    account = Account.create(open_id="open-1", state=AccountState.CONNECTED)

    made = sources.save(None, NEW | {"channel": channel.id, "accounts": [account.id]}, "ada")
    sources.save(made.id, {"count": 10}, "bob")

    source = Source.get()
    assert (source.name, source.count, source.channel) == ("Evening tales", 10, channel)
    assert sources.accounts_of(source) == [account.id]
    assert [(row.actor, row.action) for row in AuditEntry.select().order_by(AuditEntry.id)] == [
        ("ada", "source.add"),
        ("bob", "source.edit"),
    ]


def test_a_place_is_kept_without_what_only_a_person_writes() -> None:
    written = (
        ("subreddit", " /r/eveningtales/ ", "eveningtales"),
        ("subreddit", "https://old.reddit.com/r/eveningtales/", "eveningtales"),
        ("subreddit", "tifu+confession", "tifu+confession"),
        ("feed", " https://night.example/feed ", "https://night.example/feed"),
        ("folder", "/", "/"),
    )
    for kind, place, kept in written:
        made = sources.save(None, {"name": place, "kind": kind, "place": place}, "ada")
        assert made.place == kept


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": "Known"}, "Name: There is a source Known already"),
    ({"name": " "}, "Name: Give it a name."),
    ({"name": "x" * 121}, "Name: At most 120 letters."),
    ({"kind": "telepathy"}, "Kind: One of subreddit, feed"),
    ({"kind": "paste", "place": ""}, "Pasted texts have one source"),
    ({"place": "not a subreddit!"}, "Place: A subreddit's name"),
    ({"place": "https://www.reddit.com/r/tifu/comments/abc"}, "A subreddit's name"),
    ({"kind": "feed", "place": "night.example"}, "begins with https://"),
    ({"kind": "feed", "place": "https://[night"}, "begins with https://"),
    ({"kind": "feed", "place": "https://night.example:port/"}, "begins with https://"),
    ({"kind": "feed", "place": "https://night.example/a b"}, "begins with https://"),
    ({"kind": "csv", "place": "tales.csv"}, "Give the whole path"),
    ({"kind": "csv", "place": "~nobody-of-that-name/tales.csv"}, "Give the whole path"),
    ({"kind": "csv", "place": "/no/such.csv"}, "There is no such file"),
    ({"kind": "csv", "place": "/" + "x" * 400}, "can't be looked at (File name too long)"),
    ({"kind": "folder", "place": "/etc/hostname"}, "There is no such folder"),
    ({"kind": "feed", "place": "https://a.example/", "min_score": 9}, "set it to 0"),
    ({"kind": "feed", "place": "https://a.example/", "answers": 4}, "have answers: set it to 0"),
    ({"count": 0}, "Stories a fetch: A number between 1 and 100."),
    ({"count": 101}, "Stories a fetch"),
    ({"count": None}, "Stories a fetch"),
    ({"interval_minutes": 4}, "Minutes between fetches"),
    ({"listing": "best"}, "Listing: One of top, hot"),
    ({"min_words": 50, "max_words": 9}, "Most words: Must not be below the least words."),
    ({"warn_from": 0.9, "flag_from": 0.5}, "Must not be below the score that warns."),
    ({"flag_from": float("nan")}, "A number between 0 and 1."),
    ({"language": "English"}, "A code like en or de."),
    ({"channel": 99}, "This channel is gone"),
    ({"accounts": [99]}, "One of these accounts is gone"),
)


def test_what_can_not_be_used_is_refused_in_a_sentence() -> None:
    a_source(name="Known")
    for change, sentence in REFUSED:
        with pytest.raises(SourceRefusedError) as refused:
            sources.save(None, NEW | change, "ada")
        assert sentence in str(refused.value), change
    assert Source.select().count() == 1


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SourceRefusedError) as refused:
        sources.save(None, NEW | {"count": 0, "language": "?"}, "ada")
    assert refused.value.problems.keys() == {"count", "language"}


def test_what_is_away_just_now_can_still_be_switched_off(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    source = sources.save(None, NEW | {"kind": "folder", "place": str(folder)}, "ada")
    folder.rmdir()

    sources.save(source.id, {"enabled": False}, "ada")

    assert not Source.get().enabled


def test_a_change_is_looked_at_soon() -> None:
    # Given a source that failed, and waits for its time next week
    week = 7 * 24 * 60
    later = now() + timedelta(days=6)
    source = a_source(interval_minutes=week, next_fetch_at=later, last_error="It is gone.")

    # When it is asked hourly, then it waits no longer than an hour
    sources.save(source.id, {"interval_minutes": 60}, "ada")
    assert Source.get().next_fetch_at < now() + timedelta(minutes=61)
    assert Source.get().last_error == "It is gone."

    # And when its place is another, its time has come
    sources.save(source.id, {"place": "eveningtales"}, "ada")
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


def test_pasted_stories_are_fetched_by_nobody() -> None:
    pasted = a_source(name="Pasted", kind=SourceKind.PASTE, place="")
    with pytest.raises(InputError, match="come by hand"):
        sources.ask(pasted.id, "ada")
    assert Job.select().count() == 0
