from __future__ import annotations

from pathlib import Path

import pytest

from core.files.storage import MediaStore


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")
