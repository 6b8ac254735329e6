"""Posts, their workers and the people who decide about them: no two wait for each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.db import transaction
from core.errors import Permanent
from models import Account, DeadLetter, Job, JobState, LateStory, Post, PostState, Video
from pipelines import handover, ledger
from pipelines.ledger import Claim
from pipelines.publishing.accounts import pause
from pipelines.publishing.delivery.delivery import Delivery
from pipelines.publishing.posts import decisions, post_settings, stranded
from pipelines.publishing.scheduling import planning
from pipelines.publishing.webhooks import events
from tests.pipelines.publishing.events import CLIENT_KEY, body
from tests.pipelines.publishing.job_runner import Desk
from tests.pipelines.racing import Race, Work

pytestmark = pytest.mark.slow

Connect = Callable[..., Account]
Planned = Callable[..., list[Post]]


def plan(video: Video) -> None:
    with transaction():
        planning.plan(video)


def test_a_post_and_all_who_decide_about_it(
    desk: Desk, connect: Connect, planned: Planned, race: Race
) -> None:
    # Given a post that a worker announces and ends, while others decide about it
    account = connect("storymill_tales")
    connect("midnight_pages")
    posts = planned(parts=2)
    post = next(each for each in posts if each.account == account)
    story, second = post.video.part.script.story.id, posts[-1].video

    def work(claim: Claim, number: int) -> None:
        delivery = Delivery(Post.get_by_id(post.id), claim, desk.platform)
        if number % 2:
            delivery.announcing()
            delivery.end(PostState.PUBLISHED, "7")
        else:
            delivery.stop(PostState.PARKED, Permanent("No."))
            delivery.plan_again()

    def prepare(number: int) -> tuple[Work, ...]:
        DeadLetter.delete().execute()
        Job.update(state=JobState.DONE).execute()
        Post.update(state=PostState.PLANNED, publish_id=None, method="direct").execute()
        stage = ("publish", "confirm")[number % 2]
        with transaction():
            ledger.enqueue(stage, post.id)
        claim = desk.claimed(stage, post.id)
        if number % 3 == 0:
            Post.update(publish_id="p", state=PostState.PROCESSING).where(
                Post.id == post.id
            ).execute()
        if number % 5 == 0:
            Job.update(state=JobState.DEAD).where(Job.stage == stage).execute()
        event = body("post.publish.complete", account.open_id, publish_id="p", post_id=[number])
        return (
            lambda: work(claim, number),
            lambda: decisions.cancel(post.id, "ada"),
            lambda: post_settings.requeue(post.id, "bob"),
            lambda: post_settings.set_title(post.id, "A lamp", "bob"),
            lambda: events.receive(event, client_key=CLIENT_KEY),
            stranded.mark_stranded,
            lambda: handover.stop(story, "eve"),
            lambda: plan(second),
        )

    # When all happens at once, many times, then each takes its turn
    assert race(prepare) == []


def test_a_decision_about_late_stories_and_a_video_that_becomes_ready(
    desk: Desk, connect: Connect, planned: Planned, race: Race
) -> None:
    # Given a story that began before an account was connected, and whose posts wait for a pause
    first = connect("storymill_tales")
    posts = planned(parts=2)
    late = connect("midnight_pages")
    script, second = posts[0].video.part.script, posts[1].video

    def prepare(_number: int) -> tuple[Work, ...]:
        Post.delete().where(Post.account == late).execute()
        LateStory.insert(account=late, script=script).on_conflict_ignore().execute()
        Account.update(late_stories="").execute()
        Job.update(state=JobState.WAITING, error_code=pause.CODE).execute()
        pause.pause(first.id, "ada")
        return (
            lambda: planning.decide_late(late.id, "from_part_one", "ada"),
            lambda: plan(second),
            lambda: pause.resume(first.id, "bob"),
            lambda: handover.stop(script.story.id, "eve"),
        )

    assert race(prepare) == []
