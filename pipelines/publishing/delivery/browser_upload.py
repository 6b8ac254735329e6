"""Posts through the creator's upload page in a browser.

At every moment: the post becomes ``processing`` right before the Post button is pressed, and only
then. So a try that ended earlier has posted nothing and can simply be repeated. After a try that
ended later, the creator's own list of posts is checked; if the list is not clear, a person decides.
"""

from __future__ import annotations

import structlog

from adapters.ports import BrowserPost, BrowserUploader
from core import db
from core.errors import AccountFullError, BrowserStopped, Parked, Permanent, Retryable
from models import PostState, now
from pipelines.ledger import Claim
from pipelines.publishing.accounts.browser_session import BrowserSession
from pipelines.publishing.delivery.delivery import Delivery, Platform
from pipelines.publishing.delivery.video_checks import CheckedVideo
from pipelines.publishing.posts import history
from pipelines.publishing.posts.post_options import audience, chosen

log = structlog.get_logger(__name__)

NEVER_LISTED = "browser_never_listed"
UNKNOWN = "browser_unknown"
"""The button was pressed, and the result is not clear: the next try checks what happened."""
LOOK_AFTER_SECONDS = 30.0
MOST_TRIES = 3
"""Times that a post is sent by browser; after each, TikTok's list showed that nothing came of it.
Then a person decides."""


class BrowserUpload(Delivery):
    """The steps for one post that goes through the browser."""

    def begin(self, file: CheckedVideo) -> None:
        """Upload the video, fill in the page and publish."""
        browser, session = self.browser(), self.session()
        page = self.page(session)
        self.announcing()

        def about_to_post() -> None:
            with self.claim.step():
                self.move(PostState.PROCESSING)
                history.may_become_complete(self.post, self.video.size_bytes)

        def progress(share: float) -> None:
            file.check_unchanged()
            self.claim.progress(share)

        try:
            with session.errors_stored(), db.closed_for_long_work():
                outcome = browser.post(
                    session.cookies,
                    file.path,
                    page,
                    about_to_post=about_to_post,
                    progress=progress,
                )
        except (AccountFullError, Permanent):  # the page has clearly refused it
            with self.claim.step():
                history.is_incomplete(self.post)
            raise
        except BrowserStopped as error:
            if error.code != UNKNOWN:
                raise
            history.keep_screenshot(self.post, self.shown(error))
            raise Retryable(str(error), code=UNKNOWN, after=LOOK_AFTER_SECONDS) from None
        session.store(outcome.session)
        self.end_published(outcome.platform_id, outcome.address)

    def look(self) -> None:
        """Find out the result of a try that ended after the button may have been pressed."""
        attempt = history.newest(self.post)
        since = attempt.created_at if attempt is not None else self.post.created_at
        browser, session = self.browser(), self.session()
        page = self.page(session)
        with session.errors_stored(), db.closed_for_long_work():
            outcome = browser.find(session.cookies, page, since)
        if outcome is None:
            if history.ended_as(self.post, frozenset({history.NOT_LISTED})) >= MOST_TRIES - 1:
                last = history.last_screenshot(self.post)
                raise BrowserStopped(
                    f"The browser sent this post {MOST_TRIES} times, and TikTok's list never "
                    "showed it. Look at the screenshots of the attempts, then decide.",
                    code=NEVER_LISTED,
                    screenshot=self.media.at(last) if last else None,
                )
            self.plan_again(outcome=history.NOT_LISTED)
            return
        session.store(outcome.session)
        self.end_published(outcome.platform_id, outcome.address)

    def end_published(self, platform_id: str, address: str) -> None:
        self.end(PostState.PUBLISHED, platform_id, address=address, published_at=now())

    def browser(self) -> BrowserUploader:
        if self.platform.browser is None:
            raise BrowserStopped("This worker has no browser.", code="browser_missing")
        return self.platform.browser

    def session(self) -> BrowserSession:
        session = BrowserSession.of(self.account.id)
        if not session.cookies:
            raise BrowserStopped(
                "No browser session is stored: import the creator's cookies on the account's page, "
                "then requeue.",
                code="browser_signed_out",
            )
        return session

    def page(self, session: BrowserSession) -> BrowserPost:
        if not session.username:
            raise Parked(
                "The browser session needs the creator's @name: enter it on the account's page, "
                "then requeue.",
                code="username_unknown",
            )
        choice = chosen(self.post, self.account)
        return BrowserPost(
            username=session.username,
            title=self.post.title,
            privacy=audience(self.post, self.account),
            allow_comment=choice["allow_comment"],
            allow_duet=choice["allow_duet"],
            allow_stitch=choice["allow_stitch"],
            ai_generated=choice["ai_label"],
        )


def check_browser(account_id: int, claim: Claim, platform: Platform) -> None:
    """The stage ``browser``: check who is signed in with the account's browser session.

    Raises:
        BrowserStopped: nobody, somebody else, or the page needs a person; stored on the account.
        Retryable: the page can't be reached, or the session was replaced meanwhile.
    """
    session = BrowserSession.of(account_id)
    if session.cookies and platform.browser is not None:
        with session.errors_stored(), db.closed_for_long_work():
            health = platform.browser.check(session.cookies)
            if session.username and health.username != session.username:
                raise BrowserStopped(
                    f"The browser is signed in as @{health.username}, not as "
                    f"@{session.username}: import that creator's cookies.",
                    code="browser_wrong_account",
                )
        if not session.store(health.session):
            raise session.replaced()
    with claim.finish():
        pass
