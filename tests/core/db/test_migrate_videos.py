"""Rows of the release before 0008: what was approved, which words videos say, paths, numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from core import db, settings
from core.db import migrate
from models import (
    Account,
    AccountState,
    Attempt,
    Caption,
    Channel,
    Job,
    Narration,
    Part,
    Post,
    PostState,
    Source,
    Video,
    VideoNumber,
    VideoState,
)
from tests.core.db.test_migrate import drift
from tests.pipelines.production.making import a_part

KEY = "ab" * 32
NEW_ROWS = {
    (Narration, "path"): f"narration/ab/{KEY}.wav",
    (Caption, "ass_path"): f"captions/ab/{KEY}.ass",
    (Caption, "srt_path"): f"captions/ab/{KEY}.srt",
    (Caption, "vtt_path"): f"captions/ab/{KEY}.vtt",
    (Video, "path"): f"video/ab/{KEY}.mp4",
    (Video, "cover_path"): f"video/ab/{KEY}.jpg",
    (Attempt, "screenshot"): f"screenshots/{KEY[:32]}.png",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The process's MEDIA_DIR, which is needed for the way back."""
    monkeypatch.setenv("MEDIA_DIR", str(tmp_path))
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(name, "redis://127.0.0.1/1")
    monkeypatch.setenv("CRYPTOGRAPHY_KEY", Fernet.generate_key().decode())
    monkeypatch.setenv("SECRET_KEY", "a secret for tests only")
    settings.current.cache_clear()
    yield tmp_path
    settings.current.cache_clear()


def made(part: Part, state: VideoState) -> Video:
    Narration.create(
        part=part, key=KEY, path=NEW_ROWS[Narration, "path"], seconds=3, voice="", words=[],
        timed_by="synthesizer",
    )  # fmt: skip
    Caption.create(
        part=part, key=KEY, narration_key=KEY, style="pop", captioned_words=0,
        **{name: NEW_ROWS[Caption, name] for name in ("ass_path", "srt_path", "vtt_path")},
    )  # fmt: skip
    return Video.create(
        part=part, key=KEY, spoken_key=part.spoken_key, approved_key=KEY, state=state, seconds=3,
        size_bytes=5, loudness=-14, true_peak=-1, path=NEW_ROWS[Video, "path"],
        cover_path=NEW_ROWS[Video, "cover_path"],
    )  # fmt: skip


def back_before() -> None:
    names = migrate.applied()
    migrate.back(len(names) - names.index("0008_videos"))


def stored(table: Any, column: str) -> str:
    sql = f"SELECT {column} FROM {table._meta.table_name}"  # noqa: SLF001  # peewee's public name
    return str(db.database.execute_sql(sql).fetchone()[0])


@pytest.mark.usefixtures("record")
def test_paths_are_below_the_media_folder_and_come_back(folder: Path) -> None:
    # Given rows with files
    video = made(a_part(), VideoState.READY)
    account = Account.create(open_id="a", state=AccountState.CONNECTED)
    post = Post.create(video=video, account=account, title="")
    Attempt.create(
        post=post, method="browser", outcome="", screenshot=NEW_ROWS[Attempt, "screenshot"]
    )

    # When we go back, then the release before finds its absolute paths
    back_before()
    for (table, column), name in NEW_ROWS.items():
        assert stored(table, column) == f"{folder}/{name}"

    # And forward they are names again, also if the folder has moved meanwhile
    db.database.execute_sql("UPDATE video SET path = replace(path, %s, '/gone')", (str(folder),))
    migrate.forward()
    for (table, column), name in NEW_ROWS.items():
        assert stored(table, column) == name
    assert drift() == []


@pytest.mark.usefixtures("record", "folder")
def test_old_videos_that_are_ready_count_as_approved_unless_their_render_is_open() -> None:
    # Given ready videos, one of which is being rendered again, and one in review
    ready, again, waiting = (
        made(a_part(f"Lamp {number}."), state)
        for number, state in enumerate((VideoState.READY, VideoState.READY, VideoState.REVIEW))
    )
    Job.create(stage="narrate", subject_id=again.part.id, queue="cpu", request_id="r")
    account = Account.create(open_id="a", state=AccountState.CONNECTED)
    for video, state in ((ready, PostState.PUBLISHED), (again, PostState.PLANNED)):
        Post.create(video=video, account=account, title="", state=state)

    back_before()
    migrate.forward()

    # Then only what is certain is known
    spoken = Part.get_by_id(ready.part.id).spoken_key
    rows = [Video.get_by_id(video.id) for video in (ready, again, waiting)]
    assert [row.approved_key for row in rows] == [KEY, KEY, ""]
    assert [row.spoken_key for row in rows][:2] == [spoken, ""]
    assert [post.video_key for post in Post.select().order_by(Post.id)] == [KEY, ""]


@pytest.mark.usefixtures("record", "folder")
def test_old_parts_keep_their_numbers() -> None:
    # Given parts of a channel with a mood, and of none
    parts = [a_part() for _ in range(4)]
    rain = Channel.create(name="rain", background="rain")
    other = Source.create(name="other", kind="paste", channel=rain)
    for part in parts[1::2]:
        type(part.script.story).update(source=other).where(
            type(part.script.story).id == part.script.story.id
        ).execute()

    back_before()
    migrate.forward()

    numbers = VideoNumber.select().order_by(VideoNumber.part)
    found = [(row.mood, row.number) for row in numbers.where(VideoNumber.choice == "background")]
    assert found == [("", 0), ("rain", 0), ("", 1), ("rain", 1)]
