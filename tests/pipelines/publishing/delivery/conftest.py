"""A post that is planned on a connected account."""

from __future__ import annotations

import pytest

from models import Post
from tests.pipelines.publishing.delivery.posted import Connect, MakeVideos
from tests.pipelines.publishing.job_runner import Desk


@pytest.fixture
def post(desk: Desk, connect: Connect, make_videos: MakeVideos) -> Post:
    connect()
    (video,) = make_videos()
    (post,) = desk.plan(video)
    return post
