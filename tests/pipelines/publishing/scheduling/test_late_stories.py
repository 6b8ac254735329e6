"""An account that joins in mid-story: a person decides whether it gets the story from part 1."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.db import transaction
from core.errors import InputError
from models import Account, AuditEntry, LateStory, Part, Post, PostState, Source, Video, VideoState
from pipelines.publishing.scheduling import planning
from tests.pipelines.publishing.job_runner import Desk

Connect = Callable[..., Account]
MakeVideos = Callable[..., list[Video]]


@pytest.fixture
def videos(desk: Desk, connect: Connect, make_videos: MakeVideos) -> list[Video]:
    """A story of three parts; its first part is scheduled on an account, the others aren't made."""
    connect()
    videos = make_videos(3)
    Video.update(state=VideoState.REVIEW).where(Video.id != videos[0].id).execute()
    desk.plan(videos[0])
    return videos


def make_ready(desk: Desk, video: Video) -> None:
    Video.update(state=VideoState.READY).where(Video.id == video.id).execute()
    desk.plan(Video.get_by_id(video.id))


def parts_on(account: Account) -> list[int]:
    parts = Part.select(Part.number).join(Video).join(Post).where(Post.account == account)
    return [part.number for part in parts.order_by(Part.number)]


def test_nothing_of_the_story_is_planned_until_somebody_decides(
    desk: Desk, connect: Connect, videos: list[Video]
) -> None:
    late = connect("midnight_pages")

    make_ready(desk, videos[1])

    assert parts_on(late) == []
    assert LateStory.get().account == late
    # And the account that began the story goes on
    assert parts_on(Account.get(Account.id != late.id)) == [1, 2]


def test_from_part_one_it_gets_all_parts_now_and_such_stories_later(
    desk: Desk, connect: Connect, videos: list[Video]
) -> None:
    late = connect("midnight_pages")
    make_ready(desk, videos[1])

    assert planning.decide_late(late.id, "from_part_one", "ada") == 1
    make_ready(desk, videos[2])

    assert parts_on(late) == [1, 2, 3]
    assert LateStory.select().count() == 0
    assert AuditEntry.get(action="account.late_stories").actor == "ada"


def test_skipped_it_starts_with_the_next_story(
    desk: Desk, connect: Connect, make_videos: MakeVideos, videos: list[Video]
) -> None:
    late = connect("midnight_pages")
    make_ready(desk, videos[1])

    assert planning.decide_late(late.id, "skip", "ada") == 0
    make_ready(desk, videos[2])
    assert parts_on(late) == []

    for video in make_videos(2):
        desk.plan(video)
    assert parts_on(late) == [1, 2]
    assert LateStory.select().count() == 0


def test_a_story_that_no_other_account_has_begun_is_planned_whole(
    desk: Desk, connect: Connect, videos: list[Video]
) -> None:
    with transaction():
        Post.update(state=PostState.CANCELLED).execute()
    late = connect("midnight_pages")

    make_ready(desk, videos[1])

    assert parts_on(late) == [1, 2]


@pytest.mark.parametrize("choice", ["", "perhaps"])
def test_only_the_two_choices_are_accepted(desk: Desk, connect: Connect, choice: str) -> None:
    account = connect()
    with pytest.raises(InputError, match="part 1"):
        planning.decide_late(account.id, choice, "ada")
    assert Source.select().count() == 0
