"""Takes rate limits for the run of a job, and says what the job waits for if one is used up."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from core.errors import LIMITS_UNKNOWN, OutageError, Wait
from core.limiter import Grant, Limit, Limiter, LimiterUnavailableError
from models import Post
from pipelines.rate_limits import Limits, posts_a_day, waiting_for

log = structlog.get_logger(__name__)

LONGEST_WAIT = 300.0
"""Seconds after which a waiting job always asks again: its limit may have changed."""
AWAY_WAIT = 5.0
"""Seconds until the limits are asked again after Redis did not answer."""


class OverLimitError(Wait):
    """The limit is used up: the job waits for its turn and uses up no attempt.

    Attributes:
        limit: its name.
    """

    default_code = "over_limit"

    def __init__(self, grant: Grant, limit: Limit) -> None:
        held = f"the service asked for a pause ({limit.name})"
        after = min(LONGEST_WAIT, grant.seconds)
        super().__init__(held if grant.held else waiting_for(limit), after=after)
        self.limit = limit.name


class Grants:
    """Takes limits for the run of a job; one instance serves all threads of a process.

    Parameters:
      limiter: grants and counts.
      limits: the limits as currently set.
    """

    def __init__(self, limiter: Limiter, limits: Limits | None = None) -> None:
        self.limiter = limiter
        self.limits = limits or Limits()

    def take(self, wanted: Sequence[Limit], *, who: str, run: str) -> Wait | None:
        """Take all of ``wanted`` or none; returns what the job has to wait for.

        A connection must be open.

        Args:
            wanted: the limits, with the account that they apply to.
            who: the job, which keeps its place in the line.
            run: this run of the job; asking twice for the same run takes only one grant.
        """
        limits = [self.limits.as_set(limit) for limit in wanted]
        try:
            grant = self.limiter.acquire(limits, who=who, grant=run)
        except LimiterUnavailableError as error:
            log.error("limits_not_checked", error=str(error))  # noqa: TRY400  # the cause is in it
            return OutageError(
                "Redis does not answer (rate limits)", after=AWAY_WAIT, code=LIMITS_UNKNOWN
            )
        return OverLimitError(grant, grant.waits_for) if grant.waits_for is not None else None

    def not_posted(self, post: Post) -> None:
        """The platform has refused to take the post: it doesn't count as one of the day's posts."""
        try:
            self.limiter.give_back(posts_a_day(post))
        except LimiterUnavailableError as error:  # then the day has one post less
            log.warning("post_still_counted", post=post.id, error=str(error))
