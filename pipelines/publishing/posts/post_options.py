"""The settings a post is announced with: the account's, the post's own, and the creator's limits.

TikTok's rules for apps that post (Content Sharing Guidelines): the audience has no default;
comments, duets and stitches are off until somebody switches them on; and an app may only ask for
what ``creator_info`` offers at that moment.
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
"""TikTok's choices of who can see a video."""

SWITCHES = ("allow_comment", "allow_duet", "allow_stitch", "ai_label")


def chosen(post: Post, account: Account) -> dict[str, Any]:
    """The account's settings, overridden by the post's own."""
    names = ("privacy", *SWITCHES)
    return {name: getattr(account, name) for name in names} | dict(post.options)


def audience(post: Post, account: Account) -> str:
    """Who can see the post. Raises Parked if nobody has chosen that yet."""
    privacy = str(chosen(post, account)["privacy"])
    if not privacy:
        raise Parked(
            f"Nobody has chosen who can see the posts of {account.name or account.open_id}: "
            "choose on the account's page, then requeue.",
            code="privacy_not_chosen",
        )
    return privacy


def post_info(post: Post, account: Account, creator: CreatorInfo) -> PostInfo:
    """The post as it is announced; interactions that the creator has switched off stay off.

    Raises:
        Parked: nobody has chosen who can see it, or TikTok doesn't offer that choice now.
    """
    choice = chosen(post, account)
    privacy = audience(post, account)
    if privacy not in creator.privacy_options:
        raise Parked(
            f"TikTok does not offer {privacy} to {creator.username}: choose one of "
            f"{', '.join(creator.privacy_options)} for the account, then requeue.",
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
