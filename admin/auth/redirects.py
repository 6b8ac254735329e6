"""Where a person is sent after signing in or submitting a form: only to pages of ours."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request, url_for

BACK = "back"
"""Field of the page that asks for a password: the page with the form that it interrupted."""


def is_local(target: str) -> bool:
    """Whether ``target`` stays on this site. Browsers read a backslash as a slash."""
    if not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return False
    if any(ord(letter) < ord(" ") for letter in target):
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc


def back() -> str:
    """The page with the form, if it was one of ours; else the home page."""
    passed_on = request.form.get(BACK, "")
    return passed_on if is_local(passed_on) else came_from()


def came_from() -> str:
    """The same, for a request whose form can't be read."""
    origin = urlsplit(request.referrer or "")
    target = origin.path + (f"?{origin.query}" if origin.query else "")
    if origin.netloc == request.host and is_local(target):
        return target
    return url_for("home.index")
