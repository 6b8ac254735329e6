"""Backups by command, as an operator uses them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from core import crypto, db
from models import Account, AuditEntry, Backup, Post, Story, now
from tests.admin import records
from tests.pipelines.backups import states
from tests.scripts.terminal import ROOT, manage
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def installation(settings: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Two stories with a video and a post that is due; everything may be started elsewhere."""
    crypto.configure(settings["CRYPTOGRAPHY_KEY"])
    for name in ("media", "backups", "intake"):
        (tmp_path / name).mkdir()
    shown = records.video(tmp_path / "media", content=b"the video" * 10_000)
    records.post(shown, records.account(), scheduled_at=now() - timedelta(hours=1))
    records.story("Another one")
    db.database.close_all()  # a restore wants to be alone
    return settings | {
        "MEDIA_DIR": str(tmp_path / "media"),
        "INTAKE_DIR": str(tmp_path / "intake"),
        "BACKUP_DIR": str(tmp_path / "backups"),
        "BACKUP_KEY": crypto.new_key(),
    }


def test_a_lost_installation_is_restored_on_another_machine(
    installation: dict[str, str], tmp_path: Path
) -> None:
    # Given a backup, made and verified by command
    url, media = installation["DATABASE_URL"], tmp_path / "media"
    made = manage("backup", **installation)
    assert made.returncode == 0, made.stderr
    assert "5 files" in made.stdout
    assert "Restored for a test: all rows are there." in made.stdout
    assert "not encrypted" not in made.stderr
    verified = manage("verify-backup", **installation)
    assert "is good: 5 files have their content" in verified.stdout
    (listed,) = json.loads(manage("backups", "--json", **installation).stdout)
    assert listed["verified"] == "yes"
    before, files = states.rows(url), states.contents(media)

    # When database and files are lost, and it is restored to other folders
    states.destroy(url)
    shutil.rmtree(media)
    elsewhere = installation | {"MEDIA_DIR": str(tmp_path / "new-media")}
    restored = manage("restore", "--keep-posting", **elsewhere)

    # Then every row and file is the same, the backup's own row too; one entry tells of it
    assert restored.returncode == 0, restored.stderr
    assert "5 files" in restored.stdout
    entry = "SELECT action FROM audit_entry ORDER BY id DESC LIMIT 1"
    assert states.execute(url, entry) == [("backup.restore",)]
    states.execute(url, "DELETE FROM audit_entry WHERE action = 'backup.restore'")
    assert states.rows(url) == before
    assert states.execute(url, "SELECT state, verified_at > finished_at FROM backup") == [
        ("done", True)
    ]
    assert states.contents(tmp_path / "new-media") == files


def test_a_restore_over_rows_needs_force_and_says_what_is_lost(
    installation: dict[str, str],
) -> None:
    # Given a backup, and a story that is newer
    manage("backup", **installation)
    with db.session():
        records.story("Newer than the backup")
    db.database.close_all()
    before = states.rows(installation["DATABASE_URL"])

    # When it is restored without --force, or as a dry run
    refused = manage("restore", **installation)
    tried = manage("restore", "--dry-run", **installation)

    # Then it says how many rows there are and how many there will be, and nothing is changed
    assert refused.returncode == 2
    (stories,) = [line.split("│") for line in refused.stdout.splitlines() if "│ story " in line]
    assert (stories[2].strip(), stories[4].strip()) == ("3", "2")
    assert "The database is not empty, so nothing was changed." in refused.stderr
    assert "--force" in refused.stderr
    assert "Dry run: nothing was changed." in tried.stdout
    assert states.rows(installation["DATABASE_URL"]) == before

    # With --force it is restored; the account whose post was due is paused until somebody looks
    forced = manage("restore", "--force", **installation)
    assert forced.returncode == 0, forced.stderr
    assert "Accounts paused: 1." in forced.stdout
    with db.session():
        assert {story.title for story in Story.select()} == {"The green ladder", "Another one"}
        assert Account.get().paused_reason.startswith("The record was restored from the backup of")
        assert Post.get().state == "planned"
        assert AuditEntry.select().where(AuditEntry.action == "backup.restore").count() == 1


def test_a_wrong_key_and_no_backup_are_sentences(installation: dict[str, str]) -> None:
    empty = manage("restore", **installation)
    assert (empty.returncode, empty.stderr.count("\n")) == (2, 1)
    assert "There is no backup in" in empty.stderr
    manage("backup", **installation)
    for harm in ({"BACKUP_KEY": crypto.new_key()}, {"BACKUP_KEY": ""}):
        for command in (("restore", "--force"), ("verify-backup",)):
            refused = manage(*command, **installation | harm)
            assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
            assert "which is not in BACKUP_KEY" in refused.stderr
    unmounted = manage("backup", **installation | {"BACKUP_DIR": "/srv/not-mounted"})
    assert "does not exist: create it, or mount its disk." in unmounted.stderr
    off = manage("backup", **installation | {"BACKUP_DIR": ""})
    assert "set BACKUP_DIR" in off.stderr


def test_a_backup_without_a_key_warns_once_and_no_secret_is_in_it(
    installation: dict[str, str], tmp_path: Path
) -> None:
    made = manage("backup", **installation | {"BACKUP_KEY": ""})

    assert made.stderr.count("not encrypted") == 1
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("backups/**/*") if path.is_file())
    for secret in (
        installation["CRYPTOGRAPHY_KEY"],
        installation["SECRET_KEY"],
        installation["DATABASE_URL"].partition("@")[0].rpartition(":")[2],
        "canary-access-token",
    ):
        assert secret.encode() not in stored
        assert secret not in made.stdout + made.stderr


def test_a_killed_backup_does_not_count_and_no_argument_has_the_password(
    installation: dict[str, str], tmp_path: Path
) -> None:
    # Given a database whose dump takes a while, and a backup that is being made
    url = installation["DATABASE_URL"]
    states.execute(
        url,
        "INSERT INTO audit_entry (created_at, actor, action, subject, reason) "
        "SELECT now(), 'olga', 'x', 'y', md5(random()::text) || md5(random()::text) "
        "FROM generate_series(1, 300000)",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.management", "backup"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **installation},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        dumps = until(
            lambda: [
                each for each in psutil.Process(process.pid).children() if "pg_dump" in each.name()
            ],
            "pg_dump",
        )
        password = url.partition("@")[0].rpartition(":")[2]
        for each in (psutil.Process(process.pid), *dumps):
            assert password not in " ".join(each.cmdline())
    finally:
        # When it is killed in the middle
        process.send_signal(signal.SIGKILL)
        process.wait()

    # Then there is no backup, pg_dump ends too, and the next backup clears up
    until(lambda: not any(each.is_running() for each in dumps), "the end of pg_dump")
    assert json.loads(manage("backups", "--json", **installation).stdout) == []
    made = manage("backup", **installation)
    assert made.returncode == 0, made.stderr
    (only,) = json.loads(manage("backups", "--json", **installation).stdout)
    with db.session():
        rows = list(Backup.select().order_by(Backup.id))
    assert [row.state for row in rows] == ["failed", "done"]
    assert "interrupted" in rows[0].error
    assert [path.name for path in (tmp_path / "backups" / "backups").iterdir()] == [only["name"]]
