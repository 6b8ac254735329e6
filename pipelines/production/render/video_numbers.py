"""A video's number among those of its mood, by which its background and its music are chosen."""

from __future__ import annotations

from typing import Literal

from core.db import database, transaction
from models import Part, VideoNumber

NUMBERS_LOCK = 0x570D


def number_of(part: Part, choice: Literal["background", "music"], mood: str) -> int:
    """The part's number in a mood; the next free one if it has none yet.

    The videos of a mood are numbered without gaps over all channels, in the order in which they
    are first rendered. So consecutive videos get different backgrounds and tunes, and a repeat
    gets the same ones. Stored numbers cost the same however many videos there are.
    """
    known = VideoNumber.get_or_none(
        VideoNumber.part == part, VideoNumber.choice == choice, VideoNumber.mood == mood
    )
    if known is not None:
        return int(known.number)
    with transaction():
        database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (NUMBERS_LOCK,))
        newest = (
            VideoNumber.select(VideoNumber.number)
            .where(VideoNumber.choice == choice, VideoNumber.mood == mood)
            .order_by(VideoNumber.number.desc())
            .first()
        )
        number = newest.number + 1 if newest is not None else 0
        VideoNumber.create(part=part, choice=choice, mood=mood, number=number)
    return int(number)
