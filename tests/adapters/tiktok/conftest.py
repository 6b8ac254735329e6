"""TikTok as the sandbox plays it, and a creator's token for it."""

from __future__ import annotations

import pytest

from adapters.tiktok.api.posting import TikTokPublisher
from sandbox.testing import RunningSandbox


@pytest.fixture
def publisher(sandbox: RunningSandbox) -> TikTokPublisher:
    return TikTokPublisher(api_url=sandbox.tiktok_url)


@pytest.fixture
def token(sandbox: RunningSandbox) -> str:
    return str(sandbox.grant()["access_token"])
