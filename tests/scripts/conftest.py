from __future__ import annotations

import pytest

from core import crypto


@pytest.fixture
def settings(record: None, database_url: str, redis_url: str) -> dict[str, str]:
    """Environment for a command that works on the test's own database."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CRYPTOGRAPHY_KEY": crypto.new_key(),
        "SECRET_KEY": "a-long-enough-session-key",
    }
