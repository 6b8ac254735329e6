"""Sources of every kind from a terminal: added, set, fetched and shown."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from models import (
    Account,
    AccountState,
    AuditEntry,
    Channel,
    Intake,
    Job,
    Source,
    SourceKind,
    Story,
)
from pipelines.stories.intake import sources
from scripts.management.production.sources import kind_of
from tests.scripts.terminal import ROOT, manage

pytestmark = pytest.mark.slow


def test_the_kind_of_a_source_follows_from_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tifu").mkdir()
    monkeypatch.chdir(tmp_path)
    kinds = {
        "r/tifu": SourceKind.SUBREDDIT,
        "shortstories": SourceKind.SUBREDDIT,
        "https://www.reddit.com/r/tifu/": SourceKind.SUBREDDIT,
        "https://www.reddit.com/r/tifu/top/.rss": SourceKind.FEED,
        "https://www.reddit.com/r/tifu/top/.rss?t=week": SourceKind.FEED,
        "https://www.reddit.com/r/tifu/.rss?feed=secret&user=heron": SourceKind.FEED,
        "https://www.reddit.com/.rss?feed=secret&user=heron": SourceKind.FEED,
        "https://night.example/feed.xml": SourceKind.FEED,
        "saved/top.json": SourceKind.SAVED_LISTING,
        "Tales.CSV": SourceKind.CSV,
        str(tmp_path): SourceKind.FOLDER,
        "tifu": SourceKind.FOLDER,
    }
    assert {place: kind_of(place) for place in kinds} == kinds


def test_a_file_of_the_intake_folder_is_added_by_its_path_or_its_place(
    settings: dict[str, str], tmp_path: Path
) -> None:
    # Given files in the intake folder, and one beside it
    intake = tmp_path / "intake"
    (intake / "texts").mkdir(parents=True)
    (intake / "tales.csv").touch()
    (tmp_path / "beside.csv").touch()
    here = os.path.relpath(intake / "tales.csv", ROOT)
    settings = {**settings, "INTAKE_DIR": str(intake)}

    # When they are added by path, by place, and as a folder
    for place, name in ((here, "A"), ("tales.csv", "B"), ("texts", "C")):
        added = manage("sources", "add", place, "--name", name, **settings)
        assert added.returncode == 0, added.stderr
        assert "its first fetch starts within a minute" in added.stdout

    # Then their places in the folder are stored
    stored = [(source.kind, source.place) for source in Source.select().order_by(Source.name)]
    assert stored == [("csv", "tales.csv"), ("csv", "tales.csv"), ("folder", "texts")]
    assert AuditEntry.select().first().action == "source.add"
    # And a file elsewhere is refused with the folder to put it into
    refused = manage("sources", "add", str(tmp_path / "beside.csv"), **settings)
    assert refused.returncode == 2
    assert f"is outside the intake folder {intake}: put the file there" in refused.stderr


def test_every_setting_is_given_at_once_and_changed_later(settings: dict[str, str]) -> None:
    # Given a channel and two accounts
    channel = Channel.create(name="Evening")
    first, second = (
        Account.create(open_id=f"open-{n}", name=f"ladder_{n}", state=AccountState.CONNECTED)
        for n in (1, 2)
    )
    chosen = [
        *("--name", "Evening tales", "--listing", "new", "--time-filter", "week"),
        *("--count", "7", "--min-score", "50", "--min-words", "80", "--max-words", "900"),
        *("--nsfw", "flag", "--language", "de", "--interval-minutes", "15", "--not-enabled"),
        *("--warn-from", "0.5", "--flag-from", "0.7", "--channel", "Evening"),
        *("--account", "ladder_1", "--account", str(second.id)),
    ]
    rehearsed = manage("sources", "add", "eveningtales", *chosen, "--dry-run", **settings)
    assert "nothing was changed" in rehearsed.stdout
    assert (Source.select().count(), AuditEntry.select().count()) == (0, 0)

    # When a source is added with all settings, and one setting is changed
    assert manage("sources", "add", "eveningtales", *chosen, **settings).returncode == 0
    manage("sources", "set", "Evening tales", "--count", "9", "--dry-run", **settings)
    assert Source.get().count == 7
    changed = manage("sources", "set", "Evening tales", "--count", "9", **settings)
    assert changed.returncode == 0, changed.stderr

    # Then the rest is unchanged
    source = Source.get()
    kept: dict[str, Any] = {"listing": "new", "time_filter": "week", "count": 9, "min_score": 50}
    kept |= {"min_words": 80, "max_words": 900, "nsfw": "flag", "language": "de"}
    kept |= {"interval_minutes": 15, "enabled": False, "warn_from": 0.5, "flag_from": 0.7}
    assert {name: getattr(source, name) for name in kept} == kept
    assert source.channel == channel
    assert sources.accounts_of(source) == [first.id, second.id]
    shown = manage("sources", "show", str(source.id), **settings).stdout
    for words in ("Evening tales", "eveningtales", "ladder_1, ladder_2", "900"):
        assert words in shown

    # And 'none' removes a setting
    manage("sources", "set", str(source.id), "--channel", "none", "--account", "none", **settings)
    assert Source.get().channel is None
    assert sources.accounts_of(source) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("add", "not a subreddit!", "--count", "0"),
            "Place: Must be a subreddit name, such as tifu.",
        ),
        (
            ("add", "tifu", "--channel", "Noon"),
            "There is no channel Noon; existing channels: none yet.",
        ),
        (("set", "Unknown", "--count", "3"), "There is no source Unknown: scripts/manage"),
        (("set", "Known"), "Nothing to change"),
        (("fetch", "Pasted"), "its stories are pasted by hand"),
    ],
)
def test_impossible_values_are_refused_in_a_sentence(
    settings: dict[str, str], arguments: tuple[str, ...], sentence: str
) -> None:
    Source.create(name="Known", kind=SourceKind.SUBREDDIT, place="known")
    Source.create(name="Pasted", kind=SourceKind.PASTE, enabled=False)

    refused = manage("sources", *arguments, **settings)

    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (Source.select().count(), Job.select().count()) == (2, 0)


def test_a_fetch_is_started_by_name_and_its_outcomes_are_shown(settings: dict[str, str]) -> None:
    source = Source.create(name="Night desk", kind=SourceKind.SUBREDDIT, place="nightdesk")
    for outcome, why in (("taken", ""), ("skipped", "It has no title."), ("known", "It is here.")):
        Intake.create(
            source=source, external_id=f"x:{outcome}", title=outcome, outcome=outcome, reason=why
        )

    # A dry run leaves nothing, a fetch leaves a job, and a second fetch says where that is
    assert manage("sources", "fetch", "Night desk", "--dry-run", **settings).returncode == 0
    assert Job.of("fetch", source.id) is None
    assert manage("sources", "fetch", "Night desk", **settings).returncode == 0
    assert Job.of("fetch", source.id) is not None
    again = manage("sources", "fetch", str(source.id), **settings)
    assert (again.returncode, "is already being fetched" in again.stdout) == (1, True)

    shown = manage("sources", "outcomes", "Night desk", **settings).stdout
    assert "It has no title." in shown
    assert "Night desk: 1 added, 1 skipped, 1 seen before in the last 30 days." in shown
    skipped = manage("sources", "fates", "Night desk", "--fate", "skipped", **settings).stdout
    assert "It is here." not in skipped
    Source.update(last_error="Reddit knows no r/nightdesk.").execute()
    listed = manage("sources", "list", **settings)
    assert "nightdesk" in listed.stdout
    assert listed.stderr == "Night desk: Reddit knows no r/nightdesk.\n"


def test_a_table_and_a_folder_are_imported_completely_or_in_a_dry_run(
    settings: dict[str, str], tmp_path: Path
) -> None:
    table, folder = tmp_path / "tales.csv", tmp_path / "texts"
    table.write_text("title,text,score\nThe lamp,It went out.,9\nThe bell,It rang.,1\n")
    folder.mkdir()
    (folder / "boat.txt").write_text("The boat\n\nIt sank.")

    rehearsed = manage("stories", "import", str(table), "--min-score", "5", "--dry-run", **settings)
    assert "1 added, 1 skipped, 0 seen before" in rehearsed.stdout
    assert (Story.select().count(), Source.select().count()) == (0, 0)
    manage("stories", "import", str(table), "--min-score", "5", **settings)
    again = manage("stories", "import", str(table), **settings)
    assert "0 added, 0 skipped, 2 seen before" in again.stdout
    assert manage("stories", "import", str(folder), **settings).returncode == 0
    assert [story.title for story in Story.select().order_by(Story.id)] == [
        "The lamp",
        "The bell",
        "The boat",
    ]
    assert not Source.select().where(Source.enabled).exists()
    # And nothing reads the files again, wherever they are
    assert {source.place for source in Source.select()} == {""}
    asked = manage("sources", "fetch", f"Import of {table}", **settings)
    assert (asked.returncode, "was read once and names no file" in asked.stderr) == (2, True)


def test_a_source_is_archived_brought_back_and_removed(settings: dict[str, str]) -> None:
    # Given a source with a story
    source = Source.create(name="Small wrongs", kind=SourceKind.SUBREDDIT, place="tifu")
    Story.create(source=source, external_id="reddit:t3_1", title="The lamp", body="It went out.")
    # When it is archived, and brought back
    assert "was archived" in manage("sources", "archive", "Small wrongs", **settings).stdout
    assert Source.get_by_id(source.id).archived_at
    assert "is back" in manage("sources", "unarchive", "Small wrongs", **settings).stdout
    assert Source.get_by_id(source.id).archived_at is None
    # And removed: only if somebody says so
    asked = manage("sources", "remove", "Small wrongs", **settings)
    assert asked.returncode != 0
    assert Source.get_by_id(source.id).removed_at is None
    assert "was removed" in manage("sources", "remove", "Small wrongs", "--yes", **settings).stdout
    # Then its story stays, and the list has it no longer
    assert Source.get_by_id(source.id).removed_at
    assert Story.select().count() == 1
    assert AuditEntry.get(AuditEntry.action == "source.remove").reason == "Small wrongs"


def test_what_an_installation_lacks_is_told(settings: dict[str, str]) -> None:
    told = manage("getting-started", "--json", **settings)
    assert told.returncode == 1
    steps = {row["step"]: row for row in json.loads(told.stdout)}
    assert "TIKTOK_CLIENT_KEY" in steps["Set the keys of your TikTok app"]["what_is_on_record"]
    assert steps["Add your first source"]["done"] == "no"
