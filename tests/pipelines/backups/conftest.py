from __future__ import annotations

from pathlib import Path

import pytest

from adapters.backups.folder import FolderPlace
from adapters.backups.postgres_programs import PostgresPrograms
from core import crypto, db
from core.files.encrypted_stream import FileKeys
from models import Source, SourceKind
from pipelines.backups.archive import Archive
from pipelines.backups.files import Folders
from pipelines.backups.retention import Keep
from pipelines.backups.setup import BackupSetup
from pipelines.publishing.accounts import token_recovery
from tests.admin import records
from tests.pipelines.backups.states import Installation


@pytest.fixture(params=["plain", "encrypted"])
def keys(request: pytest.FixtureRequest) -> FileKeys:
    return FileKeys.parse("" if request.param == "plain" else crypto.new_key())


@pytest.fixture
def installation(record: None, database_url: str, keys: FileKeys, tmp_path: Path) -> Installation:
    """Two stories with videos, a post, and a table that a source reads; and a place for backups."""
    media, intake, place = (tmp_path / name for name in ("media", "intake", "backups"))
    for folder in (media, intake, place):
        folder.mkdir()
    token_recovery.configure(media)
    shown = records.video(media, content=b"first" * 300_000)
    records.video(media, records.part(records.story("A second one")), content=b"second")
    records.post(shown, records.account())
    (intake / "texts").mkdir()
    (intake / "texts" / "one.txt").write_text("A text that became a story.")
    Source.create(name="texts", kind=SourceKind.FOLDER, place="texts")
    setup = BackupSetup(
        archive=Archive(FolderPlace(folder=place), keys),
        programs=PostgresPrograms(),
        url=database_url,
        folders=Folders(media=media, intake=intake),
        keep=Keep(7, 4, 6),
    )
    db.release()
    return Installation(setup, place)
