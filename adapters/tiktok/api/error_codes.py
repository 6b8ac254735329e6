"""TikTok's error codes, and the error that each becomes.

Codes and meanings come from the OAuth and Content Posting API documents of November 2026. TikTok's
own messages are left out on purpose: we don't control them, and they would end up in logs.
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
    """The error for a code; ``after`` is in seconds, and a Retry-After overrides it."""

    error: type[StageError]
    sentence: str
    after: float | None = None

    def as_error(self, code: str, retry_after: float | None) -> StageError:
        if issubclass(self.error, Retryable):
            after = self.after if retry_after is None else retry_after
            return self.error(self.sentence, code=code, after=after)
        return self.error(self.sentence, code=code)


TOO_FAST = Refusal(Retryable, "TikTok asks us to slow down.", MINUTE)
AWAY = Refusal(Retryable, "TikTok has an internal error.")

POSTING: Mapping[str, Refusal] = {
    "access_token_invalid": Refusal(
        TokenRejectedError, "TikTok does not accept the account's access token."
    ),
    "scope_not_authorized": Refusal(
        Permanent,
        "The creator did not allow the app to post: connect the account again and allow it.",
    ),
    "rate_limit_exceeded": TOO_FAST,
    "internal_error": AWAY,
    "invalid_params": Refusal(
        Permanent, "TikTok rejects the request as invalid: check the post's title and video."
    ),
    "invalid_file_upload": Refusal(
        Permanent, "TikTok does not accept this file: render the video again."
    ),
    "spam_risk_too_many_posts": Refusal(
        AccountFullError,
        "The account has reached TikTok's daily limit of posts. It goes out at its next slot.",
        6 * HOUR,
    ),
    "spam_risk_too_many_pending_share": Refusal(
        Retryable,
        "Too many videos are in the creator's inbox: publish or delete some in the TikTok app.",
        6 * HOUR,
    ),
    "spam_risk_user_banned_from_posting": Refusal(
        Permanent,
        "TikTok has banned this account from posting: read its messages in the TikTok app.",
    ),
    "reached_active_user_cap": Refusal(
        Retryable,
        "The app has reached TikTok's daily limit of posting accounts. It is tried again in some "
        "hours.",
        6 * HOUR,
    ),
    "unaudited_client_can_only_post_to_private_accounts": Refusal(
        Parked,
        "TikTok has not audited the app yet, so it may only post to private accounts, seen by "
        "“Only me” (SELF_ONLY): change the account's settings, then requeue.",
    ),
    "privacy_level_option_mismatch": Refusal(
        Parked,
        "TikTok does not offer the account's privacy setting: choose another, then requeue.",
    ),
    "url_ownership_unverified": Refusal(
        Permanent, "TikTok has not verified who owns the video's address: verify it with TikTok."
    ),
}

UNKNOWN_POST = Refusal(
    Parked,
    "TikTok does not know this upload, so it is unclear whether it was posted: check the account "
    "on TikTok, then mark the post as published or post it again.",
)

STATUS: Mapping[str, Refusal] = {
    **POSTING,
    "invalid_params": UNKNOWN_POST,
    "invalid_publish_id": UNKNOWN_POST,
    "token_not_authorized_for_specified_publish_id": UNKNOWN_POST,
}
"""For the status call: a post that TikTok doesn't know must never be announced again unchecked."""

_WRONG_APP = Refusal(
    Parked,
    "TikTok does not accept the app: correct TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET, and check "
    "that the redirect address is the registered one.",
)

OAUTH: Mapping[str, Refusal] = {
    "invalid_grant": Refusal(
        Permanent, "TikTok no longer accepts this authorization: connect the account again."
    ),
    "access_denied": Refusal(
        Permanent, "The creator did not allow the connection: start again if that was a mistake."
    ),
    "invalid_client": _WRONG_APP,
    "unauthorized_client": _WRONG_APP,
    "invalid_request": _WRONG_APP,
    "invalid_scope": _WRONG_APP,
    "rate_limit_exceeded": TOO_FAST,
    "temporarily_unavailable": AWAY,
    "server_error": AWAY,
}
"""Only codes about the grant itself are Permanent: a wrong app key must not end accounts."""


def refusal(
    codes: Mapping[str, Refusal], code: str, status: int, retry_after: float | None
) -> StageError:
    """The error for a provider's ``code`` or, if that is unknown, for the HTTP ``status``."""
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
