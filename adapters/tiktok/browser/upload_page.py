"""TikTok Studio's upload page, used as a person would use it."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from adapters.ports import BrowserPost
from adapters.tiktok.browser.content_list import plain
from adapters.tiktok.browser.markup import (
    AI_CONFIRMED,
    AI_SWITCH,
    ALERTS,
    BROKEN_OFF_WORDS,
    EDITOR,
    FILE_INPUT,
    LIMIT_WORDS,
    MESSAGES,
    MORE,
    NOTICES_AWAY,
    PERMISSIONS,
    POST_BUTTON,
    POST_CONFIRMED,
    POSTED_WORDS,
    PROGRESS,
    REFUSED_WORDS,
    SUGGESTIONS,
    UPLOAD_REFUSED,
    UPLOADED,
    VISIBILITY,
    VISIBILITY_OPTIONS,
    VISIBILITY_WORDS,
)
from adapters.tiktok.browser.studio_page import StudioPage, changed
from core.errors import AccountFullError, Permanent, Retryable

SUGGESTION_SECONDS = 1.0
LIMIT_SECONDS = 6 * 3600.0
"""Least pause after TikTok's limit, for which its page gives no time."""
TAG = re.compile(r"(#[^\s#.,;:!?()]+)")


class UploadPage(StudioPage):
    """TikTok Studio's upload page, filled in step by step as a person would."""

    def choose(self, file: Path) -> None:
        """Give the page the file's path: Chromium itself reads the file, piece by piece."""
        inputs = self.until(lambda: self.all(FILE_INPUT), changed("it accepts no file"))
        inputs[0].send_keys(str(file.resolve()))
        self.until(lambda: self.shown(EDITOR), changed("no description can be written"))

    def upload_share(self) -> float:
        """The share of the file that is uploaded; 1.0 only if the page says that all of it is.

        Raises:
            Permanent: ``browser_rejected``: the page rejects the file.
            AccountFullError: TikTok takes no more uploads of this account for now.
            Retryable: ``browser_upload_failed``: the upload failed.
        """
        if refused := self.shown(UPLOAD_REFUSED):
            reason = plain(refused[0].text).replace("\u2019", "'")
            _stop_at_a_limit(reason)
            if any(sign in reason.lower() for sign in BROKEN_OFF_WORDS):
                raise Retryable(
                    "The upload in the browser failed.",
                    code="browser_upload_failed",
                )
            raise self.rejected(reason)
        if self.shown(UPLOADED):
            return 1.0
        bars = self.all(PROGRESS)
        width = str(self._run("return arguments[0].style.width", bars[0])) if bars else ""
        found = re.fullmatch(r"([\d.]+)%", width)
        return min(0.99, float(found.group(1)) / 100) if found else 0.0

    @staticmethod
    def rejected(reason: str) -> Permanent:
        return Permanent(
            f"TikTok's page rejects this video. It says: {plain(reason)[:200]}",
            code="browser_rejected",
        )

    def close_notices(self) -> None:
        """Close tours and offers that cover the page."""
        for button in self._dialog_buttons(NOTICES_AWAY):
            button.click()

    # ── the description ──

    def write(self, title: str) -> None:
        """Fill in the description, on one line."""
        for _ in range(2):
            self._clear()
            self._type(plain(title))
            if self.says(title):
                return
        raise changed("the description does not keep what is typed")

    def says(self, title: str) -> bool:
        return plain(self._text()) == plain(title)

    def _editor(self) -> WebElement:
        return self.until(lambda: self.shown(EDITOR), changed("no description can be written"))[0]

    def _text(self) -> str:
        return str(self._run("return arguments[0].innerText", self._editor())).replace("\xa0", " ")

    def _clear(self) -> None:
        editor = self._editor()
        editor.click()
        control = Keys.COMMAND if sys.platform == "darwin" else Keys.CONTROL
        editor.send_keys(control, "a")
        editor.send_keys(Keys.DELETE)
        self.until(lambda: not plain(self._text()), changed("the description can't be emptied"))

    def _type(self, title: str) -> None:
        """Insert text as an input method does: keys can't type emoji.

        A hashtag is chosen from the suggestions if it is there: only then is it surely a hashtag.
        """
        for piece in filter(None, TAG.split(title)):
            if piece[0].isspace() and self._text()[-1:].isspace():
                piece = piece.lstrip()  # noqa: PLW2901 - a chosen hashtag brings its space
            if piece:
                self._driver.cdp("Input.insertText", text=piece)
            if TAG.fullmatch(piece):
                self._choose_tag(piece)
        if not self._text()[-1:].isspace():
            self._driver.cdp("Input.insertText", text=" ")  # closes the last suggestions

    def _choose_tag(self, tag: str) -> None:
        end = time.monotonic() + SUGGESTION_SECONDS
        while time.monotonic() < end:
            options = self.shown(SUGGESTIONS)
            exact = [option for option in options if option.text.split()[:1] == [tag]]
            if exact:
                exact[0].click()
            if options:
                return
            self._pause()

    # ── the settings ──

    def set_visibility(self, privacy: str) -> None:
        words = VISIBILITY_WORDS.get(privacy, (privacy,))
        box = self.until(lambda: self.shown(VISIBILITY), changed("viewers can't be chosen"))
        if box[0].text.strip() in words:
            return
        box[0].click()
        missing = changed(f"“{words[0]}” can't be chosen as viewers")
        options = self.until(lambda: self.shown(VISIBILITY_OPTIONS), missing)
        wanted = [option for option in options if option.text.strip() in words]
        if not wanted:
            raise missing
        wanted[0].click()
        self.until(lambda: self.shown(VISIBILITY)[0].text.strip() in words, missing)

    def set_permissions(self, post: BrowserPost) -> None:
        """Tick what is allowed; a box for several things is ticked if all of them are allowed."""
        wanted = {
            "Comment": post.allow_comment,
            "Duet": post.allow_duet,
            "Stitch": post.allow_stitch,
            "Reuse of content": post.allow_duet and post.allow_stitch,
        }
        known = set()
        for label in self.all(PERMISSIONS):
            name = plain(label.text)
            boxes = label.find_elements(By.CSS_SELECTOR, "input[type=checkbox]")
            if name not in wanted or not boxes:
                continue
            known.add(name)
            box, on = boxes[0], wanted[name]
            if box.is_selected() != on and box.is_enabled():
                self._run("arguments[0].click()", box)  # the box itself is hidden under a picture
            if box.is_selected() and not on:
                raise changed(f"“{name}” can't be switched off")
        if "Comment" not in known:
            raise changed("comments can't be switched on or off")

    def set_ai_label(self, on: bool) -> None:
        if more := self.shown(MORE):
            more[0].click()
        switches = self.until(lambda: self.all(AI_SWITCH), changed("the AI label is missing"))
        switch = switches[0]
        if switch.is_selected() != on:
            self._run("arguments[0].click()", switch)

        def is_set() -> bool:
            for button in self._dialog_buttons(AI_CONFIRMED) if on else ():
                button.click()
            return self.all(AI_SWITCH)[0].is_selected() == on

        self.until(is_set, changed("the AI label can't be switched on or off"))

    # ── posting ──

    def post_button(self) -> WebElement:
        """The button, once it can be pressed: enabled, in view, not covered."""
        return self.until(self._free_button, changed("its Post button is missing or blocked"))

    def _free_button(self) -> WebElement | None:
        for button in self.shown(POST_BUTTON):
            free = self._run(
                "const b = arguments[0]; b.scrollIntoView({block: 'center'});"
                "const r = b.getBoundingClientRect();"
                "const top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);"
                "return b.getAttribute('aria-disabled') !== 'true' && b.contains(top)",
                button,
            )
            if free and button.is_enabled():
                return button
        return None

    def confirm_post(self) -> None:
        for button in self._dialog_buttons(POST_CONFIRMED):
            button.click()

    def posted(self) -> bool:
        """Whether the page clearly shows success.

        Raises:
            Permanent: ``browser_rejected``: it clearly shows a rejection.
            AccountFullError: TikTok takes no more posts of this account for now.
        """
        if urlsplit(self._driver.current_url).path.rstrip("/").endswith("/content"):
            return True
        messages = [plain(element.text) for element in self.shown(MESSAGES)]
        for message in messages:
            words = message.lower().replace("\u2019", "'")
            if any(sign in words for sign in POSTED_WORDS):
                return True
            if any(sign in words for sign in REFUSED_WORDS):
                raise self.rejected(message)
            _stop_at_a_limit(message)
        return False

    def alerts(self) -> list[str]:
        """What the page reports in its places for errors, whatever the language."""
        shown = [plain(element.text) for element in self.shown((", ".join(ALERTS),))]
        return [text for text in shown if text]


def _stop_at_a_limit(message: str) -> None:
    words = plain(message).lower().replace("\u2019", "'")
    if any(sign in words for sign in LIMIT_WORDS):
        raise AccountFullError(
            f"TikTok takes no more posts of this account for now. It says: {message[:200]}",
            code="browser_limit",
            after=LIMIT_SECONDS,
        )
