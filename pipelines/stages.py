"""The stages of the work, in the order in which the data passes through them.

=========  ========  =======  =================================================================
stage      subject   queue    what it does
=========  ========  =======  =================================================================
fetch      Source    network  asks the source for stories
link       Story     network  reads the post at a pasted link
page       Story     network  reads the whole text of an excerpt from its page, if a person asks
prepare    Story     cpu      narratable text, language, similarity, safety; then awaits review
judge      Story     network  asks the second safety judge, if one is set, before the review
script     Story     network  hook, call, title, hashtags; cuts the story into parts
narrate    Part      cpu      sound and the time of each word
caption    Part      cpu      captions, title card, SubRip and WebVTT
render     Part      gpu      the video and its cover
publish    Post      network  asks for the creator's limits, announces the post, sends the bytes
confirm    Post      network  asks the platform until the post is published or has failed
browser    Account   network  checks who is signed in with its browser session
revoke     Account   network  ends a disconnected account's authorization at the platform
mail       Post      network  mails a person about a post that has to be made by hand
webhook    Delivery  network  tells a subscriber about an event
backup     Backup    network  copies the record and its files, and tests the copy
=========  ========  =======  =================================================================
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Queue = Literal["network", "cpu", "gpu"]


@dataclass(frozen=True, slots=True)
class Stage:
    """How a stage runs.

    Attributes:
        then: the stage that follows on the same row; its wake-up is sent in the same Dramatiq
            pipeline.
        attempts: claims that may end in Retryable before the job has failed.
        backoff: seconds before the second attempt; doubles with each attempt, up to ``longest``.
    """

    name: str
    queue: Queue
    subject: str
    then: str | None = None
    attempts: int = 5
    backoff: float = 5.0
    longest: float = 600.0

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the failed ``attempt`` (1, 2, …).

        It doubles, with jitter in the upper half, so that jobs that failed together don't all
        come back at the same moment.
        """
        ceiling = min(self.longest, self.backoff * float(2 ** max(0, attempt - 1)))
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load, keeps no secret


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("fetch", "network", "Source", attempts=5, backoff=30),
        Stage("link", "network", "Story", attempts=5, backoff=30),
        Stage("page", "network", "Story", attempts=3, backoff=30),
        Stage("prepare", "cpu", "Story"),
        Stage("judge", "network", "Story", attempts=3),
        Stage("script", "network", "Story"),
        Stage("narrate", "cpu", "Part", then="caption"),
        Stage("caption", "cpu", "Part", then="render"),
        Stage("render", "gpu", "Part", attempts=3),
        Stage("publish", "network", "Post", attempts=8, backoff=10, longest=3600),
        Stage("browser", "network", "Account", attempts=3, backoff=30),
        Stage("revoke", "network", "Account", attempts=8, backoff=30, longest=3600),
        Stage("confirm", "network", "Post", attempts=50, backoff=5, longest=300),
        Stage("mail", "network", "Post", attempts=8, backoff=30, longest=3600),
        Stage("webhook", "network", "Delivery", attempts=14, backoff=30, longest=3600),
        Stage("backup", "network", "Backup", attempts=3, backoff=300, longest=3600),
    )
}

MOST_CRASHES = 3
"""Times that a worker may die while doing a job before the job has failed."""


def priority(stage: str) -> int:
    """Which of the messages that a worker holds goes first: the lowest number.

    A stage further along goes before earlier ones, so that what was begun is finished before more
    is begun. A worker holds few messages at once, so no stage waits for long.
    """
    return -list(STAGES).index(stage)


def of_subject(subject: str) -> tuple[str, ...]:
    """The names of the stages that work on a table's rows, in order."""
    return tuple(stage.name for stage in STAGES.values() if stage.subject == subject)


STORY_STAGES, PART_STAGES, POST_STAGES = map(of_subject, ("Story", "Part", "Post"))


def run_from(stage: str) -> list[Stage]:
    """``stage`` and the stages that follow it on the same row."""
    run = [STAGES[stage]]
    while (name := run[-1].then) is not None:
        run.append(STAGES[name])
    return run
