"""A sandbox that plays TikTok, and a creator's token for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.tiktok.api.posting import TikTokPublisher
from sandbox.testing import RunningSandbox, running_sandbox


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(init_a_minute=10_000, creator_info_a_minute=10_000) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: RunningSandbox) -> RunningSandbox:
    _sandbox.reset()
    return _sandbox


@pytest.fixture
def publisher(sandbox: RunningSandbox) -> TikTokPublisher:
    return TikTokPublisher(api_url=sandbox.tiktok_url)


@pytest.fixture
def token(sandbox: RunningSandbox) -> str:
    return str(sandbox.grant()["access_token"])
