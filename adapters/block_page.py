"""Recognizes pages that a server sends instead of what was asked for: a block, or a sign-in.

The words are those of Reddit's and of the usual protection services' pages, as reported in public
in 2026. They are looked for in the page's visible text only.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

BLOCKED_PAUSE = 900.0
"""Seconds to wait when a server blocks this machine; such blocks end after minutes to hours."""
LONGEST_PAGE = 400_000
"""Characters that are searched; Reddit's page has about 190,000."""

LONGEST_TEXT = 5_000
"""Visible characters of such a page at most; a longer one only speaks about blocking."""

_HIDDEN = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_BLOCKED = re.compile(
    r"(?:been|was|were|is|are) (?:blocked|stopped) (?:by|due to|because of)"
    r"|request (?:has been |was )?(?:blocked|denied)|network (?:security|policy)"
    r"|whoa there, pardner|developer token|unusual traffic|verify (?:that )?you are (?:a )?human"
    r"|checking your browser|enable javascript and cookies|just a moment\.\.\."
    r"|access denied|you\S{1,6}ve been blocked|too many requests",
    re.IGNORECASE,
)
_SIGN_IN = re.compile(r"/(?:login|log-in|signin|sign-in|account/login)/?", re.IGNORECASE)


def is_block_page(page: str) -> bool:
    """Whether an HTML page says that the request was blocked."""
    text = " ".join(_TAG.sub(" ", _HIDDEN.sub(" ", page[:LONGEST_PAGE])).split())
    return len(text) <= LONGEST_TEXT and _BLOCKED.search(text) is not None


def is_sign_in(address: str) -> bool:
    """Whether an address, after redirects, is a sign-in page."""
    return _SIGN_IN.fullmatch(urlsplit(address).path) is not None
