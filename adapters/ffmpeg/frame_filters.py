"""What cuts and finished videos do alike to a picture: fill an upright frame, name the colours."""

from __future__ import annotations

from typing import Any

COLOUR = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "range": "tv"}
"""What players assume of pictures of this size, for ``setparams``."""


def cropped(picture: Any, width: int, height: int) -> Any:
    """Keep the middle of a picture, in the frame's shape, whatever the shape of its pixels.

    Before it is scaled: what isn't seen needn't be.
    """
    return picture.filter(
        "crop", w=f"min(iw,ih*{width}/{height}/sar)", h=f"min(ih,iw*sar*{height}/{width})"
    )
