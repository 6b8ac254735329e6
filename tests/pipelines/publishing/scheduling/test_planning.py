"""Which account gets which video, and that parts go out in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from core.db import session, transaction
from core.errors import InputError
from models import (
    Account,
    AccountState,
    AuditEntry,
    Job,
    JobState,
    Post,
    PostState,
    SourceAccount,
    Video,
    VideoState,
    now,
)
from pipelines.publishing.posts import decisions
from pipelines.publishing.scheduling import planning
from sandbox.testing import RunningSandbox
from tests.pipelines.publishing.job_runner import Desk
from tests.pipelines.publishing.scheduling import times

MakeVideos = Callable[..., list[Video]]
pytestmark = pytest.mark.usefixtures("record")


def account(name: str, state: AccountState = AccountState.CONNECTED) -> Account:
    return Account.create(open_id=name, name=name, state=state)


def plan(video: Video) -> list[Post]:
    """Like the stage or the person that makes a video READY."""
    with transaction():
        Video.update(state=VideoState.READY).where(Video.id == video.id).execute()
        return planning.plan(video)


def published(post: Post) -> None:
    """End a post as ``confirm`` does."""
    with transaction():
        planning.lock_for_release(post)
        Post.update(state=PostState.PUBLISHED).where(Post.id == post.id).execute()
        Job.update(state=JobState.DONE).where(Job.subject_id == post.id).execute()
        planning.release_next(post)


def waiting() -> list[tuple[str, int]]:
    """Account and part of each post whose publish job is waiting."""
    jobs = Job.select().where(Job.stage == "publish", Job.state == JobState.WAITING)
    posts = [Post.get_by_id(job.subject_id) for job in jobs]
    return sorted((post.account.name, post.video.part.number) for post in posts)


def test_a_video_goes_to_every_account_once(make_videos: MakeVideos) -> None:
    account("ada"), account("bob"), account("gone", AccountState.DISCONNECTED)
    (video,) = make_videos()

    first, second = plan(video), plan(video)

    assert [post.account.name for post in first] == ["ada", "bob"]
    assert [post.id for post in first] == [post.id for post in second]
    assert waiting() == [("ada", 1), ("bob", 1)]


def test_a_source_can_name_its_accounts(make_videos: MakeVideos) -> None:
    account("ada")
    chosen = account("bob")
    (video,) = make_videos()
    SourceAccount.create(source=video.part.script.story.source, account=chosen)

    assert [post.account.name for post in plan(video)] == ["bob"]


def test_parts_that_are_ready_in_any_order_go_out_in_order(make_videos: MakeVideos) -> None:
    account("ada")
    one, two, three = make_videos(3, state=VideoState.REVIEW)

    # When the later parts are ready first
    (third,), (second,) = plan(three), plan(two)
    assert waiting() == []
    (first,) = plan(one)
    assert waiting() == [("ada", 1)]

    # Then each waits for the one before it
    published(first)
    assert waiting() == [("ada", 2)]
    decisions.cancel(second.id, by="ada", reason="dull")
    assert waiting() == [("ada", 3)]
    assert Post.get_by_id(third.id).state == PostState.PLANNED


def test_an_account_connected_between_two_parts_gets_the_first_one_too_if_somebody_wants_it(
    make_videos: MakeVideos,
) -> None:
    account("ada")
    one, two = make_videos(2)
    plan(one)
    bob = account("bob")

    plan(two)
    assert waiting() == [("ada", 1)]
    planning.decide_late(bob.id, "from_part_one", "ada")

    assert waiting() == [("ada", 1), ("bob", 1)]
    assert Post.select().count() == 4


def test_a_part_planned_while_the_one_before_it_ends_is_not_forgotten(
    make_videos: MakeVideos,
) -> None:
    # Given a part that ends and one that becomes ready, each in a transaction still open
    account("ada")
    one, two = make_videos(2, state=VideoState.REVIEW)
    (first,) = plan(one)
    planned, ended = threading.Event(), threading.Event()

    def end_first_part() -> None:
        with session():
            assert planned.wait(30)
            published(first)
            ended.set()

    ending = threading.Thread(target=end_first_part)
    ending.start()
    with transaction():
        plan(two)
        planned.set()
        ended.wait(0.3)  # it can't end before we commit
        assert not ended.is_set()
    ending.join()

    assert waiting() == [("ada", 2)]


def test_a_released_part_waits_for_its_slot(make_videos: MakeVideos) -> None:
    of = times.account("08:00", "18:30")
    one, two = make_videos(2)
    (first,), (second,) = plan(one), plan(two)
    slots = times.slots_of(of, 2)
    assert Job.of("publish", second.id) is None

    published(first)

    job = times.job_of(second)
    assert (job.due_at, job.sent_at) == (slots[1], None)


def test_a_person_posts_a_video_to_more_accounts(make_videos: MakeVideos) -> None:
    # given a video that is planned on one account, and three further ones
    ada, bob, cid, gone = (
        account("ada"),
        account("bob"),
        account("cid"),
        account("gone", AccountState.DISCONNECTED),
    )
    (video,) = make_videos()
    SourceAccount.create(source=video.part.script.story.source, account=ada)
    (there_already,) = plan(video)

    # when a person plans it on two of them too, twice
    made = planning.post_to(video.id, [bob.id, ada.id, cid.id, bob.id], by="olga")
    again = planning.post_to(video.id, [ada.id, bob.id, cid.id], by="olga")

    # then each has one post, due now
    assert [post.account.name for post in made] == ["ada", "bob", "cid"]
    assert [post.id for post in again] == [post.id for post in made]
    assert made[0].id == there_already.id
    assert waiting() == [("ada", 1), ("bob", 1), ("cid", 1)]
    assert AuditEntry.select().where(AuditEntry.action == "post.plan").count() == 2
    with pytest.raises(InputError, match="not connected"):
        planning.post_to(video.id, [gone.id], by="olga")


def test_a_person_posts_a_video_at_a_time(make_videos: MakeVideos) -> None:
    ada, bob = account("ada"), account("bob")
    (video,) = make_videos()
    at = now() + timedelta(hours=3)

    with pytest.raises(InputError, match="past"):
        planning.post_to(video.id, [ada.id], at=now() - timedelta(hours=1), by="olga")
    assert Post.select().count() == 0
    planning.post_to(video.id, [ada.id, bob.id], at=at, by="olga")

    assert [(post.scheduled_at, post.pinned) for post in Post.select()] == [(at, True)] * 2
    assert [job.due_at for job in Job.select()] == [at, at]


def test_the_parts_before_it_are_posted_too(make_videos: MakeVideos) -> None:
    ada = account("ada")
    two = make_videos(3)[1]

    (second,) = planning.post_to(two.id, [ada.id], by="olga")

    assert second.video.id == two.id
    assert waiting() == [("ada", 1)]
    assert Post.select().count() == 2


def test_only_a_finished_video_is_posted(make_videos: MakeVideos) -> None:
    ada = account("ada")
    (video,) = make_videos(state=VideoState.REVIEW)

    for missing in (video.id, 0):
        with pytest.raises(InputError, match="approve it first"):
            planning.post_to(missing, [ada.id], by="olga")


@pytest.mark.slow
def test_three_parts_on_two_accounts_appear_in_order(
    desk: Desk,
    connect: Callable[..., Account],
    make_videos: MakeVideos,
    sandbox: RunningSandbox,
) -> None:
    connect("storymill_tales"), connect("midnight_pages")
    for video in reversed(make_videos(3)):
        desk.plan(video)

    desk.work_off()

    for creator in ("storymill_tales", "midnight_pages"):
        shown = [found for found in sandbox.posts() if found["creator"] == creator]
        in_order = sorted(shown, key=lambda found: found["order"])
        assert [found["title"] for found in in_order] == [
            f"The lamp 1 (part {n} of 3) #storytime #mystery" for n in (1, 2, 3)
        ]
