"""Which method a post uses, and when it falls back to the next one.

The methods, best first: a direct post over the API, the creator's inbox over the API, the creator's
upload page in a browser, and a person with the file. An account's settings say which of them its
posts may use. A post only falls back while nothing of it can be on the platform. Each fallback is
an attempt of its own in the history, with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import Parked, Retryable, StageError, Wait
from models import Account, AccountState, Method, Post, PostState
from pipelines.publishing.delivery import method_availability
from pipelines.stages import STAGES

CLOSED = "closed"
"""Outcome of a method that could not even be tried."""

CAPPED = frozenset({"reached_active_user_cap"})
NOT_FOR_THIS_APP = frozenset(
    {
        "scope_not_authorized",
        "scope_permission_missed",
        "privacy_not_offered",
        "privacy_level_option_mismatch",
        "unaudited_client_can_only_post_to_private_accounts",
    }
)
NO_BROWSER = frozenset(
    {
        "browser_signed_out",
        "browser_captcha",
        "browser_page_changed",
        "browser_missing",
        "browser_wrong_account",
        "browser_rejected",
    }
)
NOT_CONNECTED = frozenset({"account_expired", "account_disconnected"})

STEPS_DOWN: Mapping[str, frozenset[str]] = {
    Method.DIRECT: NOT_FOR_THIS_APP | CAPPED,
    Method.INBOX: frozenset(
        {"scope_not_authorized", "scope_permission_missed", "spam_risk_too_many_pending_share"}
    )
    | CAPPED,
    Method.BROWSER: NO_BROWSER,
    Method.MANUAL: frozenset(),
}
"""The codes that close a method for one post. Problems with the video or with the account's
standing at TikTok are not among them: the next method would have the same problem."""


def method_now(post: Post, account: Account) -> tuple[Method, list[tuple[Method, str]]]:
    """The first open method, starting from the post's current one.

    Returns:
        the method, and the closed methods that were skipped, each with its reason.

    Raises:
        Parked: no method is open, or a person would have to post by hand only because the
            account needs to be connected again.
    """
    skipped: list[tuple[Method, str]] = []
    for method in _from(post, account):
        reason = closed(method, account)
        if reason:
            skipped.append((method, reason))
        elif method is Method.MANUAL and skipped and account.state != AccountState.CONNECTED:
            break
        else:
            return method, skipped
    if account.state != AccountState.CONNECTED:
        raise Parked(
            f"The account {account.name or account.open_id} is {account.state}: connect it "
            "again, then requeue.",
            code=f"account_{account.state}",
        )
    reasons = " ".join(reason for _, reason in skipped)
    raise Parked(
        f"No method of this account is open. {reasons} Allow another method on the account's "
        "page, then requeue.",
        code="no_way_open",
    )


def expected(post: Post, account: Account) -> Method | None:
    """The method that the post's next try will probably use; None if none is open."""
    return next((method for method in _from(post, account) if not closed(method, account)), None)


def closed(method: Method, account: Account) -> str:
    """Why the account's posts can't use this method now; empty if they can."""
    return method_availability.closed(method, account, has_session=bool(account.browser_session))


def next_method(post: Post, account: Account) -> Method | None:
    """The next method after the post's own that its account allows, open or not."""
    later = [method for method in _policy(account) if _rank(method) > _rank(Method(post.method))]
    return later[0] if later else None


def steps_down(post: Post, account: Account, error: StageError, attempt: int) -> bool:
    """Whether ``error`` ends the post's method but not the post.

    Either it closes the method for this post, or the method's last attempt has failed too.
    """
    may_be_there = post.publish_id is not None or post.state == PostState.PROCESSING
    if not post.method or may_be_there or next_method(post, account) is None:
        return False
    if closes(post, account, error):
        return True
    if error.code in NOT_CONNECTED:  # never falls back to posting by hand: reconnecting is enough
        return Method.BROWSER in _policy(account) and not closed(Method.BROWSER, account)
    last_attempt = isinstance(error, Retryable) and attempt >= STAGES["publish"].attempts
    return last_attempt and not isinstance(error, Wait)


def closes(post: Post, account: Account, error: StageError) -> bool:
    """Whether ``error`` closes the post's method, and there is a next one."""
    return error.code in STEPS_DOWN[post.method] and next_method(post, account) is not None


def _from(post: Post, account: Account) -> list[Method]:
    start = _rank(Method(post.method)) if post.method else 0
    return [method for method in _policy(account) if _rank(method) >= start]


def _policy(account: Account) -> list[Method]:
    return [method for method in Method if method in account.methods]


def _rank(method: Method) -> int:
    return list(Method).index(method)
