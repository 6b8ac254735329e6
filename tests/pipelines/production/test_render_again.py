"""A video that is rendered again with other content needs another look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from adapters.ports import Progress, RenderedVideo, RenderPlan
from adapters.speech.espeak import EspeakSynthesizer
from core import db
from core.errors import Retryable, Wait
from core.files.storage import MediaStore
from models import (
    Account,
    AccountState,
    Job,
    JobState,
    Part,
    Post,
    Script,
    StaleStateError,
    Video,
    VideoState,
)
from pipelines import handover, ledger
from pipelines.production import video_review
from pipelines.production.captions.caption import caption
from pipelines.production.narration.narrate import narrate
from tests.pipelines.production.making import STUDIO, a_part, claimed
from tests.pipelines.production.quick_render import QuickRenderer, quickly

pytestmark = pytest.mark.usefixtures("record")

OLD, NEW = "Listen to this.", "The lamp went out."
Produce = Callable[..., Video]


@pytest.fixture
def produce(media: MediaStore) -> Produce:
    """Runs all stages of a part; only the encoder is a quick one."""

    def produce(part: Part, *, review: bool = True) -> Video:
        narrate(part.id, claimed("narrate", part.id), lambda _: EspeakSynthesizer(), media, STUDIO)
        caption(part.id, claimed("caption", part.id), media, STUDIO)
        quickly(part, media, QuickRenderer(), review=review)
        return Video.get(Video.part == part)

    return produce


@pytest.fixture
def part() -> Part:
    Account.create(open_id="creator", state=AccountState.CONNECTED)
    part = a_part()
    Script.update(hooks=[OLD, NEW]).execute()
    return part


def choose(part: Part, hook: str) -> None:
    video_review.choose_hook(part.script.story.id, "ada", hook)


def test_a_new_hook_sends_an_approved_video_back_to_review(part: Part, produce: Produce) -> None:
    # Given a video that a person has approved
    first = produce(part)
    handover.approve_video(first.id, "ada", first.key)

    # When another hook is chosen, and the video is rendered again
    choose(part, NEW)
    again = produce(part)

    # Then a person looks at it, and their approval is of the new content
    assert (again.id, again.state) == (first.id, VideoState.REVIEW)
    assert again.key != first.key
    assert again.spoken_key == Part.get_by_id(part.id).spoken_key != first.spoken_key
    handover.approve_video(again.id, "ada", again.key)
    assert Video.get().approved_key == again.key
    assert Post.select().count() == 1


def test_the_same_content_keeps_its_approval(part: Part, produce: Produce) -> None:
    first = produce(part)
    handover.approve_video(first.id, "ada", first.key)

    again = produce(part)

    assert (again.state, again.key, again.approved_key) == (VideoState.READY, first.key, first.key)


def test_a_rejected_video_with_another_hook_is_looked_at_again(
    part: Part, produce: Produce
) -> None:
    video_review.reject(produce(part).id, "ada", "boring")
    choose(part, NEW)
    assert produce(part).state == VideoState.REVIEW


def test_without_reviews_a_new_hook_goes_out_as_it_is(part: Part, produce: Produce) -> None:
    first = produce(part, review=False)
    assert (first.state, first.approved_key) == (VideoState.READY, first.key)

    choose(part, NEW)
    again = produce(part, review=False)

    assert again.key != first.key
    assert (again.state, again.approved_key) == (VideoState.READY, again.key)


def test_a_person_approves_what_they_watched(part: Part, produce: Produce) -> None:
    # Given a video that was rendered again after a person opened its page
    watched = produce(part)
    choose(part, NEW)
    again = produce(part)

    # When they press Approve
    with pytest.raises(StaleStateError, match="rendered again while you watched it"):
        handover.approve_video(watched.id, "ada", watched.key)

    # Then nothing is approved before they have watched the new one
    assert Video.get().state == VideoState.REVIEW
    handover.approve_video(watched.id, "ada", again.key)
    assert Video.get().state == VideoState.READY


@pytest.mark.parametrize("behind", ["narrate", "caption"])
def test_a_render_that_is_retried_too_early_makes_no_video_of_the_old_words(
    part: Part, media: MediaStore, produce: Produce, behind: str
) -> None:
    # Given a part with another hook, whose narration or captions are still of the old one
    produce(part)
    choose(part, NEW)
    if behind == "caption":
        claim = claimed("narrate", part.id)
        narrate(part.id, claim, lambda _: EspeakSynthesizer(), media, STUDIO)
        Job.update(state=JobState.DONE).where(Job.stage == "caption").execute()

    # When a person retries the render
    renderer = QuickRenderer()
    with pytest.raises((Wait, Retryable), match="of other words than the part has now"):
        quickly(part, media, renderer)

    # Then nothing is rendered, and the stage that is behind runs first
    assert renderer.plans == []
    job = Job.of(behind, part.id)
    assert job is not None
    assert job.state == JobState.WAITING


class CaptionsChange(QuickRenderer):
    """While it renders, the part gets captions in another style."""

    def __init__(self, part: Part, media: MediaStore) -> None:
        super().__init__()
        self.part, self.media = part, media

    def render(self, plan: RenderPlan, progress: Progress | None = None) -> RenderedVideo:
        with db.session():
            styled = replace(STUDIO, caption_style={"style": "block"})
            caption(self.part.id, claimed("caption", self.part.id), self.media, styled)
        return super().render(plan, progress)


def test_captions_that_change_during_a_render_are_rendered_next(
    part: Part, media: MediaStore, produce: Produce
) -> None:
    # Given a render that runs while the part is spoken and captioned again
    produce(part)
    choose(part, NEW)
    narrate(part.id, claimed("narrate", part.id), lambda _: EspeakSynthesizer(), media, STUDIO)
    caption(part.id, claimed("caption", part.id), media, STUDIO)
    claim = claimed("render", part.id)

    # When it ends
    before = Video.get().key
    quickly(part, media, CaptionsChange(part, media), claim=claim)

    # Then its result is not stored, and the render runs again
    assert Video.get().key == before
    job = Job.of("render", part.id)
    assert job is not None
    assert job.state == JobState.WAITING
    again = ledger.claim("render", part.id, "worker")
    assert again is not None
    quickly(part, media, QuickRenderer(), claim=again)
    assert Video.get().key != before
