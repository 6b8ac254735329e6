from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.files.storage import MediaStore
from tests.pipelines import racing


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


@pytest.fixture
def race(record: None, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[racing.Race]:
    """Runs many rounds of works at once; afterwards PostgreSQL must have found no deadlock."""
    before = racing.deadlocks(database_url)
    yield lambda prepare: racing.race(prepare, monkeypatch)
    assert racing.deadlocks(database_url) == before
