"""One try at one post: what the publishing stages share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog

from adapters.ports import (
    Authorizer,
    BrowserUploader,
    CreatorInfo,
    PostStatus,
    Publisher,
    VideoProbe,
)
from core import db
from core.errors import (
    AccountFullError,
    AccountStoppedError,
    BrowserStopped,
    Parked,
    Retryable,
    StageError,
    UnknownPostError,
    Wait,
)
from core.files.storage import MediaStore
from core.limiter import Limit
from models import Account, PauseCause, Post, PostState, Video, now
from pipelines import ledger, rate_limits
from pipelines.ledger import Claim
from pipelines.limit_grants import Grants
from pipelines.publishing.accounts import failures, tokens
from pipelines.publishing.accounts.pause import CODE as PAUSED
from pipelines.publishing.accounts.pause import STORYMILL, pause
from pipelines.publishing.delivery import approved_video, fallback_policy
from pipelines.publishing.delivery.compliance import check_texts, texts_of
from pipelines.publishing.delivery.video_checks import MOST_BYTES, CheckedVideo, check_video
from pipelines.publishing.posts import history
from pipelines.publishing.scheduling import admission, planning, post_times
from pipelines.stages import STAGES
from pipelines.subscriptions import events

log = structlog.get_logger(__name__)

T = TypeVar("T")

MOST_UNKNOWN = 6
"""Times in a row that TikTok may say it doesn't know a post before a person has to look. One such
answer was always wrong so far; these take eight minutes."""
UNKNOWN_SECONDS = 15.0
"""Pause after the first of these answers; it doubles with each."""
MOST_FULL = 8
"""Times that the platform may refuse a post because its account is full, each time at its next slot
or some hours later. Then the account is paused and a person has to look."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What the publishing stages need to reach the platform."""

    publisher: Publisher
    authorizer: Authorizer
    probe: VideoProbe
    folder: Path
    """The media folder: only videos in it are sent."""
    grants: Grants
    browser: BrowserUploader | None = None
    """None if this worker uses no browser."""
    most_bytes: int = MOST_BYTES
    pause_after: int = 0
    """Failed posts in a row after which an account pauses itself; 0: never."""


@dataclass(slots=True)
class Delivery:
    """One try at one post."""

    post: Post
    claim: Claim
    platform: Platform

    @property
    def account(self) -> Account:
        account: Account = self.post.account
        return account

    @property
    def video(self) -> Video:
        video: Video = self.post.video
        return video

    @property
    def media(self) -> MediaStore:
        return MediaStore(self.platform.folder)

    def ask(self, call: Callable[[str], T]) -> T:
        return tokens.with_token(self.account, self.platform.authorizer, call)

    def status(self) -> PostStatus:
        """What the platform says about the announced post.

        Raises:
            Wait: it says that it doesn't know the post; it is asked again.
            Parked: it has said so ``MOST_UNKNOWN`` times in a row.
        """
        publish_id = str(self.post.publish_id)
        try:
            status = self.ask(lambda token: self.platform.publisher.status(token, publish_id))
        except UnknownPostError as error:
            raise self.unknown(error) from None
        history.is_known(self.post)
        return status

    def unknown(self, error: UnknownPostError) -> StageError:
        with self.claim.step():
            times = history.count_unknown(self.post)
            if times >= MOST_UNKNOWN:
                history.is_known(self.post)  # whoever has it asked again gets as many answers
        if times < MOST_UNKNOWN:
            after = UNKNOWN_SECONDS * 2 ** (times - 1)
            log.warning("post_unknown", post=self.post.id, times=times)
            return Wait(f"{error} It is asked again.", after=after, code=error.code)
        return Parked(
            f"TikTok has said {times} times that it does not know this upload, so it is unclear "
            "whether it was posted: check the account on TikTok, then mark the post as published "
            "or post it again.",
            code=error.code,
        )

    def done(self) -> None:
        with self.claim.finish():
            pass

    def check_video(self) -> CheckedVideo:
        """Check the file; raises Permanent if it can't be posted. Holds no connection meanwhile."""
        path, size = self.media.at(self.video.path), self.video.size_bytes
        platform = self.platform
        with db.closed_for_long_work():
            return check_video(
                path,
                size,
                folder=platform.folder,
                probe=platform.probe,
                most_bytes=platform.most_bytes,
            )

    def check_texts(self) -> None:
        """Raises Parked if a person should read the texts first."""
        check_texts(texts_of(self.post), allowed=self.post.allowed)

    def creator(self) -> CreatorInfo:
        """What the creator may post now; raises Wait if that was asked too often."""
        wait = self.over_limit(rate_limits.creator_info(self.post))
        if wait is not None:
            raise wait
        return self.ask(self.platform.publisher.creator_info)

    def announcing(self) -> None:
        """Store that the post is about to be announced, before the platform is called.

        Its limits are taken here: the announcement follows at once.

        Raises:
            Wait: its video may not go out, it is not time yet, or a limit is used up.
        """
        with self.claim.step():
            wait = self.held_back() or self.over_limit(
                rate_limits.announcement(self.post, self.post.method)
            )
            if wait is None:
                self.move(PostState.CLAIMING, reason="", video_key=self.video.key)
                history.begin(self.post, self.post.method)
            else:  # an interrupted try may have left it as claiming
                self.move(PostState.PLANNED)
        if wait is not None:
            raise wait

    def held_back(self) -> Wait | None:
        """What the post waits for; None if it goes out in this step."""
        return approved_video.awaited(self.post) or admission.admit(self.post)

    def announce(self, call: Callable[[str], T]) -> T:
        """Make the announcing call; a post that is refused isn't one of the account's day."""
        try:
            return self.ask(call)
        except StageError as error:
            # After other errors the post may be there, or its next try counts as the same post.
            if isinstance(error, Wait) or not isinstance(error, Retryable):
                self.platform.grants.not_posted(self.post)
            raise

    def over_limit(self, limits: Sequence[Limit]) -> Wait | None:
        """Take the limits of the next call; returns what to wait for if one is used up."""
        return self.platform.grants.take(
            limits,
            who=f"{self.claim.stage}:{self.post.id}",
            run=f"{self.claim.job_id}:{self.claim.fence}",
        )

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Store what an error means for the post, then let the error continue.

        If the error only closes the post's method, the post falls back to the next method instead.
        """
        try:
            yield
        except AccountFullError as error:
            raise self.defer(error) from None
        except AccountStoppedError as error:
            raise self.pause(error) from None
        except Wait:
            raise
        except StageError as error:
            if fallback_policy.steps_down(self.post, self.account, error, self.claim.attempt):
                self.step_down(error)
                return
            self.record(error)
            self.count(error)
            raise

    def end(self, state: PostState, platform_id: str, **changes: Any) -> None:
        with self.claim.finish():
            planning.lock_for_release(self.post)
            if platform_id:  # an answer without one must not erase what a webhook has stored
                changes["platform_id"] = platform_id
            self.move(state, reason="", **changes)
            history.end(self.post, state, platform_id=platform_id)
            failures.forget(self.account.id)
            planning.release_next(self.post, request_id=self.claim.request_id)
        log.info("post_ended", post=self.post.id, state=state)

    def plan_again(self, *, outcome: str = history.INTERRUPTED, after: float = 0) -> None:
        with self.claim.finish():
            history.end(self.post, outcome)
            self.forget(PostState.PLANNED)
            due_at = now() + timedelta(seconds=after) if after else None
            ledger.enqueue("publish", self.post.id, request_id=self.claim.request_id, due_at=due_at)

    def defer(self, error: AccountFullError) -> Wait:
        """The platform takes no more posts from this account now: move to the next slot."""
        if self.post.publish_id is not None:  # something of it may be there: only wait
            return error
        if self.is_full_too_often(error):
            return self.pause(_full_too_often(error))
        with self.claim.step():
            planning.lock_for_release(self.post)
            history.end(self.post, error.code, reason=str(error))
            self.change(upload_url=None, bytes_sent=0, reason=str(error))
            later = admission.defer(self.post)
        later.code = error.code
        return later

    def pause(self, error: AccountStoppedError) -> AccountStoppedError:
        """The platform takes nothing from this account: pause it; the post waits for that."""
        with self.claim.step():
            planning.lock_for_release(self.post)
            history.end(self.post, error.code, reason=str(error))
            if self.post.publish_id is None:
                self.move(PostState.PLANNED, reason=str(error))
            pause(self.account.id, STORYMILL, str(error), cause=PauseCause.REFUSED)
        error.code = PAUSED
        return error

    def is_full_too_often(self, error: AccountFullError) -> bool:
        return history.ended_as(self.post, frozenset({error.code})) >= MOST_FULL - 1

    def begin_again(self, error: Retryable) -> None:
        """The platform has failed an announced post: the same as if it had refused to begin it."""
        after = now() + timedelta(seconds=error.after or 0)
        with self.claim.finish():
            planning.lock_for_release(self.post)
            full = isinstance(error, AccountFullError) and not self.is_full_too_often(error)
            history.end(self.post, error.code, reason=str(error))
            self.forget(PostState.PLANNED, reason=str(error))
            ledger.enqueue("publish", self.post.id, request_id=self.claim.request_id, due_at=after)
            if full:
                admission.defer(self.post)
            elif isinstance(error, AccountFullError | AccountStoppedError):
                pause(self.account.id, STORYMILL, str(error), cause=PauseCause.REFUSED)
        log.warning("post_begins_again", post=self.post.id, code=error.code)

    def step_down(self, error: StageError) -> None:
        """Nothing of the post is on the platform: try again with the account's next method."""
        method, following = self.post.method, fallback_policy.next_method(self.post, self.account)
        self.platform.grants.not_posted(self.post)
        with self.claim.finish():
            history.note(self.post, method, error.code, str(error), screenshot=self.shown(error))
            self.forget(PostState.PLANNED, method=following, reason=str(error))
            ledger.enqueue("publish", self.post.id, request_id=self.claim.request_id)
        log.warning("stepped_down", post=self.post.id, method=method, to=following, code=error.code)

    def record(self, error: StageError) -> None:
        if isinstance(error, Parked):
            self.stop(PostState.PARKED, error)
        elif not isinstance(error, Retryable):
            self.stop(PostState.FAILED, error)
        elif self.post.state == PostState.CLAIMING:  # no publish_id, so no byte went
            self.stop(PostState.PLANNED, error)

    def count(self, error: StageError) -> None:
        """Count the failure for the account, if the post has stopped and the account is connected.

        A post that stopped because its account is not connected says nothing new about it.
        """
        tries = STAGES[self.claim.stage].attempts
        if isinstance(error, Retryable) and self.claim.attempt < tries:
            return
        if isinstance(error, Retryable):  # its job fails now, and the post stays as it is
            with self.claim.step():
                events.post_failed(self.post.id, str(error))
        if error.code in fallback_policy.NOT_CONNECTED:
            return
        with self.claim.step():
            planning.lock_for_release(self.post)
            failures.count(self.account.id, error, self.platform.pause_after)

    def stop(self, state: PostState, error: StageError) -> None:
        with self.claim.step():
            planning.lock_for_release(self.post)
            history.end(self.post, error.code, reason=str(error), screenshot=self.shown(error))
            self.move(state, reason=str(error))
            if state in {PostState.FAILED, PostState.PARKED}:
                post_times.reassign(self.account.id)  # later parts of its story need no slot now

    def shown(self, error: StageError) -> str:
        """How the record names the page that the browser showed; empty if it showed none."""
        screenshot = error.screenshot if isinstance(error, BrowserStopped) else None
        return self.media.name(screenshot) if screenshot else ""

    def forget(self, state: PostState, **changes: Any) -> None:
        self.move(state, publish_id=None, upload_url=None, bytes_sent=0, **changes)

    def move(self, to: PostState, **changes: Any) -> None:
        """Set the post's state to ``to``, inside a step; after a repeat it may have it already."""
        if self.post.state == to:
            self.change(**changes)
        else:
            self.post.move(to, **changes)
            self.tell(to, changes.get("reason", ""))

    def tell(self, state: PostState, reason: str) -> None:
        if state == PostState.PUBLISHED:
            events.post_published(self.post.id)
        elif state in {PostState.FAILED, PostState.PARKED}:
            events.post_failed(self.post.id, reason)

    def change(self, **changes: Any) -> None:
        if not changes:
            return
        Post.update(**changes).where(Post.id == self.post.id).execute()
        for name, value in changes.items():
            setattr(self.post, name, value)


def _full_too_often(error: AccountFullError) -> AccountStoppedError:
    return AccountStoppedError(
        f"TikTok has refused the same post {MOST_FULL} times, each time hours later: {error} Look "
        "at the account in the TikTok app and set fewer posts a day, then resume the account."
    )
