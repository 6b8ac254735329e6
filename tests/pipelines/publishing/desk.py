"""A worker for tests: does the publishing jobs one by one, without waiting."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from adapters.ports import Publisher
from core.db import transaction
from core.errors import Parked, Permanent, Retryable, StageError, Wait
from models import Job, JobState, Post, Video, now
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.publishing.delivery.delivery import Platform
from pipelines.publishing.delivery.publish import confirm, publish
from pipelines.publishing.scheduling import planning

STAGES = {"publish": publish, "confirm": confirm}


@dataclass
class Desk:
    platform: Platform
    errors: list[StageError] = field(default_factory=list)
    """The errors of the jobs' tries, except Wait."""

    @property
    def publisher(self) -> Publisher:
        return self.platform.publisher

    @publisher.setter
    def publisher(self, publisher: Publisher) -> None:
        self.platform = replace(self.platform, publisher=publisher)

    def plan(self, video: Video) -> list[Post]:
        with transaction():
            return planning.plan(video)

    def try_once(self, stage: str, post: Post, claim: Claim | None = None) -> StageError | None:
        """Make a job due and try it once; its error, if any."""
        claim = claim or self.claimed(stage, post.id)
        try:
            STAGES[stage](post.id, claim, self.platform)
        except Retryable as error:
            ledger.put_back(claim, error)
            return error
        except Permanent as error:
            ledger.set_aside(claim, error, "")
            return error
        except Parked as error:
            ledger.park(claim, error)
            return error
        return None

    def claimed(self, stage: str, post_id: int) -> Claim:
        Job.update(due_at=now()).where(Job.stage == stage, Job.subject_id == post_id).execute()
        claim = ledger.claim(stage, post_id, "desk")
        assert claim is not None, f"No {stage} job waits for post {post_id}."
        return claim

    def work_off(self, tries: int = 60) -> None:
        """Do all waiting jobs, in the order in which they are due."""
        for _ in range(tries):
            waiting = Job.select().where(Job.state == JobState.WAITING, Job.stage.in_(list(STAGES)))
            job = waiting.order_by(Job.due_at).first()
            if job is None:
                return
            error = self.try_once(job.stage, Post.get_by_id(job.subject_id))
            if isinstance(error, Wait):
                time.sleep(0.05)
            elif error is not None:
                self.errors.append(error)
        raise AssertionError(f"Jobs still wait after {tries} tries: {self.errors}")
