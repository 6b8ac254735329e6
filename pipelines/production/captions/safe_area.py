"""The area of a vertical video that the platform's interface does not cover.

TikTok publishes no pixel sizes for ordinary posts. Measurements by others for 1080x1920 roughly
agree, and the largest of each is used here (both read in November 2026):

=======  ==============================================================  =======
edge     what is there                                                   pixels
=======  ==============================================================  =======
top      "Following / For You", search                                   180-250
bottom   user name, description, sound                                   320-460
right    profile, like, comment, save, share                             120-184
left     margin                                                          60
=======  ==============================================================  =======

Sources: https://socaptions.com/blog/tiktok-safe-zones-2026 (top, bottom, right) and
https://blitzcutai.com/blog/best-caption-placement-short-form-video (right, left).
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 1080
HEIGHT = 1920


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the 1080x1920 picture; ``right`` and ``bottom`` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[int, int]:
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2


SAFE = Box(left=60, top=250, right=896, bottom=1460)
"""The area for everything that a viewer must see."""

COLUMN = Box(left=WIDTH - SAFE.right, top=SAFE.top, right=SAFE.right, bottom=SAFE.bottom)
"""The part of the safe area that is centred in the picture; everything is drawn inside it."""
