"""A captioned part becomes a video once, even after a crash between file and row."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from prometheus_client import REGISTRY

from adapters.backgrounds.library import Backgrounds as Library
from adapters.ffmpeg.renderer import FfmpegRenderer
from adapters.media.media_probe import probe
from adapters.speech.espeak import EspeakSynthesizer
from core.errors import DiskFull, Permanent, Retryable, Wait
from core.files.storage import MediaStore
from models import (
    Account,
    AccountState,
    Channel,
    Job,
    JobState,
    Narration,
    Part,
    Post,
    Video,
    VideoState,
    now,
)
from pipelines import handover, ledger
from pipelines.ledger import LeaseLostError
from pipelines.production.captions import fonts
from pipelines.production.captions.caption import caption
from pipelines.production.narration.narrate import narrate
from pipelines.production.render.render import render
from pipelines.stages import STAGES
from tests.pipelines.production.making import STUDIO, a_part, a_source, claimed
from tests.pipelines.production.quick_render import (
    Calm,
    NumberedBackgrounds,
    OneTune,
    QuickRenderer,
    captioned,
    quickly,
)

pytestmark = pytest.mark.usefixtures("record", "account")


@pytest.fixture
def account() -> Account:
    return Account.create(open_id="creator", state=AccountState.CONNECTED)


@pytest.fixture
def part(media: MediaStore) -> Part:
    part = a_part()
    captioned(part, media)
    return part


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A folder with a clip of two seconds."""
    folder = tmp_path / "clips"
    folder.mkdir()
    writer = imageio_ffmpeg.write_frames(str(folder / "sea.mp4"), (108, 192), fps=30, quality=4)
    writer.send(None)
    for shade in range(60):
        writer.send(bytes([shade, 60, 120]) * (108 * 192))
    writer.close()
    return folder


@pytest.mark.slow
def test_a_part_becomes_a_video_that_is_posted(media: MediaStore, clips: Path) -> None:
    # Given a short part, spoken and captioned for real
    part = a_part("The lamp went out.", hook="", call_to_action="")
    narrate(
        part.id, claimed("narrate", part.id), lambda _production: EspeakSynthesizer(), media, STUDIO
    )
    caption(part.id, claimed("caption", part.id), media, STUDIO)

    # When it is rendered
    claim = claimed("render", part.id)
    renderer = FfmpegRenderer(fonts=fonts.FOLDER, preset="ultrafast")
    backgrounds = Library(folder=clips, cache=media.folder)
    render(
        part.id, claim, renderer, backgrounds, media,
        music=OneTune(), defaults=STUDIO, review=False, when_ready=handover.video_is_ready,
    )  # fmt: skip

    # Then the file is what the row says
    video = Video.get()
    found = probe(media.at(video.path))
    assert (found.width, found.height, found.size_bytes) == (1080, 1920, video.size_bytes)
    assert found.seconds == pytest.approx(Narration.get().seconds, abs=0.15)
    assert video.seconds == pytest.approx(found.seconds, abs=0.1)
    assert -15 <= video.loudness <= -13
    assert video.true_peak <= -1
    assert media.at(video.cover_path).stat().st_size > 1000
    assert list((media.folder / "tmp").iterdir()) == []
    assert claim.share == 1.0

    # And its post is scheduled, with the same request id
    assert video.state == VideoState.READY
    job = Job.of("publish", Post.get(Post.video == video).id)
    assert job is not None
    assert job.request_id == "request"


def test_a_crash_between_file_and_row_costs_no_second_render(part: Part, media: MediaStore) -> None:
    # Given a worker that finished the file, but whose job was taken over before it could save
    renderer = QuickRenderer()
    slow = claimed("render", part.id)
    ledger.free_leases("worker = 'worker'")
    with pytest.raises(LeaseLostError):
        quickly(part, media, renderer, claim=slow)
    assert Video.select().count() == 0

    # When the next worker takes the job
    quickly(part, media, renderer)

    # Then the existing file is used
    assert len(renderer.plans) == 1
    video = Video.get()
    assert media.at(video.path).read_bytes() == b"video"
    assert media.at(video.cover_path).read_bytes() == b"cover"
    assert (video.seconds, video.size_bytes, video.loudness) == (3.0, 5, -14.0)
    assert (video.encoding["setting"], video.encoding["vmaf"]) == ("quick", 91.5)
    assert Post.select().count() == 1


def test_a_video_that_a_crash_left_half_in_place_is_made_again(
    part: Part, media: MediaStore
) -> None:
    quickly(part, media, QuickRenderer())
    for lost in (".mp4", ".jpg", ".json"):
        next((media.folder / "video").rglob(f"*{lost}")).unlink()

        renderer = QuickRenderer()
        quickly(part, media, renderer)

        assert len(renderer.plans) == 1
        assert media.at(Video.get().path).is_file()
    assert Post.select().count() == 1, "made again is not posted again"


def test_a_repeat_is_the_same_video_and_other_music_or_background_another(
    part: Part, media: MediaStore
) -> None:
    renderer = QuickRenderer()
    calm = OneTune(Calm("calm.mp3:5"))
    for _ in range(2):
        quickly(part, media, renderer, music=calm)
    (plan,) = renderer.plans
    assert (plan.music, plan.background) == (Path("/music/calm.mp3"), Path("/clips/sea.mp4"))
    assert plan.background_start == 2.0

    quickly(part, media, renderer, music=OneTune(Calm("calm.mp3:6")))
    assert len(renderer.plans) == 2, "the file was replaced"
    quickly(part, media, renderer, music=calm, defaults=replace(STUDIO, background="rain"))
    assert len(renderer.plans) == 3
    quickly(part, media, renderer, music=calm)
    assert len(renderer.plans) == 3


def test_other_encoder_settings_make_another_video(part: Part, media: MediaStore) -> None:
    for identity in ("x264 veryfast", "x264 chosen/1", "x264 veryfast"):
        renderer = QuickRenderer(identity=identity)
        quickly(part, media, renderer)
        assert Video.get().encoding["setting"] == identity
    assert renderer.plans == [], "the first file is still there"


@pytest.mark.parametrize(
    ("lost", "damage", "stage"),
    [
        (("narration", "n", ".wav"), b"", "narrate"),
        (("narration", "n", ".wav"), None, "narrate"),
        (("captions", "c", ".ass"), None, "caption"),
    ],
    ids=["narration damaged", "narration gone", "captions gone"],
)
def test_files_lost_on_disk_are_made_again_before_the_video(
    part: Part, media: MediaStore, lost: tuple[str, str, str], damage: bytes | None, stage: str
) -> None:
    # Given a part whose file was lost after it was captioned
    file = media.path(*lost)
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)

    # When the render stage runs
    renderer = QuickRenderer()
    for expected in (Retryable, Wait):
        claim = claimed("render", part.id)
        with pytest.raises(Retryable) as again:
            quickly(part, media, renderer, claim=claim)

        # Then nothing is rendered, and the stage that makes the file runs again, before this one
        assert type(again.value) is expected
        ledger.put_back(claim, again.value)
        Job.update(due_at=now()).execute()
        job = Job.of(stage, part.id)
        assert job
        assert job.state == JobState.WAITING
    assert renderer.plans == []
    assert Video.select().count() == 0


def test_on_a_disk_that_loses_files_again_and_again_the_render_fails(
    part: Part, media: MediaStore
) -> None:
    # Given a disk on which every new narration is lost
    media.path("narration", "n", ".wav").unlink()
    narration = Job.stage == "narrate"
    for _ in range(STAGES["render"].attempts - 1):
        claim = claimed("render", part.id)
        with pytest.raises(Retryable) as again:
            quickly(part, media, QuickRenderer(), claim=claim)
        ledger.put_back(claim, again.value)
        assert Job.update(state=JobState.DONE).where(narration, Job.state == "waiting").execute()
        Job.update(due_at=now()).execute()

    # Then the last try fails, and nothing begins again
    with pytest.raises(Permanent, match="ran again 2 times: check the disk"):
        quickly(part, media, QuickRenderer(), claim=claimed("render", part.id))
    assert Job.get(narration).state == JobState.DONE


def test_the_videos_of_a_mood_are_numbered_over_all_channels(part: Part, media: MediaStore) -> None:
    # Given two channels with the mood "rain", and stories without a channel in between
    channels = [
        Channel.create(name=name, background="rain", music=music)
        for name, music in (("one", "slow"), ("two", ""))
    ]
    sources = [a_source(channel=channel) for channel in channels]
    parts = [part]
    for source in (sources[0], None, sources[1]):
        parts.append(a_part())
        if source:
            story = parts[-1].script.story
            story.source = source
            story.save()
    first = parts[1]
    parts.append(
        Part.create(script=first.script, number=2, of=2, hook="", text="On.", call_to_action="")
    )
    for later in parts[1:]:
        captioned(later, media)

    # When they are rendered
    backgrounds, music = NumberedBackgrounds(), OneTune()

    def make(row: Part, **defaults: Any) -> None:
        part = Part.get_by_id(row.id)
        quickly(part, media, QuickRenderer(), backgrounds=backgrounds, music=music,
                defaults=replace(STUDIO, **defaults))  # fmt: skip

    for row in parts:
        make(row)

    # Then each mood counts its own videos, and a repeat keeps its number
    assert backgrounds.asked == ["/0", "rain/0", "/1", "rain/1", "rain/2"]
    assert music.asked == ["/0", "slow/0", "/1", "/2", "slow/1"]
    for row in reversed(parts):
        make(row)
    assert backgrounds.asked[:4:-1] == backgrounds.asked[:5]

    # And a default of that mood counts with them
    make(part, background="rain")
    make(parts[4], background="rain")
    make(part)
    assert backgrounds.asked[-3:] == ["rain/3", "rain/2", "/0"]


def test_with_review_on_a_video_waits_for_a_person_and_no_post_is_scheduled(
    part: Part, media: MediaStore
) -> None:
    quickly(part, media, QuickRenderer(), review=True)
    assert Video.get().state == VideoState.REVIEW
    assert Post.select().count() == 0


def test_a_decision_on_a_video_survives_a_second_render(part: Part, media: MediaStore) -> None:
    quickly(part, media, QuickRenderer(), review=True)
    Video.get().move(VideoState.REJECTED)
    quickly(part, media, QuickRenderer(), review=False)
    assert Video.get().state == VideoState.REJECTED
    assert Post.select().count() == 0


def test_a_story_counts_as_made_once_its_last_part_has_its_first_video(
    part: Part, media: MediaStore
) -> None:
    # Given a story of two parts
    facts = {"hook": part.hook, "text": part.text, "call_to_action": part.call_to_action}
    second = Part.create(script=part.script, number=part.number + 1, of=2, **facts)
    captioned(second, media)
    videos, stories = made()

    # When the first is rendered, then a video was made, and no story yet
    quickly(part, media, QuickRenderer())
    assert made() == (videos + 1, stories)

    # When the second is rendered too, then the story is made; a second render counts nothing
    quickly(second, media, QuickRenderer())
    assert made() == (videos + 2, stories + 1)
    quickly(second, media, QuickRenderer())
    assert made() == (videos + 2, stories + 1)


def made() -> tuple[float, float]:
    """Videos and stories that were made so far."""
    names = ("storymill_videos_made_total", "storymill_stories_made_total")
    videos, stories = (REGISTRY.get_sample_value(name) or 0.0 for name in names)
    return videos, stories


def test_no_render_starts_on_a_nearly_full_disk(
    part: Part, media: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a disk with a hundred megabytes left
    usage = shutil.disk_usage(media.folder.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100_000_000))

    # When a render is due
    renderer = QuickRenderer()
    with pytest.raises(DiskFull, match="media is full: free some space") as full:
        quickly(part, media, renderer)

    # Then it waits, and continues once there is room
    assert (renderer.plans, full.value.after) == ([], 30)
    ledger.free_leases("worker = 'worker'")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=300_000_000))
    quickly(part, media, renderer)
    assert len(renderer.plans) == 1
