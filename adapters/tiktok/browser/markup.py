"""TikTok Studio's markup: every selector and word that the program knows, preferred ones first.

They come from public clients' reports about the pages (2024 to October 2026: the ``data-e2e`` and
``data-tt`` attributes, which change less often than class names). They were only tested on the
sandbox's pages: the first run on the real pages may find differences. That gives
``browser_page_changed`` with a screenshot; then correct this file. The pages are requested in
English, so that these words match.
"""

from __future__ import annotations

FILE_INPUT = ("input[type=file][accept*=video]", "input[type=file]")
UPLOADED = (
    "[data-e2e=upload_status_container] .info-status.success",
    ".info-progress.success",
    "[data-e2e=upload_status_container] [data-icon=CheckCircleFill]",
)
UPLOAD_REFUSED = ("[data-e2e=upload_status_container] .info-status.error", ".info-status.error")
PROGRESS = ("[data-e2e=upload_status_container] .info-progress", ".info-progress")
EDITOR = (
    "[data-e2e=caption_container] [contenteditable=true]",
    ".public-DraftEditor-content[contenteditable=true]",
)
SUGGESTIONS = (".mention-list-popover [role=option]",)
VISIBILITY = (
    "[data-e2e=video_visibility_container] button[role=combobox]",
    "[data-e2e=video_visibility_container] [role=combobox]",
)
VISIBILITY_OPTIONS = ("[role=option].Select__item", "[role=listbox] [role=option]")
PERMISSIONS = ("[data-e2e=user_perm_container] label",)
MORE = (
    "[data-e2e=advanced_settings_container].collapsed .more-btn",
    "[data-e2e=advanced_settings_container].collapsed",
)
AI_SWITCH = (
    "[data-e2e=aigc_container] input[role=switch]",
    "[data-e2e=aigc_container] input[type=checkbox]",
)
POST_BUTTON = ("button[data-e2e=post_video_button]", "[data-e2e=post_video_button]")
DIALOG_BUTTONS = (
    "[role=dialog] button",
    "[role=alertdialog] button",
    ".common-modal button",
    ".TUXModal button",
    ".react-joyride__tooltip button",
)
MESSAGES = ("[role=dialog]", "[role=alert]", ".common-modal", "[data-e2e=toast-message]")
CAPTCHA = (
    "#captcha-verify-container-main-page",
    ".captcha-verify-container",
    ".captcha_verify_container",
    "#captcha_container",
    ".secsdk-captcha-wrapper",
)
CONTEXT = ("script#__Creator_Center_Context__",)
ROWS = (
    "[data-tt=components_PostTable_Container] a[data-tt=components_PostInfoCell_a]",
    "[data-tt=components_PostTable_Container] [data-tt=components_PostInfoCell_Container] a",
)

VISIBILITY_WORDS = {
    "PUBLIC_TO_EVERYONE": ("Everyone", "Public"),
    "FOLLOWER_OF_CREATOR": ("Followers",),
    "MUTUAL_FOLLOW_FRIENDS": ("Friends",),
    "SELF_ONLY": ("Only you", "Only me", "Private"),
}
NOTICES_AWAY = ("Got it", "Not now", "Cancel", "Skip")
"""Buttons that close tours and offers."""
AI_CONFIRMED = ("Turn on",)
POST_CONFIRMED = ("Post now",)
POSTED_WORDS = ("video published", "has been published", "has been uploaded", "has been posted")
BROKEN_OFF_WORDS = ("network", "connection", "try again", "couldn't upload", "upload failed")
"""Signs that an upload failed by accident, and not because the video was rejected."""
LIMIT_WORDS = ("too many", "too often", "too fast", "too quickly", "too frequently", "daily limit")
"""TikTok takes no more posts of this account for now."""
ALERTS = (
    "[role=alert]",
    "[role=alertdialog]",
    "[aria-live=assertive]",
    "[data-e2e=toast-message]",
    "[data-e2e=upload_error]",
)
"""Where the page reports an error, in whatever language."""
REFUSED_WORDS = (
    "violate",
    "couldn't post",
    "can't be posted",
    "couldn't be posted",
    "not eligible",
)
