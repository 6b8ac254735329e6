"""Which way a post takes, and when it steps down to the next one.

The ways, best first: a direct post over the API, the creator's inbox over the API, the creator's
upload page by browser, and a person with the file. An account's policy says which of them its
posts may take. A post only steps down while nothing of it can be on the platform, and each step
is an attempt of its own in the history, with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import Parked, Retryable, StageError, Wait
from models import Account, AccountState, Method, Post, PostState
from pipelines.publishing.delivery import method_availability
from pipelines.stages import STAGES

CLOSED = "closed"
"""Outcome of a way that could not even be tried."""

CAPPED = frozenset({"reached_active_user_cap"})
NOT_FOR_THIS_APP = frozenset(
    {
        "scope_not_authorized",
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
    Method.INBOX: frozenset({"scope_not_authorized", "spam_risk_too_many_pending_share"}) | CAPPED,
    Method.BROWSER: NO_BROWSER,
    Method.MANUAL: frozenset(),
}
"""The codes that close a way for one post. What is wrong with the video or the account's standing
at TikTok itself is not among them: the next way would meet it too."""


def method_now(post: Post, account: Account) -> tuple[Method, list[tuple[Method, str]]]:
    """The first way, from the one that the post has come to, that is open now.

    Returns:
        the way, and the closed ones that were passed over, each with its reason.

    Raises:
        Parked: none is open, or a person would have to post by hand only because the account
            needs to be connected again.
    """
    passed: list[tuple[Method, str]] = []
    for method in _from(post, account):
        reason = closed(method, account)
        if reason:
            passed.append((method, reason))
        elif method is Method.MANUAL and passed and account.state != AccountState.CONNECTED:
            break
        else:
            return method, passed
    if account.state != AccountState.CONNECTED:
        raise Parked(
            f"The account {account.name or account.open_id} is {account.state}: connect it "
            "again, then requeue.",
            code=f"account_{account.state}",
        )
    reasons = " ".join(reason for _, reason in passed)
    raise Parked(
        f"No way of this account is open. {reasons} Allow another way on its page, then requeue.",
        code="no_way_open",
    )


def expected(post: Post, account: Account) -> Method | None:
    """The way that the post's next try will take, as far as can be seen; None where none is."""
    return next((method for method in _from(post, account) if not closed(method, account)), None)


def closed(method: Method, account: Account) -> str:
    """Why the account's posts can't take this way now; empty when they can."""
    return method_availability.closed(method, account, has_session=bool(account.browser_session))


def next_method(post: Post, account: Account) -> Method | None:
    """The way after the post's own that its account's policy allows, open or not."""
    later = [method for method in _policy(account) if _rank(method) > _rank(Method(post.method))]
    return later[0] if later else None


def steps_down(post: Post, account: Account, error: StageError, attempt: int) -> bool:
    """Whether ``error`` ends the post's way but not the post.

    Either it closes the way for this post, or the way's last attempt has failed too.
    """
    may_be_there = post.publish_id is not None or post.state == PostState.PROCESSING
    if not post.method or may_be_there or next_method(post, account) is None:
        return False
    if error.code in STEPS_DOWN[post.method]:
        return True
    if error.code in NOT_CONNECTED:  # a person only posts by hand what no machine can
        return Method.BROWSER in _policy(account) and not closed(Method.BROWSER, account)
    tired = isinstance(error, Retryable) and attempt >= STAGES["publish"].attempts
    return tired and not isinstance(error, Wait)


def _from(post: Post, account: Account) -> list[Method]:
    start = _rank(Method(post.method)) if post.method else 0
    return [method for method in _policy(account) if _rank(method) >= start]


def _policy(account: Account) -> list[Method]:
    return [method for method in Method if method in account.methods]


def _rank(method: Method) -> int:
    return list(Method).index(method)
