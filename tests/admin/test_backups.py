"""The page of backups: what there is, whether it is good, and a button for owners."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from models import AuditEntry, Backup, BackupState, Job, now

if TYPE_CHECKING:
    from core.settings import Settings
    from tests.admin.conftest import Browser


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"backup_dir": tmp_path / "backups"})


def test_an_owner_asks_for_a_backup_once_and_sees_how_far_it_is(
    owner: Browser, record: None
) -> None:
    # When an owner asks for a backup, twice
    first = owner.after(owner.post("/backups/now"))
    again = owner.after(owner.post("/backups/now", referrer="/backups/"))

    # Then one job makes one, and the second request says so
    assert "A backup is being made." in first
    assert "A backup is being made already" in again
    job = Job.get(Job.stage == "backup")
    assert AuditEntry.select().where(AuditEntry.action == "backup.ask").count() == 1

    # and the page shows its progress without being reloaded
    Backup.get().move(BackupState.RUNNING, name="20261130T021500Z-abc123")
    Job.update(state="running", progress=0.4, started_at=now()).where(Job.id == job.id).execute()
    shown = owner.json("/backups/live.json")["backups"]
    assert '<progress value="0.4"' in shown


def test_others_see_what_there_is_but_have_no_button(
    editor: Browser, viewer: Browser, record: None
) -> None:
    # Given a good backup, one that could not be tested, and one that failed
    made = {"by": "storymill", "finished_at": now(), "database_bytes": 12_300_000, "files": 4}
    Backup.create(state=BackupState.DONE, name="good", verified_at=now(), **made)
    Backup.create(state=BackupState.DONE, name="untested", error="It could not be tested.", **made)
    Backup.create(state=BackupState.FAILED, by="olga", error="The disk is full.")

    for person in (editor, viewer):
        page = person.get("/backups/").text
        assert "12.3 MB" in page
        assert "not verified" in page
        assert "The disk is full." in page
        assert "not encrypted" in page
        assert "Back up now" not in page
        assert person.post("/backups/now").status_code == 403


def test_an_old_newest_backup_is_told(owner: Browser, record: None) -> None:
    Backup.create(state=BackupState.DONE, by="x", finished_at=now() - timedelta(hours=37))
    assert "The newest backup is from" in owner.get("/backups/").text
    Backup.create(state=BackupState.DONE, by="x", finished_at=now() - timedelta(hours=35))
    assert "The newest backup is from" not in owner.get("/backups/").text


class TestWithoutAFolder:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"backup_dir": None})

    @pytest.mark.usefixtures("record")
    def test_the_page_says_what_to_set(self, owner: Browser) -> None:
        page = owner.get("/backups/").text
        assert "No backups are made: set <code>BACKUP_DIR</code>" in page
        assert "Back up now" not in page
        refused = owner.post("/backups/now", referrer="/backups/")
        assert "set BACKUP_DIR" in owner.after(refused)
        assert not Job.select().exists()
