"""The preview of captions shows what the video will show."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from adapters.ports import WordTiming
from pipelines.production.captions import preview, subtitle_writer
from pipelines.production.captions.caption_style import CaptionStyle
from pipelines.production.captions.safe_area import HEIGHT, WIDTH
from tests.pipelines.production.captions.captioning import frames

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

LOOKS = {
    "default": CaptionStyle(),
    "block": CaptionStyle(style="block", font="Anton", size=120, upper_case=True, position="top"),
    "pop": CaptionStyle(style="pop", font="Noto Sans", position="middle", outline=0),
    "six": CaptionStyle(words_at_once=6, position=1300, outline=16),
}
TEXTS = {
    "English": "Nobody had the heart, to tell",
    "mixed": "сосед 😭 व्यक्ति Ελλάδα ภาษาไทย 漢字",
    "Hebrew": "השכן שלי משקה צמח",
    "Arabic": "كان جاري يسقي نبتة",
    "long": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("caption_style", LOOKS.values(), ids=LOOKS)
def test_the_preview_is_drawn_as_the_video_is(
    caption_style: CaptionStyle, text: str, tmp_path: Path
) -> None:
    # Given the same words by libass, their outline seen too, without what is beside the captions
    caption_style = replace(caption_style, outline_colour="FFFFFF")
    words = text.split()
    spoken = [WordTiming(word, i * 0.35, i * 0.35 + 0.35) for i, word in enumerate(words)]
    subtitles = subtitle_writer.build(spoken, caption_style=caption_style, part=(1, 1), seconds=9)
    seen = frames(subtitles.ass, tmp_path, seconds=0.2, fps=10)[1]
    seen[: caption_style.area.top] = False

    # When they are drawn for the preview
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    preview.draw(picture, caption_style, words)
    drawn = np.asarray(picture.convert("L")) > 40

    # Then nearly all of what is drawn is the same
    assert seen.any()
    assert (seen & drawn).sum() / (seen | drawn).sum() > 0.8


def test_a_still_is_a_small_picture_of_the_sample() -> None:
    default, other = preview.still(CaptionStyle()), preview.still(CaptionStyle(), "Other words 😭")

    with Image.open(BytesIO(default)) as picture:
        assert picture.size == (540, 960)
    assert default != other
    assert preview.still(CaptionStyle(), "   ") == default
    assert preview.still(CaptionStyle(emoji=False), "😭")
