"""The error tree: an error carries the decision about what happens next.

::

    StorymillError           one sentence for a person: what is wrong, and what to do
    ├── ConfigurationError   the process can't start like this (settings, keys, services)
    ├── InputError           a person's input can't be used (a file, a form, an argument)
    │   ├── VoiceBusyError   another text is being spoken: a moment later it works
    │   └── SavedMeanwhileError  somebody else saved the same thing first: compare, then save again
    └── StageError           a stage of work ended without a result
        ├── Retryable        may work later: retried with back-off, uses up an attempt
        │   ├── TokenRejectedError   the access token is refused: refresh it once, retry
        │   ├── AddressRefusedError  the upload address no longer works
        │   ├── UnknownPostError     the platform says that it doesn't know a post: ask again
        │   └── Wait         nothing is wrong, but it is too early: uses up no attempt
        │       ├── AccountFullError  the account is full for now: the post moves to its next slot
        │       ├── AccountStoppedError  the platform takes nothing from the account: it is paused
        │       ├── OutageError  something that all work needs is away; shown after a while
        │       └── DiskFull  the disk is full: work pauses until a person frees space
        ├── Permanent        will never work like this: becomes a dead letter at once
        │   └── VoiceUnusableError  a voice is missing or damaged, or speaks another language
        └── Parked           only a person can decide it: needs attention
            ├── GrantRemovedError  the creator ended the app's authorization
            └── BrowserStopped  a browser page needs a person; may carry a screenshot

Only adapters read provider codes; they map them to these errors. Nothing matches on the text of a
message.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

LONGEST_CODE = 60
"""Characters of a provider's code that the database keeps."""
DAY = 86_400.0
PAUSED_SECONDS = 600.0
"""How long a post of a paused account waits before it looks again; resuming wakes it at once."""


class StorymillError(Exception):
    """Base of all errors that carry a sentence meant for a person."""


class ConfigurationError(StorymillError):
    """The process can't start: a setting, a key or a service is missing or wrong."""


class InputError(StorymillError):
    """A person's input can't be used.

    Attributes:
        field: name of the input at fault, as forms call it; empty if it is none, or several.
    """

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class VoiceBusyError(InputError):
    """The voices of this machine are speaking another text."""


class SavedMeanwhileError(InputError):
    """Somebody else saved the same thing while it was being edited."""


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
        after: least seconds to wait, as the service asked (Retry-After); None means the stage's
            back-off. Never more than ``longest``: a longer pause is cut, and the sentence says so.
    """

    default_code = "retryable"
    longest: ClassVar[float] = DAY

    def __init__(
        self, sentence: str, *, code: str | None = None, after: float | None = None
    ) -> None:
        if after is not None and after > self.longest:
            days = "1 day" if self.longest == DAY else f"{self.longest / DAY:g} days"
            sentence, after = f"{sentence} (The wait is cut to {days}.)", self.longest
        super().__init__(sentence, code=code)
        self.after = after


class Wait(Retryable):
    """Too early (a status still in progress, a limit reached): uses up no attempt."""

    default_code = "waiting"
    longest: ClassVar[float] = 7 * DAY

    def __init__(self, sentence: str, *, after: float, code: str | None = None) -> None:
        super().__init__(sentence, code=code, after=after)


class AccountFullError(Wait):
    """The account takes no more posts for now: the post moves to the account's next slot."""

    default_code = "account_full"


class AccountStoppedError(Wait):
    """The platform takes no post from the account until somebody settles it there: it is paused."""

    default_code = "account_stopped"

    def __init__(
        self, sentence: str, *, code: str | None = None, after: float | None = None
    ) -> None:
        super().__init__(sentence, code=code, after=after or PAUSED_SECONDS)


class OutageError(Wait):
    """PostgreSQL or Redis is away: the job waits, and after some minutes people are told."""

    default_code = "outage"


DATABASE_AWAY, LIMITS_UNKNOWN = "database_away", "limits_unknown"
"""Codes of outages: PostgreSQL; Redis, without which nobody can tell whether a limit allows it."""
OUTAGES = frozenset({DATABASE_AWAY, LIMITS_UNKNOWN})


class DiskFull(Wait):
    """The disk is full: work pauses and continues by itself once there is space."""

    default_code = "disk_full"

    def __init__(self, where: str) -> None:
        super().__init__(f"The disk with {where} is full: free some space on it.", after=30)


class TokenRejectedError(Retryable):
    """The access token is refused, but the grant may still work: refresh it once and retry."""

    default_code = "access_token_invalid"


class AddressRefusedError(Retryable):
    """The upload address no longer works: it accepts no more bytes."""

    default_code = "address_refused"


class UnknownPostError(Retryable):
    """The platform says that it doesn't know a post that it has numbered: ask again, then stop."""

    default_code = "unknown_post"


class Permanent(StageError):
    """Will never work like this: the job becomes a dead letter without another try."""

    default_code = "permanent"


class VoiceUnusableError(Permanent):
    """A voice can't tell the story: another one may, where the settings allow it."""

    default_code = "bad_voice"


class Parked(StageError):
    """Only a person can decide it: the job needs attention and is never retried blindly."""

    default_code = "parked"


class GrantRemovedError(Parked):
    """The creator has ended the app's authorization: the account has to be connected again."""

    default_code = "auth_removed"


class BrowserStopped(Parked):
    """A browser page shows something that only a person can answer.

    Attributes:
        screenshot: PNG of the page; None when there was no page.
    """

    default_code = "browser_stopped"

    def __init__(
        self, sentence: str, *, code: str | None = None, screenshot: Path | None = None
    ) -> None:
        super().__init__(sentence, code=code)
        self.screenshot = screenshot
