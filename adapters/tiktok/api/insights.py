"""View counts of public videos from TikTok's Display API.

Source: "Query Videos" of TikTok's Display API documents, November 2026: scope ``video.list``, at
most 20 ids per call, 600 calls per minute and token. A video that is private, deleted or under
review is not in the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.ports import VideoCounts
from adapters.tiktok.api.error_codes import POSTING, Refusal
from adapters.tiktok.api.http import Http
from core.errors import Permanent, Retryable

MOST_IDS = 20
FIELDS = "id,share_url,view_count,like_count,comment_count,share_count"

READING: Mapping[str, Refusal] = {
    **POSTING,
    "scope_not_authorized": Refusal(
        Permanent,
        "The creator did not allow the app to read view counts (video.list): connect the account "
        "again and allow it.",
    ),
}


class TikTokInsights:
    """Implements ``ports.Insights``.

    Args:
        api_url: base of the API, ``https://open.tiktokapis.com``.
    """

    def __init__(self, *, api_url: str) -> None:
        self._url = f"{api_url.rstrip('/')}/v2/video/query/?fields={FIELDS}"
        self._http = Http()

    def counts(self, access_token: str, video_ids: Sequence[str]) -> dict[str, VideoCounts]:
        if not 1 <= len(video_ids) <= MOST_IDS:
            raise ValueError(f"from 1 to {MOST_IDS} videos a call, not {len(video_ids)}")
        answer = self._http.post(
            self._url,
            codes=READING,
            body={"filters": {"video_ids": list(video_ids)}},
            token=access_token,
        )
        found = _read(answer)
        if found is None:
            raise Retryable("TikTok's answer lacks a field.", code="unreadable_answer")
        return found


def _read(answer: dict[str, Any]) -> dict[str, VideoCounts] | None:
    try:
        return {
            str(video["id"]): VideoCounts(
                views=int(video["view_count"]),
                likes=int(video["like_count"]),
                comments=int(video["comment_count"]),
                shares=int(video["share_count"]),
                address=str(video.get("share_url") or ""),
            )
            for video in answer["data"]["videos"]
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
