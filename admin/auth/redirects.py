"""Where a person is sent after signing in: only to pages of ours."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_local(target: str) -> bool:
    """Whether ``target`` stays on this site. Browsers read a backslash as a slash."""
    if not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return False
    if any(ord(letter) < ord(" ") for letter in target):
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc
