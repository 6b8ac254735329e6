"""Mail to the people who post by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to the people who post by hand. Its texts contain a download link, a capability."""

    key: str
    """Identifies the mail: the same key sent again is the same mail (its Message-ID)."""
    thread: str
    """Identifies the subject: mails of one thread are shown together."""
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Give the mail to the mail server; if its answer is lost, the mail may arrive twice.

        Raises:
            Retryable: the server is unavailable or busy, or its answer was lost.
            Parked: the server rejects the sign-in, sender, recipients or mail, or can't be
                trusted; a person has to change a setting.
        """
