"""TikTok's error codes, and the error that each becomes.

A code means the same wherever it comes from: from a call that begins a post, or as the reason why
TikTok failed one. Only while the status of a post is asked for is it different: whatever the answer
is, the post exists, so it must neither fail nor be announced again because of it.

Codes and meanings come from the OAuth, Content Posting and Display API documents of November 2026.
TikTok's own messages are left out on purpose: we don't control them, and they would end up in logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.errors import (
    AccountFullError,
    AccountStoppedError,
    GrantRemovedError,
    Parked,
    Permanent,
    Retryable,
    StageError,
    TokenRejectedError,
    UnknownPostError,
    Wait,
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

NOT_ALLOWED = Refusal(
    Permanent,
    "The creator did not allow the app to do this: connect the account again and allow it.",
)
INVALID = Refusal(
    Permanent, "TikTok rejects the request as invalid: check the post's title and video."
)
BAD_FILE = "Render the video again. If TikTok refuses that too, change the channel's settings."

POSTING: Mapping[str, Refusal] = {
    "access_token_invalid": Refusal(
        TokenRejectedError, "TikTok does not accept the account's access token."
    ),
    "scope_not_authorized": NOT_ALLOWED,
    "scope_permission_missed": NOT_ALLOWED,
    "rate_limit_exceeded": TOO_FAST,
    "internal_error": AWAY,
    "invalid_params": INVALID,
    "invalid_param": INVALID,
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
        AccountStoppedError,
        "TikTok has banned this account from posting: read its messages in the TikTok app. When "
        "it may post again, resume the account.",
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
"""The answers to creator_info and to the two calls that begin a post."""

FAILED: Mapping[str, Refusal] = {
    **POSTING,
    "file_format_check_failed": Refusal(
        Permanent, f"TikTok does not accept the video's format. {BAD_FILE}"
    ),
    "duration_check_failed": Refusal(
        Permanent, "TikTok does not accept the video's length for this account: make it shorter."
    ),
    "frame_rate_check_failed": Refusal(
        Permanent, f"TikTok does not accept the video's frame rate. {BAD_FILE}"
    ),
    "picture_size_check_failed": Refusal(
        Permanent, f"TikTok does not accept the video's picture size. {BAD_FILE}"
    ),
    "internal": Refusal(Retryable, "TikTok failed while it processed the video.", MINUTE),
    "video_pull_failed": Refusal(Retryable, "TikTok could not read the video.", MINUTE),
    "auth_removed": Refusal(
        GrantRemovedError,
        "The creator removed the app's authorization while the video was processed: connect the "
        "account again, then requeue.",
    ),
    "publish_cancelled": Refusal(Permanent, "Its creator cancelled it in the TikTok app."),
    "spam_risk": Refusal(
        Permanent, "TikTok calls this post a spam risk: change its title, then post it again."
    ),
    "spam_risk_text": Refusal(
        Permanent, "TikTok sees spam in the post's title: change it, then post it again."
    ),
}
"""The ``fail_reason`` of a post that TikTok failed: nothing of it is on the platform."""

UNKNOWN_POST = Refusal(UnknownPostError, "TikTok says that it does not know this upload.")


def _while_asking(meant: Refusal) -> Refusal:
    """What a code means when the status of a post is asked for: the post itself goes on."""
    if issubclass(meant.error, Retryable) and not issubclass(meant.error, Wait):
        return meant
    if issubclass(meant.error, AccountFullError):
        return TOO_FAST
    return Refusal(
        Parked,
        "TikTok does not say what became of this post. It may be online: check the account on "
        f"TikTok. TikTok's answer means: {meant.sentence}",
    )


STATUS: Mapping[str, Refusal] = {
    **{code: _while_asking(meant) for code, meant in POSTING.items()},
    "invalid_params": UNKNOWN_POST,
    "invalid_param": UNKNOWN_POST,
    "invalid_publish_id": UNKNOWN_POST,
    "token_not_authorized_for_specified_publish_id": UNKNOWN_POST,
}
"""The answers to the status call. A post that TikTok doesn't know is asked about again first, and
never announced again unchecked."""

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
    "invalid_scope": Refusal(
        Parked,
        "TikTok has not approved one of the permissions that the app asks for: set TIKTOK_SCOPES "
        "to those that your app has in TikTok's developer portal.",
    ),
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
    kind = Permanent if codes is POSTING else Parked
    return kind(f"TikTok refused the call (HTTP {status}, code {code}).", code=code)


def failure(reason: str) -> StageError:
    """The error for the ``fail_reason`` of a post that TikTok failed."""
    sentence = f"TikTok did not publish the video ({reason})."
    known = FAILED.get(reason)
    if known is None:
        return Permanent(sentence, code=reason)
    return replace(known, sentence=f"{sentence} {known.sentence}").as_error(reason, None)
