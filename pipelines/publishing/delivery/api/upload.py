"""Posts over the API: from a planned post to a published one, or to the creator's inbox.

These rules hold at every moment, so a worker can be killed between any two lines:

- ``publish_id`` is stored before the first byte is sent. It is deleted only when the platform has
  said that the upload did not become a post, or a person has looked there; undoing that decision
  restores it. So for a post with a ``publish_id``, the platform is asked first, before anything
  else; a post without one has never sent a byte.
- An announcement whose bytes never arrive in full never becomes a post. So announcing again is
  safe if no byte was sent, or if the platform has fewer bytes than the video and the address that
  could take the rest is dead.

=====================================  =================================  ======================
killed (or the answer lost) …          what the next try finds            what it does
=====================================  =================================  ======================
before the post is ``claiming``        planned, no publish_id             starts
before or while announcing it          claiming (planned if only the      announces again; the old
                                       answer was lost), no publish_id    attempt stays in the
                                                                          history, ``interrupted``
                                                                          or ``lost_answer``
after TikTok's answer, before it is    claiming, no publish_id            the same: that upload
stored                                                                    got no byte, and TikTok
                                                                          drops it
before or between chunks, in a chunk   uploading; status: fewer bytes     continues at that byte
the same, and the address is dead      uploading; status: fewer bytes     announces again
after the last byte, its answer lost   uploading; status: all bytes, or   processing, confirm
or not yet stored                      a later state
after ``processing`` is stored         job done                           nothing is left to do
while confirming                       processing                         asks for the status again
after the status said published,       processing; status says the same   the same end
before that is stored
TikTok doesn't know the publish_id     any                                asks again, 6 times in
                                                                          all; then it needs
                                                                          attention
=====================================  =================================  ======================

If TikTok fails a post that it has received, its reason means what it would mean as the answer to an
announcement (``fail``): the next slot, a paused account, the next method, another try, or the end.
"""

from __future__ import annotations

import structlog

from adapters.ports import ChunkPlan, PostStatus, UploadTicket
from core import db
from core.errors import (
    AccountFullError,
    AccountStoppedError,
    AddressRefusedError,
    GrantRemovedError,
    Parked,
    Permanent,
    Retryable,
    StageError,
    Wait,
)
from models import Account, AccountState, Method, PostState, now
from pipelines import ledger
from pipelines.publishing.accounts.connection import end_grant, set_username
from pipelines.publishing.delivery import approved_video, fallback_policy
from pipelines.publishing.delivery.api.chunks import plan_chunks
from pipelines.publishing.delivery.delivery import Delivery
from pipelines.publishing.delivery.video_checks import CheckedVideo, check_length
from pipelines.publishing.posts import history
from pipelines.publishing.posts.post_options import post_info
from pipelines.publishing.scheduling import planning

log = structlog.get_logger(__name__)

ADDRESS_SECONDS = 3_600.0
"""An upload address is valid for one hour (Content Posting API, 2026)."""
IN_FLIGHT_SECONDS = 300.0
"""A dead sender's last chunk may still arrive for as long as a live sender waits for an answer."""

MOST_AGAIN = 3
"""Times that TikTok may fail a post for one reason of its own before the post has failed."""

PATIENCE_SECONDS = 24 * 3_600.0
"""Processing takes minutes, sometimes hours; after this time a person should check."""


class ApiUpload(Delivery):
    """The steps of both stages for one post that goes over the API."""

    # ── publish ──────────────────────────────────────────────────────────────────────────────

    def begin(self, file: CheckedVideo) -> None:
        """Announce the post by its method, ``direct`` or ``inbox``, and send it."""
        chunks = plan_chunks(self.video.size_bytes)
        if self.post.method == Method.DIRECT:
            creator = self.creator()
            check_length(file.seconds, creator)
            info = post_info(self.post, self.account, creator)
            self.announcing()
            set_username(self.account, creator.username)
            ticket = self.announce(
                lambda token: self.platform.publisher.begin_direct_post(token, info, chunks)
            )
        else:
            self.announcing()
            ticket = self.announce(
                lambda token: self.platform.publisher.begin_inbox_upload(token, chunks)
            )
        with self.claim.step():
            self.move(
                PostState.UPLOADING,
                publish_id=ticket.publish_id,
                upload_url=ticket.upload_url,
                bytes_sent=0,
            )
        self.send(ticket, file, chunks, first_byte=0)

    def go_on(self) -> None:
        """Ask the platform how far an earlier try got, and continue there."""
        status = self.status()
        arrived = status.uploaded_bytes
        if status.state == "uploading":
            approved_video.check_same(self.post)
        if status.state != "uploading" or (arrived or 0) >= self.video.size_bytes:
            self.hand_over()
        elif self.address_is_dead() and history.may_be_complete(self.post, self.video.size_bytes):
            raise Parked(
                "TikTok may have received the whole video, but doesn't say so, and its upload "
                "address is no longer valid. Check on TikTok whether the video is there.",
                code="upload_unclear",
            )
        elif self.address_is_dead():
            log.warning("announced_again", post=self.post.id, arrived=arrived)
            with self.claim.step():
                history.end(self.post, AddressRefusedError.default_code)
                self.forget(PostState.PLANNED)
            self.begin(self.check_video())
        else:
            file = self.check_video()
            chunks = plan_chunks(self.video.size_bytes)
            with self.claim.step():
                history.go_on(self.post)
                self.move(PostState.UPLOADING, bytes_sent=arrived or 0, reason="")
            ticket = UploadTicket(str(self.post.publish_id), str(self.post.upload_url))
            self.send(ticket, file, chunks, first_byte=arrived or 0)

    def send(
        self, ticket: UploadTicket, file: CheckedVideo, chunks: ChunkPlan, *, first_byte: int
    ) -> None:
        def progress(share: float) -> None:
            file.check_unchanged()
            self.claim.progress(share)

        known_before = history.may_be_complete(self.post, self.video.size_bytes)

        def about_to_complete() -> None:
            with self.claim.step():
                history.may_become_complete(self.post, self.video.size_bytes)

        try:
            with db.closed_for_long_work():
                self.platform.publisher.send(
                    ticket,
                    file.path,
                    chunks,
                    first_byte=first_byte,
                    progress=progress,
                    about_to_complete=about_to_complete,
                )
        except AddressRefusedError as error:
            # A byte that is already on its way may still arrive, for example in a chunk of an
            # earlier sender. Without an address no new byte can be sent, so after a pause the
            # status is final. That is why the next try asks for it, and not this one.
            with self.claim.step():
                self.move(PostState.UPLOADING, upload_url=None)
                if not known_before:  # this very request was refused, and no other was sent
                    history.is_incomplete(self.post)
                self.claim.not_before(error.after or 0)
            raise
        self.hand_over()

    def hand_over(self) -> None:
        """All bytes have arrived; ``confirm`` finds out the outcome."""
        with self.claim.finish():
            history.go_on(self.post)
            history.all_sent(self.post, self.video.size_bytes)
            self.move(
                PostState.PROCESSING,
                bytes_sent=self.video.size_bytes,
                upload_url=None,
                reason="",
            )
            ledger.enqueue("confirm", self.post.id, request_id=self.claim.request_id)

    def address_is_dead(self) -> bool:
        return self.post.upload_url is None or self.address_is_old()

    def address_is_old(self) -> bool:
        age = history.age(history.newest(self.post))
        return age > ADDRESS_SECONDS + IN_FLIGHT_SECONDS

    # ── confirm ──────────────────────────────────────────────────────────────────────────────

    def settle(self, status: PostStatus) -> None:
        match status.state:
            case "published":
                self.end(PostState.PUBLISHED, status.platform_id, published_at=now())
            case "inbox":
                self.end(PostState.INBOX, status.platform_id)
            case "failed":
                self.fail(status.failure or Permanent("TikTok did not publish the video."))
            case _:
                self.wait()

    def fail(self, error: StageError) -> None:
        """The platform says that it did not become a post, so its publish_id is deleted.

        The reason then counts as if the platform had refused to begin it.
        """
        if isinstance(error, GrantRemovedError):
            error = self.end_grant(error)
        if fallback_policy.closes(self.post, self.account, error):
            self.step_down(error)
        elif isinstance(error, AccountFullError | AccountStoppedError) or (
            isinstance(error, Retryable)
            and history.ended_as(self.post, frozenset({error.code})) < MOST_AGAIN - 1
        ):
            self.begin_again(error)
        else:
            state = PostState.PARKED if isinstance(error, Parked) else PostState.FAILED
            with self.claim.step():
                history.end(self.post, error.code, reason=str(error))
                self.forget(state, reason=str(error))
            if state is PostState.PARKED:
                raise error
            raise Permanent(str(error), code=error.code)

    def end_grant(self, error: GrantRemovedError) -> StageError:
        """Expire the account; its posts continue when it is connected again.

        If its tokens were renewed since the post began, the answer may be about the grant before:
        the post begins again, and a grant that is really gone shows at the next refresh.
        """
        with self.claim.step():
            planning.lock_for_release(self.post)
            if self._is_renewed():
                return Retryable("The account was connected again meanwhile.", code=error.code)
            end_grant(self.account.id, str(error))
        return Parked(str(error), code=f"account_{AccountState.EXPIRED}")

    def _is_renewed(self) -> bool:
        attempt = history.newest(self.post)
        columns = Account.select(Account.last_refreshed_at).where(Account.id == self.account.id)
        renewed_at = columns.get().last_refreshed_at
        return attempt is not None and renewed_at is not None and renewed_at > attempt.created_at

    def wait(self) -> None:
        """Raises Wait: 1 s at first, then half the time it has taken so far, up to 60 s."""
        attempt = history.newest(self.post)
        passed = history.age(attempt) - (attempt.seconds if attempt is not None else 0)
        if passed > PATIENCE_SECONDS:
            raise Parked(
                "TikTok has been processing this video for a day: check the account on TikTok.",
                code="processing_too_long",
            )
        raise Wait("TikTok is processing the video.", after=min(60.0, max(1.0, passed / 2)))
