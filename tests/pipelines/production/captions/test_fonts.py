"""A missing or damaged font is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import Permanent
from pipelines.production.captions import fonts
from pipelines.production.captions.fonts import Face


@pytest.mark.parametrize("kept", [None, 0, 200, 5000], ids=["missing", "empty", "torn", "half"])
@pytest.mark.parametrize(
    "use", [lambda face: face.has("a"), lambda face: face.ass_size(40)], ids=["letters", "size"]
)
def test_a_font_that_can_not_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: Callable[[Face], object], kept: int | None
) -> None:
    # given a folder in which the font is missing or cut off
    whole = (fonts.FOLDER / fonts.MAIN.file).read_bytes()
    monkeypatch.setattr(fonts, "FOLDER", tmp_path)
    name = f"ends-at-{kept}.ttf"
    if kept is not None:
        (tmp_path / name).write_bytes(whole[:kept])

    # when a caption asks for a letter or a size of it
    with pytest.raises(Permanent, match=f"{name} is missing or damaged") as caught:
        use(Face("Spoiled", name))

    # then the message says what to install, with the same code as the render stage
    assert caught.value.code == "font_missing"
