"""An approval can be taken back whole until one of the story's posts begins."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.speech.espeak import EspeakSynthesizer
from core.errors import InputError
from core.files.storage import MediaStore
from models import (
    Account,
    Attempt,
    AuditEntry,
    DeadLetter,
    Job,
    JobState,
    Narration,
    Part,
    Post,
    PostState,
    SafetyDecision,
    Script,
    StaleStateError,
    Story,
    StoryState,
    Video,
    VideoState,
    now,
)
from pipelines import handover, ledger
from pipelines.ledger import Claim, LeaseLostError
from pipelines.production.narration.narrate import narrate
from pipelines.production.script.script import write_scripts
from pipelines.publishing.scheduling import planning
from pipelines.stages import PART_STAGES, POST_STAGES
from pipelines.stories import review
from tests.pipelines.production.making import STUDIO, a_story, claimed
from tests.pipelines.production.narration.test_narrate import Counted
from tests.pipelines.production.quick_render import QuickRenderer, captioned, quickly

pytestmark = pytest.mark.usefixtures("record")


def approved() -> Story:
    story = a_story()
    review.approve(story.id, "ada")
    return story


def scripted(story: Story) -> Part:
    """Its only part, after the stage "script"."""
    write_scripts([claimed("script", story.id)], None, lambda _: EspeakSynthesizer(), STUDIO)
    return Part.select().join(Script).where(Script.story == story).get()


def rendered(story: Story, media: MediaStore, renderer: QuickRenderer | None = None) -> Video:
    """Its only video, with planned posts."""
    part = scripted(story)
    captioned(part, media)
    Job.update(state=JobState.DONE).where(Job.stage == "narrate").execute()
    quickly(part, media, renderer or QuickRenderer())
    return Video.get(Video.part == part)


def an_account(name: str = "tales") -> Account:
    return Account.create(name=name, open_id=name, state="connected")


def assert_as_before(story: Story) -> None:
    """It waits for review, and nothing of its production is left."""
    known = Story.get_by_id(story.id)
    assert (known.state, known.decided_by, known.decided_at) == (StoryState.WAITING, "", None)
    assert [len(table.select()) for table in (Script, Part, Narration, Video, Post)] == [0] * 5
    assert not Job.select().where(Job.stage.in_((*PART_STAGES, *POST_STAGES))).exists()
    assert not DeadLetter.select().where(DeadLetter.resolved_at.is_null()).exists()
    review.edit(story.id, "bob", "Another title", "Another text.")


def assert_lost(claim: Claim) -> None:
    with pytest.raises(LeaseLostError), claim.finish():
        pass


def test_work_on_an_approved_story_waits_as_long_as_it_can_be_undone_at_no_cost() -> None:
    story = a_story()

    review.approve(story.id, "ada", seconds=10)

    job = Job.get(Job.stage == "script")
    assert timedelta(seconds=8) < job.due_at - now() <= timedelta(seconds=10)
    assert ledger.explain(job).endswith("time to undo the approval")
    assert ledger.claim("script", story.id, "worker") is None
    handover.withdraw(story.id, "ada")
    assert Job.get(Job.stage == "script").state == JobState.CANCELLED
    assert_as_before(story)


def test_an_approval_is_undone_while_the_script_is_written() -> None:
    story = approved()
    writing = claimed("script", story.id)

    handover.withdraw(story.id, "ada")

    assert_lost(writing)
    assert_as_before(story)
    review.approve(story.id, "ada")
    assert ledger.claim("script", story.id, "worker") is not None


def test_an_approval_is_undone_while_a_part_is_narrated() -> None:
    story = approved()
    speaking = claimed("narrate", scripted(story).id)

    handover.withdraw(story.id, "ada")

    assert_lost(speaking)
    assert_as_before(story)


def test_an_approval_is_undone_after_a_part_has_failed() -> None:
    story = approved()
    ledger.set_aside(claimed("narrate", scripted(story).id), ValueError("No voice."), trace="")

    handover.withdraw(story.id, "ada")

    assert_as_before(story)
    assert DeadLetter.get().resolution == "withdrawn"


def test_an_approval_is_undone_with_planned_posts(media: MediaStore) -> None:
    # Given a story with a planned post on two accounts, one of which is being looked at
    for name in ("tales", "pages"):
        an_account(name)
    story = approved()
    rendered(story, media)
    first, second = Post.select()
    publishing = claimed("publish", first.id)
    DeadLetter.create(
        stage="publish", subject_id=second.id, error="", job=Job.of("publish", second.id)
    )

    handover.withdraw(story.id, "ada")

    assert_lost(publishing)
    assert_as_before(story)
    assert AuditEntry.select().order_by(AuditEntry.id.desc()).first().action == "story.edit"
    assert AuditEntry.select().where(AuditEntry.action == "story.withdraw").count() == 1


def test_a_second_approval_uses_what_the_first_one_made(media: MediaStore) -> None:
    story, voice = approved(), Counted()
    for _ in range(2):
        part = scripted(story)
        narrate(part.id, claimed("narrate", part.id), lambda _: voice, media, STUDIO)
        handover.withdraw(story.id, "ada")
        review.approve(story.id, "ada")

    assert voice.said == [part.spoken]


def test_a_second_approval_renders_nothing_again(media: MediaStore) -> None:
    story, renderer = approved(), QuickRenderer()
    for _ in range(2):
        rendered(story, media, renderer)
        handover.withdraw(story.id, "ada")
        review.approve(story.id, "ada")

    assert len(renderer.plans) == 1


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (PostState.CLAIMING, "is starting"),
        (PostState.PUBLISHED, "is published"),
        (PostState.MANUAL, "needs manual posting"),
    ],
)
def test_an_approval_stays_once_a_post_has_begun(
    media: MediaStore, state: PostState, shown: str
) -> None:
    an_account()
    story = approved()
    rendered(story, media)
    Post.update(state=state).execute()

    with pytest.raises(InputError) as refused:
        handover.withdraw(story.id, "ada")

    assert str(refused.value) == (
        f"This can't be undone, because a post has begun: the one on tales {shown}."
    )
    assert not handover.may_be_withdrawn(Story.get_by_id(story.id))
    assert (Post.select().count(), Video.select().count()) == (1, 1)
    assert Story.get_by_id(story.id).state == StoryState.SCRIPTED


def test_a_post_with_an_attempt_has_begun(media: MediaStore) -> None:
    an_account()
    story = approved()
    rendered(story, media)
    Attempt.create(post=Post.get(), method="direct", outcome="failed")

    with pytest.raises(InputError, match="has begun: the one on tales is scheduled"):
        handover.withdraw(story.id, "ada")


def test_the_time_of_a_removed_post_is_free_again(media: MediaStore) -> None:
    # Given two stories on an account with one post a day
    account = an_account()
    Account.update(posts_a_day=1).execute()
    rendered(story := approved(), media)
    later = approved()
    part = scripted(later)
    made = {"key": "k", "path": "v", "cover_path": "c", "seconds": 60, "size_bytes": 1}
    video = Video.create(part=part, state=VideoState.READY, loudness=-14, true_peak=-2, **made)
    planning.plan(video)
    first, second = Post.select().order_by(Post.id)
    assert second.scheduled_at.date() > first.scheduled_at.date()

    handover.withdraw(story.id, "ada")

    assert Post.get().account == account
    assert Post.get().scheduled_at.date() == first.scheduled_at.date()


def test_a_flagged_story_is_flagged_again() -> None:
    story = a_story(StoryState.FLAGGED, nsfw=False, safety_score=0.9)
    source = story.source
    SafetyDecision.create(
        story=story, judge="rules", label="violence", score=0.9, verdict="flag",
        warn_from=source.warn_from, flag_from=source.flag_from,
    )  # fmt: skip
    review.approve(story.id, "ada", "It is quoted.")

    handover.withdraw(story.id, "ada")

    known = Story.get_by_id(story.id)
    assert (known.state, known.reason) == (StoryState.FLAGGED, "Safety: violence 0.90.")
    with pytest.raises(InputError, match="give a reason"):
        review.approve(story.id, "ada")


def test_what_was_never_approved_is_not_undone() -> None:
    with pytest.raises(StaleStateError, match="is rejected"):
        handover.withdraw(a_story(StoryState.REJECTED).id, "ada")
    with pytest.raises(InputError, match="There is no story 77"):
        handover.withdraw(77, "ada")
