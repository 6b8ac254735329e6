"""The sandbox's creators."""

from __future__ import annotations

from dataclasses import dataclass

PUBLIC = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
PRIVATE = ("FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")


@dataclass(frozen=True)
class Creator:
    username: str
    nickname: str
    privacy_options: tuple[str, ...] = PUBLIC
    comment_disabled: bool = False
    duet_disabled: bool = False
    stitch_disabled: bool = False
    max_seconds: int = 600
    followers: int = 0
    hue: int = 0
    """Hue of the avatar in degrees."""

    @property
    def open_id(self) -> str:
        return f"-000sandbox-{self.username}"

    @property
    def union_id(self) -> str:
        return f"union-sandbox-{self.username}"


CREATORS: dict[str, Creator] = {
    creator.username: creator
    for creator in (
        Creator("storymill_tales", "Storymill Tales", followers=48_210, hue=28),
        Creator("midnight_pages", "Midnight Pages", followers=125_903, hue=262),
        Creator("cuentos_de_bolsillo", "Cuentos de bolsillo", followers=9_340, hue=342),
        Creator(
            "quiet_confessions",
            "Quiet Confessions",
            privacy_options=PRIVATE,
            duet_disabled=True,
            stitch_disabled=True,
            followers=612,
            hue=190,
        ),
        Creator(
            "just_started_today",
            "Just Started Today",
            comment_disabled=True,
            max_seconds=60,
            followers=3,
            hue=110,
        ),
    )
}
