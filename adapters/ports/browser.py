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
    """What to fill in on the upload page; ``privacy`` uses the API's values."""

    username: str
    """Whose page it must be, without ``@``; nothing is posted for anybody else."""
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
    """The current cookies: store them, the old ones may no longer be valid."""
    good_until: datetime | None
    """When the sign-in expires; None if the site does not say."""


@dataclass(frozen=True, slots=True)
class BrowserOutcome:
    """A post that was made, as the page confirmed."""

    session: str = field(repr=False)
    """The current cookies: store them."""
    platform_id: str = ""
    """Empty if the page has not shown it (yet)."""
    address: str = ""


class BrowserUploader(Protocol):
    """A creator's upload page, used as a person would use it.

    ``session`` is a JSON text of cookies, as ``core.cookies.parse_cookies`` returns it. It is a
    secret, and an adapter never writes it to disk. All calls may raise, by ``code``:

    - BrowserStopped (a person is needed): ``browser_signed_out``, ``browser_wrong_account``,
      ``browser_captcha``, ``browser_page_changed``, ``browser_missing`` (no browser here).
    - Retryable: ``browser_unreachable``, ``browser_slow``, ``browser_crashed``,
      ``browser_upload_failed``.
    """

    def check(self, session: str) -> BrowserHealth:
        """Check who is signed in, without changing anything."""

    def post(
        self,
        session: str,
        file: Path,
        post: BrowserPost,
        *,
        about_to_post: Callable[[], None],
        progress: Progress | None = None,
    ) -> BrowserOutcome:
        """Upload ``file``, fill in the page and publish.

        ``about_to_post`` is called once, right before the Post button is pressed. Any error raised
        before it means that nothing was posted. An error raised by ``about_to_post`` or
        ``progress`` closes the browser and is passed on. Until then ``progress`` is called about
        twice a second.

        Raises:
            BrowserStopped: also ``browser_unknown``: the button was pressed and the result is not
                clear. Call ``find``; never post again without its answer.
            Permanent: ``browser_rejected``: the page rejects the video; the message has the reason.
        """

    def find(self, session: str, post: BrowserPost, since: datetime) -> BrowserOutcome | None:
        """Look for a post with this title, made after ``since``, in the creator's own list.

        None means that it is certainly not there.

        Raises:
            Wait: ``browser_settling``: it is too early to say that it is not there.
            BrowserStopped: also ``browser_unknown``: the list gives no clear answer.
        """
