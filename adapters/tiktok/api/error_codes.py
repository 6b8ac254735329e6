"""What TikTok's error codes mean for the work at hand, as data.

Codes and their meaning are those of the OAuth and Content Posting API documents of November 2026.
TikTok's own messages are left out on purpose: they are not under our control and end in logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import (
    AccountFullError,
    Parked,
    Permanent,
    Retryable,
    StageError,
    TokenRejectedError,
)

MINUTE = 60.0
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """The decision behind a code; ``after`` is in seconds, and a Retry-After goes before it."""

    error: type[StageError]
    sentence: str
    after: float | None = None

    def as_error(self, code: str, retry_after: float | None) -> StageError:
        if issubclass(self.error, Retryable):
            after = self.after if retry_after is None else retry_after
            return self.error(self.sentence, code=code, after=after)
        return self.error(self.sentence, code=code)


TOO_FAST = Refusal(Retryable, "TikTok asks to slow down; the call is made again later.", MINUTE)
AWAY = Refusal(Retryable, "TikTok has an internal error; the call is made again later.")

POSTING: Mapping[str, Refusal] = {
    "access_token_invalid": Refusal(
        TokenRejectedError, "TikTok does not accept the account's access token."
    ),
    "scope_not_authorized": Refusal(
        Permanent,
        "The creator did not grant the permission for this: connect the account again and "
        "allow posting.",
    ),
    "rate_limit_exceeded": TOO_FAST,
    "internal_error": AWAY,
    "invalid_params": Refusal(
        Permanent, "TikTok finds the request's fields invalid: look at the post's title and video."
    ),
    "invalid_file_upload": Refusal(
        Permanent, "TikTok does not accept this file: render the video again."
    ),
    "spam_risk_too_many_posts": Refusal(
        AccountFullError,
        "The account has reached TikTok's daily number of posts; it goes out at its next slot.",
        6 * HOUR,
    ),
    "spam_risk_too_many_pending_share": Refusal(
        Retryable,
        "Too many videos wait in the creator's inbox; publish or delete some in the TikTok app.",
        6 * HOUR,
    ),
    "spam_risk_user_banned_from_posting": Refusal(
        Permanent, "TikTok has banned this account from posting: see its messages in the app."
    ),
    "reached_active_user_cap": Refusal(
        Retryable,
        "The app has reached TikTok's daily number of posting accounts; it is tried again in "
        "hours.",
        6 * HOUR,
    ),
    "unaudited_client_can_only_post_to_private_accounts": Refusal(
        Parked,
        "TikTok has not audited the app yet, so it may only post as SELF_ONLY to a private "
        "account: change the account's privacy, then requeue.",
    ),
    "privacy_level_option_mismatch": Refusal(
        Parked,
        "TikTok does not offer the account's privacy setting: choose another, then requeue.",
    ),
    "url_ownership_unverified": Refusal(
        Permanent, "TikTok does not know the owner of the video's address."
    ),
}

UNKNOWN_POST = Refusal(
    Parked,
    "TikTok does not know this upload, so whether it was posted can't be known: look at the "
    "account, then mark the post as published or have it posted anew.",
)

STATUS: Mapping[str, Refusal] = {
    **POSTING,
    "invalid_params": UNKNOWN_POST,
    "invalid_publish_id": UNKNOWN_POST,
    "token_not_authorized_for_specified_publish_id": UNKNOWN_POST,
}
"""The status call: a post that TikTok denies to know must never be announced again blindly."""

_WRONG_APP = Refusal(
    Parked,
    "TikTok does not accept the app: correct TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET, and "
    "compare the redirect address with the registered one.",
)

OAUTH: Mapping[str, Refusal] = {
    "invalid_grant": Refusal(
        Permanent, "TikTok no longer accepts this authorization: connect the account again."
    ),
    "access_denied": Refusal(
        Permanent, "The creator did not allow the connection: begin again if that was a mistake."
    ),
    "invalid_client": _WRONG_APP,
    "unauthorized_client": _WRONG_APP,
    "invalid_request": _WRONG_APP,
    "invalid_scope": _WRONG_APP,
    "rate_limit_exceeded": TOO_FAST,
    "temporarily_unavailable": AWAY,
    "server_error": AWAY,
}
"""Only what speaks of the grant itself is Permanent: a wrong app key must not end accounts."""


def refusal(
    codes: Mapping[str, Refusal], code: str, status: int, retry_after: float | None
) -> StageError:
    """The error for a provider's ``code`` or, where it is unknown, for its HTTP ``status``."""
    known = codes.get(code)
    if known is not None:
        return known.as_error(code, retry_after)
    code = code or f"http_{status}"
    if status == 429:  # noqa: PLR2004  # the protocol's own figure
        return TOO_FAST.as_error(code, retry_after)
    if status >= 500:  # noqa: PLR2004  # the protocol's own figure
        return AWAY.as_error(code, retry_after)
    kind = Parked if codes is not POSTING else Permanent
    return kind(f"TikTok refused the call (HTTP {status}, code {code}).", code=code)
