"""The way over the API: from a planned post to one that the platform shows, or to the inbox.

What holds at every moment, so that a worker may be killed between any two lines:

- ``publish_id`` is on record before a byte goes, and is forgotten only when the platform has said
  that nothing came of it. So a post with a ``publish_id`` is asked about before anything is done;
  a post without one has never sent a byte.
- An announcement whose bytes never arrive in full never becomes a post. So announcing again is
  safe when no byte went, or when the platform counts fewer bytes than the video has and the
  address that could take the rest is dead.

=====================================  =================================  ======================
killed (or the answer lost) …          what the next try finds            what it does
=====================================  =================================  ======================
before the post is ``claiming``        planned, no publish_id             begins
before or while announcing it          claiming (planned where only the   announces again; the old
                                       answer was lost), no publish_id    attempt stays on record as
                                                                          ``interrupted`` or
                                                                          ``lost_answer``
after TikTok's answer, before it is    claiming, no publish_id            the same: that upload
on record                                                                 got no byte, and TikTok
                                                                          drops it
before or between chunks, in a chunk   uploading; status: fewer bytes     goes on at that byte
the same, and the address is dead      uploading; status: fewer bytes     announces again
after the last byte, its answer lost   uploading; status: all bytes, or   processing, confirm
or not yet on record                   further on
after ``processing`` is on record      job done                           nothing is left to do
while confirming                       processing                         asks the status again
after the status said published,       processing; status says the same   the same end
before that is on record
TikTok denies to know the publish_id   any                                parked: needs a person
=====================================  =================================  ======================

A post that TikTok has failed for reasons of its own (``TRY_AGAIN``) is planned again, a few times.
"""

from __future__ import annotations

import structlog

from adapters.ports import ChunkPlan, PostStatus, UploadTicket
from core import db
from core.errors import AddressRefusedError, Parked, Permanent, Wait
from models import Method, PostState, now
from pipelines import ledger
from pipelines.publishing.accounts.connection import set_username
from pipelines.publishing.delivery.api.chunks import plan_chunks
from pipelines.publishing.delivery.delivery import Delivery
from pipelines.publishing.delivery.video_checks import CheckedVideo, check_length
from pipelines.publishing.posts import history
from pipelines.publishing.posts.post_options import post_info

log = structlog.get_logger(__name__)

ADDRESS_SECONDS = 3_600.0
"""An upload address is good for one hour (Content Posting API, 2026)."""
IN_FLIGHT_SECONDS = 300.0
"""A chunk of a dead sender may still come to count as long as a living one waits for an answer."""

TRY_AGAIN = frozenset({"internal", "video_pull_failed"})
"""TikTok's own failures; every other ``fail_reason`` will be the same the next time."""
MOST_AGAIN = 3
AGAIN_SECONDS = 60.0

PATIENCE_SECONDS = 24 * 3_600.0
"""Processing takes minutes, sometimes hours; after this long a person should look."""


class ApiUpload(Delivery):
    """The steps of both stages at one post that goes over the API."""

    # ── publish ──────────────────────────────────────────────────────────────────────────────

    def begin(self, file: CheckedVideo) -> None:
        """Announce the post by its way, ``direct`` or ``inbox``, and send it."""
        chunks = plan_chunks(self.video.size_bytes)
        if self.post.method == Method.DIRECT:
            creator = self.ask(self.platform.publisher.creator_info)
            check_length(file.seconds, creator)
            info = post_info(self.post, self.account, creator)
            self.announcing()
            set_username(self.account, creator.username)
            ticket = self.ask(
                lambda token: self.platform.publisher.begin_direct_post(token, info, chunks)
            )
        else:
            self.announcing()
            ticket = self.ask(
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
        """Let the platform say how far an earlier try came."""
        status = self.status()
        if status.state != "uploading" or status.uploaded_bytes >= self.video.size_bytes:
            self.hand_over()
        elif self.post.upload_url is None or self.address_is_old():
            log.warning("announced_again", post=self.post.id, arrived=status.uploaded_bytes)
            with self.claim.step():
                history.end(self.post, AddressRefusedError.default_code)
                self.forget(PostState.PLANNED)
            self.begin(self.check_video())
        else:
            file = self.check_video()
            chunks = plan_chunks(self.video.size_bytes)
            with self.claim.step():
                history.go_on(self.post)
                self.move(PostState.UPLOADING, bytes_sent=status.uploaded_bytes, reason="")
            ticket = UploadTicket(str(self.post.publish_id), str(self.post.upload_url))
            self.send(ticket, file, chunks, first_byte=status.uploaded_bytes)

    def send(
        self, ticket: UploadTicket, file: CheckedVideo, chunks: ChunkPlan, *, first_byte: int
    ) -> None:
        def progress(share: float) -> None:
            file.check_unchanged()
            self.claim.progress(share)

        try:
            with db.closed_for_long_work():
                self.platform.publisher.send(
                    ticket,
                    file.path,
                    chunks,
                    first_byte=first_byte,
                    progress=progress,
                )
        except AddressRefusedError as error:
            # Without an address no byte can arrive any more, so what the status says then is
            # final. That is why it is asked in the next try and not at once: a chunk that an
            # earlier sender left on the way may still come to count.
            with self.claim.step():
                self.move(PostState.UPLOADING, upload_url=None)
                self.claim.not_before(error.after or 0)
            raise
        self.hand_over()

    def hand_over(self) -> None:
        """All bytes are there; what becomes of them is for ``confirm`` to find out."""
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
                self.fail(status.fail_reason or "unknown")
            case _:
                self.wait()

    def fail(self, reason: str) -> None:
        """The platform says that nothing came of it, so its publish_id is forgotten."""
        if reason in TRY_AGAIN and history.ended_as(self.post, TRY_AGAIN) < MOST_AGAIN - 1:
            log.warning("post_failed_for_now", post=self.post.id, code=reason)
            self.plan_again(outcome=reason, after=AGAIN_SECONDS)
            return
        sentence = f"TikTok did not publish the video ({reason})."
        with self.claim.step():
            history.end(self.post, reason)
            self.forget(PostState.FAILED, reason=sentence)
        raise Permanent(sentence, code=reason)

    def wait(self) -> None:
        """Raises Wait: 1 s at first, then half of the time it has taken already, up to 60 s."""
        attempt = history.newest(self.post)
        passed = history.age(attempt) - (attempt.seconds if attempt is not None else 0)
        if passed > PATIENCE_SECONDS:
            raise Parked(
                "TikTok has been processing this video for a day: look at the account.",
                code="processing_too_long",
            )
        raise Wait("TikTok is processing the video.", after=min(60.0, max(1.0, passed / 2)))
