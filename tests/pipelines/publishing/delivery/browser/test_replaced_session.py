"""A browser session that a person replaces while it is in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.tiktok.browser.uploader import Patience, TikTokBrowser
from core import db
from core.cookies import load, parse_cookies
from core.db import transaction
from core.errors import Parked, Retryable
from models import Account, Method, Post, PostState
from pipelines import ledger
from pipelines.publishing.accounts import session_settings
from pipelines.publishing.accounts.browser_session import BrowserSession
from pipelines.publishing.delivery.browser_upload import check_browser
from sandbox.testing import RunningSandbox
from tests.browsers import needs_chromium
from tests.pipelines.publishing.delivery.browser.by_browser import ME, fresh
from tests.pipelines.publishing.job_runner import Desk

pytestmark = [needs_chromium, pytest.mark.slow]


class ReplacedMeanwhile(TikTokBrowser):
    """The real browser; when it has worked for the first time, a person imports other cookies."""

    replace: Callable[[], None]
    replaced = False

    @contextmanager
    def _page(self, session: str) -> Iterator[Any]:
        try:
            with super()._page(session) as page:
                yield page
        finally:
            if not self.replaced:
                self.replaced = True
                with db.session():
                    self.replace()


@pytest.fixture
def imported(desk: Desk, post: Post, sandbox: RunningSandbox, tmp_path: Path) -> str:
    """The cookies that a person imports while the browser works for the first time."""
    browser = ReplacedMeanwhile(
        screenshots=tmp_path / "screenshots",
        studio_url=sandbox.studio_url,
        patience=Patience(page=10, step=3, answer=2, settle=0),
    )
    text, account = sandbox.browser_session(ME), post.account
    browser.replace = lambda: session_settings.set_browser_session(
        account.id, text, "ada", username=ME, site="127.0.0.1"
    )
    desk.platform = replace(desk.platform, browser=browser)
    return parse_cookies(text, "127.0.0.1")


def test_a_post_does_not_write_its_cookies_over_those_that_a_person_imported(
    desk: Desk, post: Post, imported: str
) -> None:
    desk.work_off()

    assert fresh(post).state == PostState.PUBLISHED
    account = Account.get()
    assert load(account.browser_session) == load(imported)
    assert account.browser_checked_at is None, "the new session has not been tried"


def test_an_outdated_session_ends_neither_the_new_one_nor_the_post(
    desk: Desk, post: Post, sandbox: RunningSandbox, imported: str
) -> None:
    # Given a session that has ended, and a person who imports a new one while it is tried
    sandbox.fault("studio", "page", "signed_out")

    desk.work_off()

    # Then the post goes out with the new one, which works
    assert [error.code for error in desk.errors] == ["browser_session_replaced"]
    assert fresh(post).state == PostState.PUBLISHED
    assert fresh(post).method == Method.BROWSER
    assert Account.get().browser_error == ""
    assert {cookie["name"] for cookie in load(Account.get().browser_session)} == {
        cookie["name"] for cookie in load(imported)
    }


@pytest.mark.parametrize("fault", ["signed_out", ""])
def test_a_check_of_an_outdated_session_is_made_again_with_the_new_one(
    desk: Desk, post: Post, sandbox: RunningSandbox, imported: str, fault: str
) -> None:
    if fault:
        sandbox.fault("studio", "page", fault)
    account = post.account
    with transaction():
        ledger.enqueue("browser", account.id)

    # When the session is replaced while it is checked
    claim = ledger.claim("browser", account.id, "desk")
    assert claim is not None
    with pytest.raises(Retryable) as again:
        check_browser(account.id, claim, desk.platform)

    # Then nothing about the old one is stored
    assert again.value.code == "browser_session_replaced"
    stored = Account.get()
    assert (stored.browser_error, stored.browser_checked_at) == ("", None)
    assert load(stored.browser_session) == load(imported)

    # And the next try checks the new one
    ledger.put_back(claim, Retryable(str(again.value), after=0))
    claim = ledger.claim("browser", account.id, "desk")
    assert claim is not None
    check_browser(account.id, claim, desk.platform)
    assert Account.get().browser_checked_at is not None


def test_a_use_does_not_write_its_cookies_over_those_of_another_use(post: Post) -> None:
    # Given two uses that began with the same cookies
    first, second = BrowserSession.of(post.account.id), BrowserSession.of(post.account.id)

    # When both store what they have got, the first one keeps its own
    assert first.store("[1]")
    assert not second.store("[2]")
    assert BrowserSession.of(post.account.id).cookies == "[1]"


def test_without_a_session_the_list_cannot_be_asked_and_a_person_is(
    desk: Desk, post: Post, sandbox: RunningSandbox
) -> None:
    # Given a post whose button was pressed, and cookies that a person then deletes
    sandbox.fault("studio", "post", "lost_response")
    desk.try_once("publish", post)
    session_settings.forget_browser_session(post.account.id, "ada")

    error = desk.try_once("publish", post)

    # Then it is not sent again by any method
    assert isinstance(error, Parked)
    assert "import the creator's cookies" in str(error)
    assert fresh(post).state == PostState.PARKED
    assert len(sandbox.posts()) == 1
