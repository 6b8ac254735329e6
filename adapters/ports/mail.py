"""Mail to whoever posts by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to whoever posts by hand. Its texts hold a download link, which is a capability."""

    key: str
    """Names the mail: the same key sent again is the same mail (its Message-ID)."""
    thread: str
    """Names what the mail is about: mails of one thread stand together."""
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Hand the mail to the mail server; where its answer is lost, the mail may arrive twice.

        Raises:
            Retryable: the server is away or busy, or its answer was lost.
            Parked: the server refuses (sign-in, sender, recipients, the mail), or is not to be
                trusted; a person has to change a setting.
        """
