"""The stages ``publish`` and ``confirm``: one post, by the best way that is open to it.

A post goes by one way at a time (``ladder.py``). What a way has begun it also ends or takes back:
the next way is only taken while nothing of the post can be on the platform.
"""

from __future__ import annotations

from core.errors import Wait
from models import Job, JobState, Post, PostState, Way
from pipelines.ledger import Claim
from pipelines.publishing.delivery import fallback_policy
from pipelines.publishing.delivery.api.upload import ApiUpload
from pipelines.publishing.delivery.browser_upload import BrowserUpload
from pipelines.publishing.delivery.delivery import Outside, Work
from pipelines.publishing.delivery.manual import manual_post
from pipelines.publishing.posts import history
from pipelines.publishing.scheduling import planning, scheduling
from pipelines.stages import PART_STAGES

MADE_ANEW_SECONDS = 15.0


def publish(post_id: int, claim: Claim, outside: Outside) -> None:
    """Bring a planned post on its way, or go on where an earlier try ended.

    Raises:
        Wait: it is not its time.
        Retryable: the platform is away, wants a pause, or an answer was lost.
        Permanent: this video can't be posted on this account; the post is failed.
        Parked: a person has to choose, or to look at what the platform did; the post is parked.
    """
    work = Work(Post.get_by_id(post_id), claim, outside)
    with work.recorded():
        if _is_over(work.post):
            work.done()
        elif work.post.publish_id is not None:
            _over_the_api(work).go_on()
        elif work.post.way == Way.BROWSER and work.post.state == PostState.PROCESSING:
            _by_browser(work).look()
        else:
            _begin(work)


def confirm(post_id: int, claim: Claim, outside: Outside) -> None:
    """Ask the platform what became of the post until that is known.

    Raises:
        Wait: it is still being processed.
        Retryable: the platform is away.
        Permanent: the platform has failed the post for good.
        Parked: it can't be known.
    """
    work = Work(Post.get_by_id(post_id), claim, outside)
    with work.recorded():
        if _is_over(work.post):
            work.done()
        elif work.post.publish_id is None:
            _over_the_api(work).plan_again()  # it had failed, and a person has it tried again
        else:
            _over_the_api(work).settle(work.status())


def _begin(work: Work) -> None:
    if _is_made_anew(work.post):
        raise Wait("Its video is being made anew.", after=MADE_ANEW_SECONDS)
    way, passed_over = fallback_policy.way_now(work.post, work.account)
    with work.claim.step():
        for closed, reason in passed_over:
            history.note(work.post, closed, fallback_policy.CLOSED, reason)
        work.change(way=way)
    work.check_texts()
    file = work.check_video()
    match way:
        case Way.DIRECT | Way.INBOX:
            _over_the_api(work).begin(file)
        case Way.BROWSER:
            _by_browser(work).begin(file)
        case Way.MANUAL:
            _by_hand(work)


def _over_the_api(work: Work) -> ApiUpload:
    return ApiUpload(work.post, work.claim, work.outside)


def _by_browser(work: Work) -> BrowserUpload:
    return BrowserUpload(work.post, work.claim, work.outside)


def _by_hand(work: Work) -> None:
    with work.claim.step():
        wait = scheduling.turn(work.post)
    if wait is not None:
        raise wait
    with work.claim.finish():
        work.move(PostState.MANUAL)
        manual_post.begin(work.post, request_id=work.claim.request_id)


def _is_made_anew(post: Post) -> bool:
    """A person has chosen another opening, say: the video that stands is the old one."""
    return (
        Job.select()
        .where(
            Job.stage.in_(PART_STAGES),
            Job.subject_id == post.video.part.id,
            Job.state.in_((JobState.WAITING, JobState.RUNNING)),
        )
        .exists()
    )


def _is_over(post: Post) -> bool:
    return post.state in planning.OVER or post.state == PostState.MANUAL
