"""What a post says of itself: the account's choices, the post's own, and what the creator has.

TikTok's rules for apps that post (Content Sharing Guidelines): nobody's audience is chosen for
them, comments, duets and stitches are off until somebody switches them on, and only what
``creator_info`` offers at that moment may be asked for.
"""

from __future__ import annotations

from typing import Any

from adapters.ports import CreatorInfo, PostInfo
from core.errors import Parked
from models import Account, Post

PRIVACY = {
    "SELF_ONLY": "Only me",
    "FOLLOWER_OF_CREATOR": "Followers",
    "MUTUAL_FOLLOW_FRIENDS": "Friends (followers who are followed back)",
    "PUBLIC_TO_EVERYONE": "Everyone",
}
"""TikTok's choices of who may see a video."""

SWITCHES = ("allow_comment", "allow_duet", "allow_stitch", "ai_label")


def chosen(post: Post, account: Account) -> dict[str, Any]:
    """The account's choices, with those of the post in their place where it has its own."""
    names = ("privacy", *SWITCHES)
    return {name: getattr(account, name) for name in names} | dict(post.options)


def audience(post: Post, account: Account) -> str:
    """Who may see the post. Raises Parked when nobody has chosen that yet."""
    privacy = str(chosen(post, account)["privacy"])
    if not privacy:
        raise Parked(
            f"Nobody has chosen who may see the posts of {account.name or account.open_id}: "
            "choose it on the account's page, then requeue.",
            code="privacy_not_chosen",
        )
    return privacy


def post_info(post: Post, account: Account, creator: CreatorInfo) -> PostInfo:
    """The post as it is announced; interactions that the creator has switched off stay off.

    Raises:
        Parked: nobody has chosen who may see it, or TikTok doesn't offer that now.
    """
    choice = chosen(post, account)
    privacy = audience(post, account)
    if privacy not in creator.privacy_options:
        raise Parked(
            f"TikTok does not offer {privacy} to {creator.username}, only "
            f"{', '.join(creator.privacy_options)}: choose one of these for the account, then "
            "requeue.",
            code="privacy_not_offered",
        )
    return PostInfo(
        title=post.title,
        privacy=privacy,
        allow_comment=choice["allow_comment"] and not creator.comment_disabled,
        allow_duet=choice["allow_duet"] and not creator.duet_disabled,
        allow_stitch=choice["allow_stitch"] and not creator.stitch_disabled,
        ai_generated=choice["ai_label"],
    )
