"""The media folder can be moved: the record names files by their paths below it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.speech.espeak import EspeakSynthesizer
from core.files.storage import MediaStore
from models import Account, AccountState, Caption, Job, JobState, Narration, Part, Video
from pipelines.production.captions.caption import caption
from pipelines.production.narration.narrate import narrate
from tests.pipelines.production.making import STUDIO, a_part, claimed
from tests.pipelines.production.quick_render import QuickRenderer, quickly

pytestmark = pytest.mark.usefixtures("record")

BELOW = re.compile(r"(narration|captions|video)/[0-9a-f]{2}/[0-9a-f]{64}\.\w+")


def test_a_part_is_rendered_after_the_media_folder_moved(tmp_path: Path) -> None:
    # Given a part that was spoken and captioned
    Account.create(open_id="creator", state=AccountState.CONNECTED)
    part = a_part()
    old = MediaStore(tmp_path / "old")
    narrate(part.id, claimed("narrate", part.id), lambda _: EspeakSynthesizer(), old, STUDIO)
    caption(part.id, claimed("caption", part.id), old, STUDIO)

    # When the folder moves, and the part is rendered
    new = MediaStore(old.folder.rename(tmp_path / "new"))
    renderer = QuickRenderer()
    quickly(Part.get_by_id(part.id), new, renderer)

    # Then nothing was spoken or captioned again
    (plan,) = renderer.plans
    assert plan.narration.is_relative_to(new.folder)
    assert plan.subtitles.is_relative_to(new.folder)
    assert not Job.select().where(Job.state == JobState.WAITING, Job.stage != "publish").exists()

    # And the video is found after the next move; no row names the folder
    last = MediaStore(new.folder.rename(tmp_path / "last"))
    video, sound, captions = Video.get(), Narration.get(), Caption.get()
    for name in (video.path, video.cover_path, sound.path, captions.ass_path, captions.vtt_path):
        assert BELOW.fullmatch(name)
        assert last.held(name) == last.folder / name
