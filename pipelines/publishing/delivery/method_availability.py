"""What each method of posting needs from an account, and whether the account has it."""

from __future__ import annotations

from dataclasses import dataclass

from models import Account, AccountState, Method

SCOPES = {
    "user.info.basic": "read the creator's name and picture",
    "user.info.profile": "read the creator's profile",
    "user.info.stats": "read the creator's numbers of followers and likes",
    "video.publish": "post videos directly",
    "video.upload": "put videos into the creator's TikTok inbox as drafts",
    "video.list": "read how the published videos are doing",
}
"""What each of TikTok's scopes lets the app do."""

NEEDED = {
    "video.publish": "videos can't be posted directly",
    "video.upload": "videos can't be put into the creator's inbox",
    "video.list": "views, likes, comments and shares can't be read",
}
"""What is impossible while a scope is missing."""

METHODS = {
    Method.DIRECT: "Direct post",
    Method.INBOX: "Creator's inbox",
    Method.BROWSER: "Browser",
    Method.MANUAL: "Manual",
}

API_SCOPES = {Method.DIRECT: "video.publish", Method.INBOX: "video.upload"}


@dataclass(frozen=True, slots=True)
class MethodAvailability:
    """Whether one account can use a method.

    Attributes:
        chosen: a person allows the account's posts to use it.
        open: nothing known prevents it.
        sentence: why it is open or closed, and what to do.
    """

    method: Method
    name: str
    chosen: bool
    open: bool
    sentence: str


def granted(account: Account) -> list[str]:
    """The scopes that the creator has allowed."""
    return str(account.scopes).replace(",", " ").split()


def availabilities(account: Account, *, has_session: bool) -> list[MethodAvailability]:
    """Every method, the best one first.

    Args:
        account: needs neither its tokens nor its browser session.
        has_session: whether the cookies of a signed-in browser are stored.
    """
    return [
        MethodAvailability(
            method,
            METHODS[method],
            method in account.methods,
            *_open_and_why(method, account, has_session=has_session),
        )
        for method in Method
    ]


def closed(method: Method, account: Account, *, has_session: bool) -> str:
    """Why the account's posts can't use this method now; empty if they can."""
    match method:
        case Method.DIRECT | Method.INBOX if account.state != AccountState.CONNECTED:
            return f"The account is {account.state}. Connect it again."
        case Method.DIRECT | Method.INBOX if API_SCOPES[method] not in granted(account):
            scope = API_SCOPES[method]
            return (
                f"The creator has not allowed {scope}. Connect again and allow it, if the app asks "
                "for it (TIKTOK_SCOPES)."
            )
        case Method.BROWSER if not has_session:
            return "No cookies of a signed-in browser are stored."
        case Method.BROWSER if account.browser_error:
            return str(account.browser_error)
        case _:
            return ""


def _open_and_why(method: Method, account: Account, *, has_session: bool) -> tuple[bool, str]:
    if reason := closed(method, account, has_session=has_session):
        return False, f"Closed: {reason}"
    match method:
        case Method.DIRECT if not account.privacy:
            return False, "Closed: choose first who can see the posts."
        case Method.DIRECT | Method.INBOX:
            return True, f"Open: the creator allows {API_SCOPES[method]}."
        case Method.BROWSER if account.browser_checked_at is None:
            return True, "Open, but the browser session has not been tried yet."
        case Method.BROWSER:
            return True, "Open: the browser was signed in at the last check."
        case _:
            return True, "Always open: a person downloads the video and posts it."
