"""The creator's upload page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from adapters.ports.progress import Progress


@dataclass(frozen=True, slots=True)
class BrowserPost:
    """What is filled in on the upload page; ``privacy`` in the API's words."""

    username: str
    """Whose page it has to be, without ``@``; nothing is posted on anybody else's."""
    title: str
    """The caption with its hashtags, at most 2,200 UTF-16 units."""
    privacy: str
    allow_comment: bool = False
    allow_duet: bool = False
    allow_stitch: bool = False
    ai_generated: bool = True


@dataclass(frozen=True, slots=True)
class BrowserHealth:
    """Somebody is signed in."""

    username: str
    session: str = field(repr=False)
    """The cookies as they are now: store them, the old ones may be good no more."""
    good_until: datetime | None
    """When the sign-in ends by itself; None where the site does not say."""


@dataclass(frozen=True, slots=True)
class BrowserOutcome:
    """A post that stands, as its page said."""

    session: str = field(repr=False)
    """The cookies as they are now: store them."""
    platform_id: str = ""
    """Empty where the page did not show it (yet)."""
    address: str = ""


class BrowserUploader(Protocol):
    """A creator's upload page, worked like a person would.

    ``session`` is a JSON text of cookies, as ``core.cookies.parse_cookies`` gives it; it is a
    secret, and an adapter never writes it to disk. All calls may raise, by ``code``:

    - BrowserStopped (a person is needed): ``browser_signed_out``, ``browser_wrong_account``,
      ``browser_captcha``, ``browser_page_changed``, ``browser_missing`` (no browser here).
    - Retryable: ``browser_unreachable``, ``browser_slow``, ``browser_crashed``,
      ``browser_upload_failed``.
    """

    def check(self, session: str) -> BrowserHealth:
        """Say who is signed in, changing nothing."""

    def post(
        self,
        session: str,
        file: Path,
        post: BrowserPost,
        *,
        about_to_post: Callable[[], None],
        progress: Progress | None = None,
    ) -> BrowserOutcome:
        """Upload ``file``, fill the page in and publish.

        ``about_to_post`` is called once, right before the button that publishes is pressed.
        Before it nothing was posted, whatever is raised; what it or ``progress`` raises closes
        the browser and passes through. ``progress`` is called about twice a second until then.

        Raises:
            BrowserStopped: also ``browser_unknown``: the button was pressed and nothing clear
                followed. Ask ``find``; never post again without an answer.
            Permanent: ``browser_rejected``: the page does not take the video; says its reason.
        """

    def find(self, session: str, post: BrowserPost, since: datetime) -> BrowserOutcome | None:
        """Look for a post with this title, made from ``since`` on, in the creator's own list.

        None says that it is certainly not there.

        Raises:
            Wait: ``browser_settling``: it is too early to say that it is not there.
            BrowserStopped: also ``browser_unknown``: the list does not tell.
        """
