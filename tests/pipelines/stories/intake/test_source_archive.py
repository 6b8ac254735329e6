"""Sources are archived or removed, and their stories stay."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from core.errors import InputError
from core.files.intake_folder import IntakeFolder
from models import AuditEntry, Intake, Job, JobState, Source, Story
from pipelines.stories.intake import source_archive, sources, uploads
from pipelines.stories.intake.fetch import enqueue_due_sources
from pipelines.stories.intake.manual_intake import paste
from tests.pipelines.production.making import a_source

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("record")


def a_story(source: Source, number: int = 1) -> Story:
    made: Story = Story.create(source=source, external_id=f"x:{number}", title="T", body="B")
    return made


def test_an_archived_source_is_kept_and_not_fetched() -> None:
    # Given a source that is due, with a fetch under way
    source = a_source(next_fetch_at=None)
    a_story(source)
    sources.ask(source.id, "ada")
    assert source_archive.what_stays(source.id) == source_archive.Stays(1, 1, 0, 0, fetching=True)

    # When it is archived
    source_archive.archive(source.id, "ada")

    # Then its fetch ends, it is not due, and nothing about it can be changed
    job = Job.of("fetch", source.id)
    assert job is not None
    assert job.state == JobState.CANCELLED
    assert enqueue_due_sources() == 0
    for change in (sources.ask, sources.switch, source_archive.archive):
        with pytest.raises(InputError, match="is archived"):
            change(source.id, "ada")
    assert Story.select().count() == 1

    # And back again, it is fetched once somebody enables it
    source_archive.unarchive(source.id, "ada")
    assert enqueue_due_sources() == 0
    sources.switch(source.id, "ada")
    assert enqueue_due_sources() == 1


def test_a_removed_source_leaves_its_stories_and_their_settings(tmp_path: Path) -> None:
    # Given an uploaded table with a story, and a source without any
    intake = IntakeFolder(tmp_path)
    table = uploads.Uploaded("tales.csv", BytesIO(b"title,text\nA,B\n"))
    chosen = {"kind": "", "name": "", "language": "", "channel": None}
    source = uploads.add([table], chosen, "ada", intake)
    story, bare = a_story(source), a_source()
    Intake.create(source=source, external_id="x:1", title="T", outcome="taken", story=story)
    (tmp_path / "own.csv").write_bytes(b"kept")

    # When both are removed
    assert source_archive.remove(source.id, "ada", intake) == "tales.csv"
    source_archive.remove(bare.id, "ada", intake)

    # Then the story still has its source's name, without its address, history and file
    kept = Source.get()
    assert (kept.id, kept.name, kept.place) == (
        source.id,
        f"tales.csv (removed {source.id})",
        "",
    )
    assert Story.get().source == kept
    assert Intake.select().count() == 0
    assert list((tmp_path / "uploads").iterdir()) == []
    assert (tmp_path / "own.csv").exists()
    # and the name is free, nothing brings it back, and the audit log says who did it
    assert uploads.add([table], chosen, "ada", intake).name == "tales.csv"
    for act in (source_archive.unarchive, sources.ask, source_archive.archive):
        with pytest.raises(InputError, match="There is no source"):
            act(source.id, "ada")
    removed = AuditEntry.select().where(AuditEntry.action == "source.remove")
    assert [row.reason for row in removed.order_by(AuditEntry.id)] == ["tales.csv", bare.name]


def test_pasted_stories_keep_their_source() -> None:
    story = paste("The lamp", "It went out.", "ada")
    with pytest.raises(InputError, match="so it stays"):
        source_archive.archive(story.source.id, "ada")


def test_only_uploads_are_deleted(tmp_path: Path) -> None:
    (tmp_path / "uploads" / "a").mkdir(parents=True)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "x.csv").write_bytes(b"x")
    for place in ("own/x.csv", "uploads/../own/x.csv", "uploads", "", "/etc/passwd"):
        IntakeFolder(tmp_path).forget(place)
    assert (tmp_path / "own" / "x.csv").exists()
    assert (tmp_path / "uploads" / "a").exists()
