"""A worker's part of posting by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.ports import Mailer
from core.db import transaction
from core.errors import Parked, Retryable, StageError
from models import Job, Post, PostState, Video, now
from pipelines import ledger
from pipelines.publishing.delivery.manual import manual_post
from pipelines.publishing.delivery.manual.links import Links
from pipelines.publishing.scheduling import planning

MakeVideos = Callable[..., list[Video]]
SECRET = "a secret of the tests alone"


@dataclass
class Hand:
    """Does a worker's part of the stage ``mail``."""

    mailer: Mailer | None
    links: Links
    errors: list[StageError] = field(default_factory=list)

    def begin(self, video: Video, reason: str = "This account is posted to by hand.") -> Post:
        """Plan the video's post and give it to a person, as the stage ``publish`` does."""
        with transaction():
            (post,) = planning.plan(video)
        claim = ledger.claim("publish", post.id, "hand")
        assert claim is not None, "This post may not go out yet."
        with claim.finish():
            post.move(PostState.MANUAL, reason=reason)
            manual_post.begin(post, request_id=claim.request_id)
        return post

    def mail(self, post: Post) -> None:
        """One try at the post's mail."""
        Job.update(due_at=now()).where(Job.stage == "mail").execute()
        claim = ledger.claim("mail", post.id, "hand")
        assert claim is not None
        try:
            manual_post.mail(post.id, claim, self.mailer, self.links)
        except Retryable as error:
            ledger.put_back(claim, error)
            self.errors.append(error)
        except Parked as error:
            ledger.park(claim, error)
            self.errors.append(error)


def job_state(post: Post) -> str:
    job = Job.of("mail", post.id)
    return job.state if job is not None else "none"
