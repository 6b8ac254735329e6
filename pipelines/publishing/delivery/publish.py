"""The stages ``publish`` and ``confirm``: one post, by the best method that is open to it.

A post uses one method at a time (``fallback_policy.py``). A method ends or takes back what it
started: the next method is only used while nothing of the post can be on the platform.
"""

from __future__ import annotations

from models import Method, Post, PostState
from pipelines.ledger import Claim
from pipelines.publishing.accounts.pause import paused
from pipelines.publishing.delivery import approved_video, fallback_policy
from pipelines.publishing.delivery.api.upload import ApiUpload
from pipelines.publishing.delivery.browser_upload import BrowserUpload
from pipelines.publishing.delivery.delivery import Delivery, Platform
from pipelines.publishing.delivery.manual import manual_post
from pipelines.publishing.posts import history
from pipelines.publishing.scheduling import planning


def publish(post_id: int, claim: Claim, platform: Platform) -> None:
    """Start a scheduled post, or continue where an earlier try ended.

    Raises:
        Wait: it is not time yet.
        Retryable: the platform is unavailable, asks for a pause, or an answer was lost.
        Permanent: this video can't be posted on this account; the post has failed.
        Parked: a person has to choose, or to check what the platform did; the post is parked.
    """
    delivery = Delivery(Post.get_by_id(post_id), claim, platform)
    with delivery.recorded():
        if _is_over(delivery.post):
            delivery.done()
        elif delivery.post.publish_id is not None:
            _over_the_api(delivery).go_on()
        elif _may_be_online(delivery.post):
            _by_browser(delivery).look()
        else:
            _begin(delivery)


def confirm(post_id: int, claim: Claim, platform: Platform) -> None:
    """Ask the platform for the post's status until the outcome is known.

    Raises:
        Wait: it is still being processed.
        Retryable: the platform is unavailable.
        Permanent: the platform has rejected the post.
        Parked: the outcome can't be known.
    """
    delivery = Delivery(Post.get_by_id(post_id), claim, platform)
    with delivery.recorded():
        if _is_over(delivery.post):
            delivery.done()
        elif delivery.post.publish_id is None:
            _over_the_api(delivery).plan_again()  # it had failed, and a person restarted it
        else:
            _over_the_api(delivery).settle(delivery.status())


def _begin(delivery: Delivery) -> None:
    with delivery.claim.step():
        wait = approved_video.awaited(delivery.post) or paused(delivery.account)
        if wait is not None:  # an interrupted try may have left it as claiming
            delivery.move(PostState.PLANNED)
    if wait is not None:
        raise wait
    method, skipped = fallback_policy.method_now(delivery.post, delivery.account)
    with delivery.claim.step():
        for closed, reason in skipped:
            history.note(delivery.post, closed, fallback_policy.CLOSED, reason)
        delivery.change(method=method)
    delivery.check_texts()
    file = delivery.check_video()
    match method:
        case Method.DIRECT | Method.INBOX:
            _over_the_api(delivery).begin(file)
        case Method.BROWSER:
            _by_browser(delivery).begin(file)
        case Method.MANUAL:
            _by_hand(delivery)


def _over_the_api(delivery: Delivery) -> ApiUpload:
    return ApiUpload(delivery.post, delivery.claim, delivery.platform)


def _by_browser(delivery: Delivery) -> BrowserUpload:
    return BrowserUpload(delivery.post, delivery.claim, delivery.platform)


def _by_hand(delivery: Delivery) -> None:
    with delivery.claim.step():
        wait = delivery.held_back()
        if wait is None:
            delivery.move(PostState.MANUAL, video_key=delivery.video.key)
            manual_post.begin(delivery.post, request_id=delivery.claim.request_id)
    if wait is not None:
        raise wait
    delivery.done()


def _may_be_online(post: Post) -> bool:
    """Whether a browser may have posted it; a post that begins again is not asked about."""
    if post.method != Method.BROWSER or post.state in {PostState.PLANNED, PostState.CLAIMING}:
        return False
    return post.state == PostState.PROCESSING or history.may_be_online(post)


def _is_over(post: Post) -> bool:
    return post.state in planning.OVER or post.state == PostState.MANUAL
