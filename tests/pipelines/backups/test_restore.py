"""Everything comes back, or nothing is touched and a sentence says why."""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path

import pytest

from core import crypto, db
from core.db import migrate
from core.errors import ConfigurationError, InputError, StorymillError
from core.files.encrypted_stream import FileKeys
from models import Backup, Job, Story
from pipelines import ledger
from pipelines.backups import check, restore, runs
from pipelines.backups.archive import Archive
from pipelines.backups.settle import settle
from tests.pipelines.backups import states
from tests.pipelines.backups.states import Installation

pytestmark = pytest.mark.slow


def test_database_and_files_are_destroyed_and_come_back_on_other_paths(
    installation: Installation, tmp_path: Path
) -> None:
    # Given a backup, and what there was when it was made
    url, folders = installation.setup.url, installation.setup.folders
    taken = installation.back_up()
    before, numbers = states.rows(url), states.sequences(url)
    media, intake = states.contents(folders.media), states.contents(folders.intake)
    assert taken.verified_at
    assert taken.error == ""
    assert taken.files == len(media) + len(intake)

    # When everything is destroyed, and restored where the folders have other names
    states.destroy(url)
    shutil.rmtree(folders.media)
    shutil.rmtree(folders.intake)
    elsewhere = installation.moved(tmp_path)
    elsewhere.restore(taken)

    # Then every row and every file is the same; only the backup was still running in its copy
    after = states.rows(url)
    assert before.pop("backup") != after.pop("backup")
    assert after == before
    assert states.sequences(url) == numbers
    assert states.contents(elsewhere.setup.folders.media) == media
    assert states.contents(elsewhere.setup.folders.intake) == intake
    # and nothing of the old tables or of the tests is left
    assert elsewhere.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'before_restore'") == []
    assert elsewhere.execute("SELECT 1 FROM pg_database WHERE datname LIKE '%\\_check\\_%'") == []


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def remove(path: Path) -> None:
    path.unlink()


def test_a_damaged_backup_is_refused_before_anything_is_touched(
    installation: Installation, tmp_path: Path
) -> None:
    # Given a backup
    taken = installation.back_up()
    before, files = states.rows(installation.setup.url), installation.setup.folders.media
    kept = states.contents(files)
    whole = shutil.copytree(installation.place, tmp_path / "whole")

    for which, harm in product(("database", "files", "backup.json", "video"), (flip, cut, remove)):
        # When one piece of it is damaged, and it is to be restored
        shutil.rmtree(installation.place)
        shutil.copytree(whole, installation.place)
        piece = installation.place / "backups" / taken.name / which
        if which == "video":
            shared = (installation.place / "files").rglob("*")
            piece = max(shared, key=lambda path: path.stat().st_size)
        harm(piece)
        with pytest.raises(InputError) as refused:
            installation.restore(taken)

        # Then a sentence says what is wrong, and nothing was touched
        said = str(refused.value)
        assert any(word in said for word in ("is damaged", "is missing", "There is no")), said
        assert states.rows(installation.setup.url) == before
        assert states.contents(files) == kept


@pytest.mark.parametrize("keys", ["encrypted"], indirect=True)
def test_a_missing_key_of_the_backup_is_named(installation: Installation) -> None:
    taken = installation.back_up()
    needed = installation.setup.archive.keys.newest
    before = states.rows(installation.setup.url)
    for ring in ("", crypto.new_key()):
        archive = Archive(installation.setup.archive.place, FileKeys.parse(ring))
        with pytest.raises(InputError, match=f"encrypted with the key {needed}.*BACKUP_KEY"):
            archive.facts(taken.name)
    assert states.rows(installation.setup.url) == before


@pytest.mark.parametrize("keys", ["plain"], indirect=True)
def test_a_missing_key_of_the_stored_secrets_is_named(installation: Installation) -> None:
    # Given a backup with tokens under this installation's key
    taken, needed = installation.back_up(), crypto.keyring().newest
    assert installation.facts(taken).key_ids == [needed]

    # When another installation, which has another key, is to restore it
    crypto.configure(crypto.new_key())
    with pytest.raises(InputError, match=f"under the key {needed}.*CRYPTOGRAPHY_KEY"):
        installation.restore(taken)


@pytest.mark.parametrize("keys", ["plain"], indirect=True)
def test_a_backup_of_a_newer_storymill_is_refused(installation: Installation) -> None:
    installation.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_x', now())")
    taken = installation.back_up()
    with pytest.raises(InputError, match=r"tables are newer \(migration 9999_x\): update"):
        installation.restore(taken)


@pytest.mark.parametrize("keys", ["plain"], indirect=True)
def test_it_is_refused_while_storymill_runs(installation: Installation) -> None:
    taken = installation.back_up()
    facts = installation.facts(taken)
    with db.session(), pytest.raises(InputError, match=r"still running .*: stop every process"):
        restore.restore(facts, installation.setup, lambda _: None)


@pytest.mark.parametrize("keys", ["plain"], indirect=True)
def test_a_restore_that_fails_or_is_killed_leaves_the_old_rows(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a backup, rows that are newer than it, and a dump that breaks off in the middle
    taken, url = installation.back_up(), installation.setup.url
    with db.session():
        Story.update(title="Newer").execute()
    before = states.rows(url)
    monkeypatch.setattr(check, "pieces", lambda *_arguments: None)
    dump = installation.place / "backups" / taken.name / "database"
    whole = dump.read_bytes()
    dump.write_bytes(whole[: len(whole) // 2])

    # When it is restored
    with pytest.raises(StorymillError):
        installation.restore(taken)
    # Then the newer rows are there
    assert states.rows(url) == before

    # And if the process was killed in the middle, nothing starts on the half-restored tables,
    states.execute(url, "ALTER SCHEMA public RENAME TO before_restore; CREATE SCHEMA public")
    with pytest.raises(ConfigurationError, match="was interrupted: run it again"):
        migrate.forward()
    # and the next restore begins from the old rows too
    with pytest.raises(StorymillError):
        installation.restore(taken)
    assert states.rows(url) == before

    # and one that succeeds replaces them
    dump.write_bytes(whole)
    installation.restore(taken)
    assert states.rows(url) != before


@pytest.mark.parametrize("keys", ["plain"], indirect=True)
def test_a_restored_record_does_not_go_on_with_the_backup_that_it_is_from(
    installation: Installation,
) -> None:
    # Given a nightly backup, made by a worker, and a later one that the first doesn't know
    with db.session():
        night = runs.ask("olga", enabled=True)
        claim = ledger.claim("backup", night.id, "worker")
        assert claim is not None
        runs.back_up(night.id, claim, installation.setup)
        night = Backup.get_by_id(night.id)
    later = installation.back_up()

    # When the nightly one is restored: in its own copy it is still running
    installation.restore(night)
    facts = installation.facts(night)
    with db.session():
        assert Job.of("backup", night.id).state == "running"  # type: ignore[union-attr]
        paused = settle(installation.setup.archive, facts, "olga", pause_accounts=True)

        # Then it is done, with its job; the later one is listed; nothing was due, so none is paused
        assert Job.of("backup", night.id).state == "done"  # type: ignore[union-attr]
        rows = {row.name: row for row in Backup.select()}
        assert {row.state for row in rows.values()} == {"done"}
        assert rows[later.name].files == later.files
        assert rows[night.name].verified_at == night.verified_at
        assert paused == []


def test_what_a_backup_says_of_itself_can_not_be_changed(installation: Installation) -> None:
    taken = installation.back_up()
    folder = installation.place / "backups" / taken.name
    for document, said, changed in (
        ("backup.json", '"story": 2', '"story": 3'),
        ("verified.json", '"good": true', '"good": false'),
    ):
        whole = (folder / document).read_text()
        assert said in whole
        (folder / document).write_text(whole.replace(said, changed))
        with pytest.raises(InputError, match=rf"is damaged \({document}\)"):
            installation.setup.archive.facts(taken.name)
            installation.setup.archive.verdict(taken.name)
        (folder / document).write_text(whole)
