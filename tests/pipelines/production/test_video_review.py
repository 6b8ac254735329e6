"""A person decides on hooks and finished videos once; the audit log says who and why."""

from __future__ import annotations

import pytest

from core.errors import InputError
from models import (
    Account,
    AccountState,
    AuditEntry,
    Job,
    JobState,
    Part,
    Post,
    PostState,
    Script,
    StaleStateError,
    Video,
    VideoState,
)
from pipelines import handover
from pipelines.ledger import LeaseLostError
from pipelines.production import video_review
from tests.pipelines.production.making import a_part, claimed

pytestmark = pytest.mark.usefixtures("record")


def a_video(state: VideoState = VideoState.REVIEW) -> Video:
    return Video.create(
        part=a_part(),
        key="key",
        path="/video.mp4",
        cover_path="/cover.jpg",
        seconds=60,
        size_bytes=1,
        loudness=-14,
        true_peak=-2,
        state=state,
    )


def on_record() -> list[tuple[str, str, str, str]]:
    entries = AuditEntry.select().order_by(AuditEntry.id)
    return [(entry.actor, entry.action, entry.subject, entry.reason) for entry in entries]


def test_a_finished_video_is_posted_only_after_review() -> None:
    # Given a video in review, and two accounts
    video = a_video()
    for name in ("one", "two"):
        Account.create(open_id=name, state=AccountState.CONNECTED)

    handover.approve_video(video.id, "ada", video.key)

    # Then it is scheduled for both, each post with one job
    posts = Post.select().where(Post.video == video)
    assert len(posts) == 2
    assert all(Job.of("publish", post.id) for post in posts)
    with pytest.raises(StaleStateError, match="ada approved this video"):
        handover.approve_video(video.id, "bob", video.key)
    with pytest.raises(StaleStateError):
        video_review.reject(video.id, "bob", "too loud")
    assert on_record() == [("ada", "video.approve", f"video {video.id}", "")]
    assert Post.select().count() == 2


def test_a_rejected_video_is_posted_nowhere() -> None:
    Account.create(open_id="one", state=AccountState.CONNECTED)
    video = a_video()
    with pytest.raises(InputError, match="Give a reason"):
        video_review.reject(video.id, "ada", " ")
    video_review.reject(video.id, "ada", "the voice stumbles")
    assert Video.get().state == VideoState.REJECTED
    assert Post.select().count() == 0


def a_script_of_two_parts() -> tuple[Script, Part, Part]:
    first = a_part(of=2)
    hooks = ["Listen to this.", "The lamp went out.", "I lit it again."]
    Script.update(hooks=hooks).where(Script.id == first.script.id).execute()
    second = Part.create(
        script=first.script,
        number=2,
        of=2,
        hook="Part two.",
        text="It burned.",
        call_to_action="So?",
    )
    return Script.get_by_id(first.script.id), first, second


def test_another_hook_makes_only_the_first_part_again() -> None:
    # Given a story in two parts, whose first part is being spoken
    script, first, second = a_script_of_two_parts()
    running = claimed("narrate", first.id)

    # When a person picks another hook
    video_review.choose_hook(script.story.id, "ada", "The lamp went out.")

    # Then only the first part opens with it and is spoken again
    assert Script.get_by_id(script.id).hook == "The lamp went out."
    assert Part.get_by_id(first.id).spoken.startswith("The lamp went out.")
    assert Part.get_by_id(second.id).hook == "Part two."
    job = Job.of("narrate", first.id)
    assert job is not None
    assert job.state == JobState.WAITING
    assert Job.of("narrate", second.id) is None
    assert AuditEntry.get(AuditEntry.action == "script.hook").reason == "The lamp went out."

    # And the result for the old one is refused
    with pytest.raises(LeaseLostError), running.finish():
        pass


def test_only_a_hook_from_the_script_can_be_chosen() -> None:
    script, first, _ = a_script_of_two_parts()
    with pytest.raises(InputError, match="hooks that were written"):
        video_review.choose_hook(script.story.id, "ada", "Buy my lamps.")
    video_review.choose_hook(script.story.id, "ada", "Listen to this.")  # already in use
    assert Job.of("narrate", first.id) is None


@pytest.mark.parametrize("state", [PostState.CLAIMING, PostState.PUBLISHED, PostState.PARKED])
def test_the_hook_can_not_be_changed_once_a_post_has_started(state: PostState) -> None:
    script, first, _ = a_script_of_two_parts()
    account = Account.create(open_id="1", state=AccountState.CONNECTED)
    video = Video.create(
        part=first,
        key="1",
        path="",
        cover_path="",
        seconds=1,
        size_bytes=1,
        loudness=-14,
        true_peak=-1,
        state=VideoState.READY,
    )
    post = Post.create(video=video, account=account, title="The lamp", state=PostState.PLANNED)
    video_review.choose_hook(script.story.id, "ada", "I lit it again.")
    Post.update(state=state).where(Post.id == post.id).execute()

    with pytest.raises(InputError, match="hook can't be changed"):
        video_review.choose_hook(script.story.id, "ada", "The lamp went out.")
