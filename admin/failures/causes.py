"""What the codes of failures mean for a person: the cause in words, and the page that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Place = Literal["account", "channel", "source", "limits", "post", "subject", ""]
"""Where a person mends it: a page of the failure's own account, channel, source or subject."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures that the same step mends.

    Attributes:
        name: in addresses.
        words: what is wrong, in a few words.
        mend: what to do, as the words of a link, or as advice where no page of ours mends it.
        place: which page mends it; empty if none does.
        codes: those of the errors, without the ones that begin with one of ``prefixes``.
        prefixes: the beginnings of further codes.
    """

    name: str
    words: str
    mend: str
    place: Place = ""
    codes: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()


def _cause(name: str, words: str, mend: str, place: Place, codes: str, *prefixes: str) -> Cause:
    return Cause(name, words, mend, place, frozenset(codes.split()), prefixes)


CAUSES = (
    _cause(
        "connection",
        "The account isn't connected any longer",
        "Reconnect the account",
        "account",
        "account_expired account_disconnected auth_removed access_token_invalid invalid_grant "
        "scope_not_authorized scope_permission_missed unreadable_token connected_meanwhile",
    ),
    _cause(
        "audience",
        "Who can see the posts isn't chosen, or TikTok doesn't offer it",
        "Choose who can see them",
        "account",
        "privacy_not_chosen privacy_not_offered privacy_level_option_mismatch "
        "unaudited_client_can_only_post_to_private_accounts",
    ),
    _cause(
        "stopped",
        "TikTok takes no posts from the account",
        "Open the account",
        "account",
        "account_stopped account_paused spam_risk_user_banned_from_posting",
    ),
    _cause(
        "limit",
        "A limit was used up for too long",
        "Raise the limit",
        "limits",
        "over_limit rate_limit_exceeded reached_active_user_cap",
    ),
    _cause(
        "cap",
        "The account couldn't take more posts",
        "Raise the account's cap",
        "account",
        "account_full spam_risk_too_many_posts spam_risk_too_many_pending_share",
    ),
    _cause(
        "browser",
        "The upload by browser needs a person",
        "Sign the browser in",
        "account",
        "username_unknown",
        "browser_",
    ),
    _cause(
        "methods",
        "No method of posting is left",
        "Change the account's methods",
        "account",
        "no_way_open",
    ),
    _cause(
        "words",
        "The post's words were refused",
        "Edit the post",
        "post",
        "spam_risk spam_risk_text invalid_params invalid_param",
        "compliance_",
    ),
    _cause(
        "unclear",
        "Nobody knows whether the post is on TikTok",
        "Check on TikTok, then decide",
        "post",
        "stranded upload_unclear unknown_post processing_too_long invalid_publish_id "
        "token_not_authorized_for_specified_publish_id",
    ),
    _cause(
        "file",
        "The video's file can't be posted",
        "Open the post",
        "post",
        "invalid_file_upload file_format_check_failed duration_check_failed "
        "frame_rate_check_failed picture_size_check_failed video_pull_failed too_large",
        "video_",
    ),
    _cause(
        "app",
        "TikTok doesn't accept the app",
        "Correct TIKTOK_CLIENT_KEY, TIKTOK_CLIENT_SECRET and TIKTOK_SCOPES, then retry",
        "",
        "invalid_client unauthorized_client invalid_request invalid_scope url_ownership_unverified",
    ),
    _cause(
        "voice",
        "The voice can't tell the story",
        "Change the voice",
        "channel",
        "bad_voice unknown_voice no_engine engine_failed voice_language voice_missing",
    ),
    _cause(
        "text",
        "The text can't be narrated",
        "Edit the text",
        "subject",
        "coverage nothing_to_say narration_silent part_length not_heard",
    ),
    _cause(
        "look",
        "The captions' look can't be drawn",
        "Change the channel's look",
        "channel",
        "look font_missing subtitles_missing",
    ),
    _cause(
        "background",
        "The background can't be used",
        "Change the background",
        "channel",
        "",
        "background_",
    ),
    _cause("music", "The music can't be used", "Change the music", "channel", "", "music_"),
    _cause(
        "source",
        "The source can't be read",
        "Open the source",
        "source",
        "saved_listing text_file intake_file page page_away",
        "reddit_",
        "feed",
    ),
    _cause(
        "writer",
        "The script writer (Ollama) doesn't answer",
        "Start Ollama and check its model, then retry",
        "",
        "",
        "ollama_",
    ),
    _cause(
        "mail",
        "The mail can't be sent",
        "Correct SMTP_URL, then retry",
        "",
        "",
        "mail_",
    ),
    _cause(
        "encoder",
        "The video encoder failed",
        "Read the log lines, then retry",
        "",
        "input_lost output_wrong narration_unreadable whisper_model write_failed",
        "encoder_",
    ),
    _cause(
        "crash",
        "The worker died each time",
        "Read the log lines, then retry",
        "",
        "poison worker_lost no_result",
    ),
    _cause(
        "away",
        "A service wasn't reached",
        "Retry when it is back",
        "",
        "unreachable lost_answer unreadable_answer internal internal_error database_away "
        "limits_unknown disk_full page_away",
        "http_",
        "sqlstate_",
    ),
)
OTHER = Cause("other", "Something else", "Open one to see its trace")


def cause_of(code: str) -> Cause:
    for cause in CAUSES:
        if code in cause.codes:
            return cause
    for cause in CAUSES:
        if cause.prefixes and code.startswith(cause.prefixes):
            return cause
    return OTHER
