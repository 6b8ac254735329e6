"""What TikTok Studio's pages share: opening a page, who is signed in, and the list of posts."""

from __future__ import annotations

import html
import json
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from selenium.common.exceptions import (
    InvalidSessionIdException,
    NoSuchWindowException,
    TimeoutException,
    WebDriverException,
)

from adapters.tiktok.browser.chromium import Driver
from adapters.tiktok.browser.content_list import ContentList, ListedPost
from adapters.tiktok.browser.markup import CONTEXT, ROWS
from adapters.tiktok.browser.page_watch import Watched
from core.errors import BrowserStopped, Retryable


def changed(what: str) -> BrowserStopped:
    return BrowserStopped(
        f"TikTok's page has changed: {what}. Post this video by hand, and have the page's markup "
        "in the program corrected.",
        code="browser_page_changed",
    )


def signed_out() -> BrowserStopped:
    return BrowserStopped(
        "The browser is no longer signed in: sign in on TikTok's site again, and import the "
        "account's cookies again.",
        code="browser_signed_out",
    )


class StudioPage(Watched):
    """One browser on the creator's pages.

    Args:
        driver: the browser.
        studio_url: base of the pages, without a slash at the end.
        seconds: as for ``Watched``.
    """

    def __init__(self, driver: Driver, studio_url: str, **seconds: float) -> None:
        super().__init__(driver, **seconds)
        self._studio_url = studio_url

    # ── opening ──

    def open_upload(self) -> str:
        """Open the upload page; returns the creator's user name."""
        return self._open("upload")

    def open_content(self) -> str:
        """Open the list of posts; returns the creator's user name."""
        return self._open("content")

    def _open(self, name: str) -> str:
        try:
            self._driver.get(f"{self._studio_url}/{name}?lang=en")
            status = self._run(
                "return performance.getEntriesByType('navigation')[0].responseStatus"
            )
        except (TimeoutException, InvalidSessionIdException, NoSuchWindowException):
            raise
        except WebDriverException:
            status = HTTPStatus.BAD_GATEWAY
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Retryable("TikTok's pages can't be reached.", code="browser_unreachable")
        return self.until(self._username, changed("it does not say who is signed in"))

    def _username(self) -> str:
        context = self._context()
        user = (context.get("commonAppContext") or {}).get("user") or {}
        at_login = "/login" in urlsplit(self._driver.current_url).path
        if at_login or (context and not user.get("uniqueId")):
            raise signed_out()
        return str(user.get("uniqueId") or "")

    def _context(self) -> dict[str, Any]:
        """The data that the page was made from, which may be escaped as HTML."""
        found = self.all(CONTEXT)
        text = str(found[0].get_property("textContent")) if found else ""
        for form in (text, html.unescape(text)):
            try:
                context = json.loads(form)
            except ValueError:
                continue
            return context if isinstance(context, dict) else {}
        return {}

    # ── the list ──

    def content(self) -> ContentList:
        """Read the open list of posts."""
        batch = self._context().get("firstBatchQueryItems")
        items = batch.get("item_list") if isinstance(batch, dict) else None
        if isinstance(batch, dict) and isinstance(items, list):
            posts = [ListedPost(str(i.get("item_id")), str(i.get("desc"))) for i in items]
            return ContentList(tuple(posts), batch.get("has_more") is False, exact=True)
        rows = self.until(lambda: self.shown(ROWS), changed("its list of posts can't be read"))
        listed = []
        for row in rows:
            address = re.search(r"/video/(\d+)", str(row.get_attribute("href")))
            listed.append(ListedPost(address.group(1) if address else "", row.text))
        return ContentList(tuple(listed), complete=False, exact=False)
