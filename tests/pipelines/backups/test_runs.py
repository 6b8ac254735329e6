"""Making backups: once, only what is new, and nothing that is half-written."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters.backups.folder import FolderPlace
from core import db
from core.errors import StorymillError, Wait
from models import Backup, BackupState, Job, Narration, Video
from pipelines import ledger
from pipelines.backups import check, files, retention, runs, take
from pipelines.backups.archive import Archive
from pipelines.backups.retention import Keep
from pipelines.backups.runs import last_time
from pipelines.backups.take import alone
from tests.admin import records
from tests.pipelines.backups import states
from tests.pipelines.backups.states import Installation

pytestmark = pytest.mark.slow
plain = pytest.mark.parametrize("keys", ["plain"], indirect=True)


def test_a_second_backup_copies_only_what_is_new(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a backup, and then one more video; an equal file lies there under another name
    first = installation.back_up()
    media = installation.setup.folders.media
    with db.session():
        records.video(media, records.part(records.story("A third one")), content=b"third" * 1000)
    read: list[Path] = []
    reads = files._read  # noqa: SLF001  # what is read from the disk

    def noted(path: Path) -> Iterator[bytes]:
        read.append(path)
        return reads(path)

    monkeypatch.setattr(files, "_read", noted)

    # When the next backup is made
    second = installation.back_up()

    # Then no old file was read, and the five equal new ones are stored once
    assert {path.stem for path in read} == {"3"}
    assert second.files == first.files + 5
    assert second.new_bytes < 6000 < first.new_bytes
    stored = states.contents(installation.place / "files")
    assert len(stored) == 4


@plain
def test_a_file_that_is_gone_is_counted_and_the_rest_is_saved(installation: Installation) -> None:
    with db.session():
        gone = Video.select().first()
    (installation.setup.folders.media / gone.path).unlink()

    taken = installation.back_up()

    assert taken.missing_files == 1
    assert taken.verified_at


class Killed:
    """Dumps by the real program, which is killed with the first bytes."""

    def dump(self, url: str, snapshot: str) -> Iterator[bytes]:
        from adapters.backups.postgres_programs import PostgresPrograms

        chunks = PostgresPrograms().dump(url, snapshot)
        yield next(chunks)[:1000]
        children = subprocess.check_output(["pgrep", "-P", str(os.getpid()), "pg_dump"], text=True)
        for child in children.split():
            os.kill(int(child), 9)
        yield from chunks

    def restore(self, url: str, chunks: Iterable[bytes]) -> None:
        raise AssertionError(url, chunks)


@plain
def test_a_killed_dump_leaves_no_backup_that_counts(installation: Installation) -> None:
    # Given a good backup, and enough rows that a dump takes a while
    good = installation.back_up()
    installation.execute(
        "INSERT INTO audit_entry (created_at, actor, action, subject, reason) "
        "SELECT now(), 'olga', 'x', 'y', md5(random()::text) || md5(random()::text) "
        "FROM generate_series(1, 100000)"
    )

    # When pg_dump is killed in the middle of the next one
    broken = replace(installation, setup=replace(installation.setup, programs=Killed()))
    with pytest.raises(StorymillError, match="pg_dump was ended by signal 9"):
        broken.back_up()

    # Then only the good one counts, and the row says why
    assert installation.setup.archive.names() == [good.name]
    with db.session():
        failed = Backup.select().order_by(Backup.id.desc()).get()
    assert failed.state == BackupState.FAILED
    assert "signal 9" in failed.error

    # And what a killed process leaves is removed by the next backup
    (installation.place / "backups" / "20200101T000000Z-abcdef").mkdir()
    (installation.place / "backups" / "20200101T000000Z-abcdef" / "database").write_bytes(b"half")
    (installation.place / "unfinished").mkdir(exist_ok=True)
    (installation.place / "unfinished" / "half").write_bytes(b"half")
    with db.session():
        Backup.create(by="olga", state=BackupState.RUNNING, name="20200101T000000Z-abcdef")
    installation.back_up()
    assert len(installation.setup.archive.names()) == 2
    assert not list((installation.place / "unfinished").glob("*"))
    assert not (installation.place / "backups" / "20200101T000000Z-abcdef").exists()
    with db.session():
        assert not Backup.select().where(Backup.state == BackupState.RUNNING).exists()


@plain
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_one_sentence_and_the_old_backups_stay(
    installation: Installation, tmp_path: Path
) -> None:
    # Given a backup on a disk of 3 MB, and a video that doesn't fit
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", small], check=True)
    try:
        archive = Archive(FolderPlace(folder=small), installation.setup.archive.keys)
        there = replace(installation, setup=replace(installation.setup, archive=archive))
        good = there.back_up()
        with db.session():
            media = installation.setup.folders.media
            part = records.part(records.story("A long one"))
            records.video(media, part, content=os.urandom(4_000_000))

        # When the next one is made
        with pytest.raises(StorymillError, match=r"The disk with the backups .* is full: free"):
            there.back_up()

        # Then the old one is good, and nothing half-written takes up the rest
        assert archive.names() == [good.name]
        assert not list((small / "unfinished").glob("*"))
        check.pieces(archive, archive.facts(good.name), lambda _: None)
    finally:
        subprocess.run(["umount", small], check=True)


@plain
def test_two_never_run_at_once(installation: Installation) -> None:
    with (
        alone(installation.setup.url),
        pytest.raises(Wait, match="Another backup or restore is running"),
    ):
        installation.back_up()


def test_removed_backups_take_their_files_with_them(installation: Installation) -> None:
    # Given two backups; the second one lacks the second video's files
    first = installation.back_up()
    stored = states.contents(installation.place / "files")
    with db.session():
        second_part = Video.select().order_by(Video.id.desc()).get().part.id
        Video.delete().where(Video.part == second_part).execute()
        Narration.delete().where(Narration.part == second_part).execute()
        installation.execute(f"DELETE FROM caption WHERE part_id = {second_part}")
    second = installation.back_up()

    # When only the newest is kept, days later
    older = "20260101T000000Z-aaaaaa"
    (installation.place / "backups" / first.name).rename(installation.place / "backups" / older)
    archive = installation.setup.archive
    removed = retention.thin_out(archive, Keep(daily=1, weekly=0, monthly=0))

    # Then the files that only the older one needed are gone, and the newest has all of its own
    assert removed == [older]
    left = states.contents(installation.place / "files")
    assert set(left) < set(stored)
    check.pieces(archive, installation.facts(second), lambda _: None)


@plain
def test_files_stay_as_long_as_a_backup_can_not_be_read(installation: Installation) -> None:
    taken = installation.back_up()
    stored = states.contents(installation.place / "files")
    (installation.place / "backups" / taken.name / "files").write_bytes(b"")

    retention.thin_out(installation.setup.archive, Keep(1, 0, 0))

    assert states.contents(installation.place / "files") == stored


@plain
def test_a_bad_backup_is_found_told_and_replaced(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a backup whose restored tables have another number of rows
    count = take.counted
    monkeypatch.setattr(check, "counted", lambda cursor: count(cursor) | {"story": 7})
    with pytest.raises(StorymillError, match="the table story has 7 rows instead of 2"):
        installation.back_up()
    (bad,) = installation.setup.archive.names()
    with db.session():
        assert Backup.get().state == BackupState.FAILED

    # When the next one is good, the bad one goes
    monkeypatch.undo()
    good = installation.back_up()
    assert installation.setup.archive.names() == [good.name] != [bad]


@plain
def test_a_user_without_the_right_to_create_databases_is_told(installation: Installation) -> None:
    # Given a database user that may only use this database
    url = installation.setup.url
    name = url.rpartition("/")[2]
    password = "for-this-test-only"
    states.execute(url, f"CREATE ROLE restricted LOGIN PASSWORD '{password}'")
    try:
        states.execute(url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO restricted")
        states.execute(url, "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO restricted")
        own = url.replace(url.partition("//")[2].partition("@")[0], f"restricted:{password}")
        limited = replace(installation, setup=replace(installation.setup, url=own))

        # When a backup is made
        taken = limited.back_up()
    finally:
        states.execute(url, "DROP OWNED BY restricted; DROP ROLE restricted")

    # Then it counts, and says that it was not tested and what to do
    assert (taken.state, taken.verified_at) == (BackupState.DONE, None)
    assert "restricted may not create databases" in taken.error
    assert "CREATEDB" in taken.error
    assert name


def test_the_nightly_time_is_the_last_one_that_has_come() -> None:
    zone, at = ZoneInfo("Europe/Berlin"), time(2, 15)
    for moment, expected in (
        ("2026-11-30T01:14:59+00:00", "2026-11-29T02:15:00+01:00"),
        ("2026-11-30T01:15:00+00:00", "2026-11-30T02:15:00+01:00"),
        ("2026-07-01T23:00:00+00:00", "2026-07-01T02:15:00+02:00"),
    ):
        assert last_time(at, zone, datetime.fromisoformat(moment)).isoformat() == expected


@pytest.mark.usefixtures("record")
def test_two_schedulers_ask_for_one_backup_a_night() -> None:
    # Given many ticks of two schedulers at once, and one more the next minute
    asked: list[bool] = []

    def tick() -> None:
        with db.session():
            asked.append(runs.ask_nightly(time(2, 15), ZoneInfo("UTC")))

    db.release()
    ticks = [threading.Thread(target=tick) for _ in range(8)]
    for each in ticks:
        each.start()
    for each in ticks:
        each.join()
    tick()

    # Then one backup is asked for, with one job
    assert sorted(asked) == [False] * 8 + [True]
    with db.session():
        row = Backup.get()
        assert (row.state, row.by) == (BackupState.WAITING, "storymill")
        assert row.due_at <= datetime.now(UTC) < row.due_at + timedelta(days=1)
        assert Job.select().where(Job.stage == "backup").count() == 1


@plain
def test_the_stage_makes_it_and_ends_its_job(installation: Installation) -> None:
    with db.session():
        row = runs.ask("olga", enabled=True)
        claim = ledger.claim("backup", row.id, "worker")
        assert claim is not None
        runs.back_up(row.id, claim, installation.setup)
        row, job = Backup.get_by_id(row.id), Job.of("backup", row.id)
        assert job is not None
        assert (row.state, job.state) == ("done", "done")
        assert row.verified_at
        assert installation.setup.archive.names() == [row.name]


@plain
def test_the_stage_fails_with_a_sentence_if_backups_are_off(installation: Installation) -> None:
    with db.session():
        row = runs.ask("olga", enabled=True)
        claim = ledger.claim("backup", row.id, "worker")
        assert claim is not None
        with pytest.raises(StorymillError, match="set BACKUP_DIR"):
            runs.back_up(row.id, claim, None)
        assert Backup.get_by_id(row.id).state == BackupState.FAILED
