"""The error tree: an error carries the decision about what happens next.

::

    StorymillError           one sentence for a person: what is wrong, and what to do
    ├── ConfigurationError   the process can't start like this (settings, keys, services)
    ├── InputError           what a person handed in can't be used (a file, a form, an argument)
    └── StageError           a stage of work ended without a result
        ├── Retryable        may work later: tried again with back-off, spends an attempt
        │   ├── TokenRejectedError   the access token is refused: refresh it once, ask again
        │   ├── AddressRefusedError  the upload address is good no more
        │   └── Wait         nothing is wrong, it is not time yet: spends no attempt
        │       ├── AccountFullError  the account takes no more posts now: on to its next slot
        │       └── DiskFull  the disk is full: work pauses until a person makes room
        ├── Permanent        will never work as it is: set aside as a dead letter at once
        └── Parked           can't be known or decided by a machine: waits for a person
            └── BrowserStopped  a page in a browser asks for a person; may carry a screenshot

Adapters map a provider's answers to these once. Nothing else reads provider codes, and nothing
matches on the text of a message.
"""

from __future__ import annotations

from pathlib import Path

LONGEST_CODE = 60
"""As much of a provider's code as the record keeps."""


class StorymillError(Exception):
    """Base of all errors that carry a sentence meant for a person."""


class ConfigurationError(StorymillError):
    """The process can't start: a setting, a key or a service is missing or wrong."""


class InputError(StorymillError):
    """What a person handed in can't be used."""


class StageError(StorymillError):
    """A stage of work ended without a result.

    Attributes:
        code: a short stable name of the cause (``disk_full``, ``rate_limit_exceeded``), for
            counting and for the back office; never parsed.
    """

    default_code = "error"

    def __init__(self, sentence: str, *, code: str | None = None) -> None:
        super().__init__(sentence)
        self.code = (code or self.default_code)[:LONGEST_CODE]


class Retryable(StageError):
    """May work later.

    Attributes:
        after: seconds to wait at least, as the other side asked (Retry-After); None leaves the
            choice to the stage's back-off.
    """

    default_code = "retryable"

    def __init__(
        self, sentence: str, *, code: str | None = None, after: float | None = None
    ) -> None:
        super().__init__(sentence, code=code)
        self.after = after


class Wait(Retryable):
    """Not time yet (a status still in progress, a limit reached): spends no attempt."""

    default_code = "waiting"

    def __init__(self, sentence: str, *, after: float, code: str | None = None) -> None:
        super().__init__(sentence, code=code, after=after)


class AccountFullError(Wait):
    """The account takes no more posts for now: this one moves to the account's next slot."""

    default_code = "account_full"


class DiskFull(Wait):
    """The disk is full: work pauses and goes on by itself once there is room."""

    default_code = "disk_full"

    def __init__(self, where: str) -> None:
        super().__init__(f"The disk that holds {where} is full: make room on it.", after=30)


class TokenRejectedError(Retryable):
    """The access token is not accepted, though the grant may be: refresh it once and ask again."""

    default_code = "access_token_invalid"


class AddressRefusedError(Retryable):
    """The upload address is good no more: no further byte can be accepted through it."""

    default_code = "address_refused"


class Permanent(StageError):
    """Will never work as it is: the job is set aside as a dead letter without another try."""

    default_code = "permanent"


class Parked(StageError):
    """Can't be known or decided by a machine: the job waits for a person, never retried blindly."""

    default_code = "parked"


class BrowserStopped(Parked):
    """A page in a browser shows what only a person can answer.

    Attributes:
        screenshot: PNG of the page as it was; None where there was no page to look at.
    """

    default_code = "browser_stopped"

    def __init__(
        self, sentence: str, *, code: str | None = None, screenshot: Path | None = None
    ) -> None:
        super().__init__(sentence, code=code)
        self.screenshot = screenshot
