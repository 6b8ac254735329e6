"""Filters that cuts and finished videos share: fill an upright frame, tag the colours."""

from __future__ import annotations

from typing import Any

COLOUR = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "range": "tv"}
"""What players assume for this size, for ``setparams``."""


def cropped(picture: Any, width: int, height: int) -> Any:
    """Crop the middle of a picture to the frame's shape, for any pixel shape.

    Runs before scaling, so that invisible parts need no scaling.
    """
    return picture.filter(
        "crop", w=f"min(iw,ih*{width}/{height}/sar)", h=f"min(ih,iw*sar*{height}/{width})"
    )
