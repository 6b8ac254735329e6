"""The media folder moves between the plan and the upload."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.files.storage import MediaStore
from models import Account, Post, PostState, Video
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.job_runner import Desk


def test_a_post_goes_out_after_the_media_folder_moved(
    desk: Desk,
    connect: Callable[..., Account],
    planned: Callable[..., list[Post]],
    sandbox: RunningSandbox,
    tmp_path: Path,
) -> None:
    # Given a scheduled post of a video in the media folder
    old = MediaStore(tmp_path / "old")
    file = old.path("video", "ab", ".mp4")
    connect()
    planned()
    shutil.copy(Video.get().path, file)
    Video.update(path=old.name(file)).execute()

    # When the folder has moved, and the post's time comes
    new = old.folder.rename(tmp_path / "new")
    desk.platform = replace(desk.platform, folder=new)
    desk.work_off()

    # Then the video went out
    assert Post.get().state == PostState.PUBLISHED
    assert len(sandbox.posts()) == 1
