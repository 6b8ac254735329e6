"""Tells a text with a voice, unless the sound of the same text and voice is there already."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import Histogram

from adapters.ports import Speech, Synthesizer, WordTiming
from core.files.storage import MediaStore, content_key
from pipelines.ledger import Claim
from pipelines.production.narration import channel_pronunciations, narration_cache
from pipelines.production.production_settings import ProductionSettings
from pipelines.stories.text import letters

log = structlog.get_logger(__name__)

WORK_PER_MINUTE = Histogram(
    "storymill_narration_seconds_per_spoken_minute",
    "Wall time to synthesize a minute of speech",
    ["engine"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 60, 120),
)


@dataclass(frozen=True, slots=True)
class Told:
    """A narration in the cache.

    Attributes:
        key: identifies the text, how its words are said, and the voice.
        voice: the identity of the voice.
        speech: the sound, with the times of the words as they are written.
        is_new: whether it was spoken now.
    """

    key: str
    voice: str
    speech: Speech
    is_new: bool


def tell(
    text: str,
    production: ProductionSettings,
    synthesizer_of: Callable[[ProductionSettings], Synthesizer],
    claim: Claim,
    media: MediaStore,
) -> Told:
    """Speak ``text``, or take it from the cache.

    Raises:
        VoiceUnusableError: the voice is missing or damaged.
    """
    synthesizer = synthesizer_of(production)
    said = channel_pronunciations.say(text, production.pronunciations)
    said_text = [said.text] if said else []  # so only a text with a word of the table depends on it
    key = content_key(_key_version(text), text, synthesizer.identity, *said_text)
    if known := narration_cache.known(media, key):
        return Told(key, synthesizer.identity, known, is_new=False)
    with media.workshop() as folder:
        began = time.perf_counter()
        sound = folder / "narration.wav"
        speech = synthesizer.speak(said.text if said else text, sound, claim.progress)
        _report(synthesizer.identity, speech, time.perf_counter() - began)
        words = said.written(speech.words) if said else speech.words
        speech = _keep(replace(speech, words=words), key, folder, media)
    return Told(key, synthesizer.identity, speech, is_new=True)


def row(timing: WordTiming) -> list[Any]:
    """A word as stored; with the times inside it only if it is shown phrase by phrase."""
    row = [timing.word, timing.start, timing.end]
    if timing.inside and letters.has_no_spaces(timing.word):
        return [*row, timing.inside]
    return row


def _key_version(text: str) -> str:
    """Version in the content key; 3 has times inside words, for scripts without spaces only."""
    return "narration/3" if letters.has_no_spaces(text) else "narration/2"


def _keep(made: Speech, key: str, folder: Path, media: MediaStore) -> Speech:
    """Put a narration and its times from ``folder`` into the cache."""
    sheet = folder / "narration.json"
    sheet.write_text(
        json.dumps(
            {
                "seconds": made.seconds,
                "timed_by": made.timed_by,
                "sha256": narration_cache.digest(made.path),
                "words": [row(timing) for timing in made.words],
            }
        )
    )
    if known := narration_cache.known(media, key):
        return known  # another worker was first, and its times are already in the database
    sound = made.path.replace(media.path("narration", key, ".wav"))
    sheet.replace(media.path("narration", key, ".json"))
    return replace(made, path=sound)


def _report(identity: str, made: Speech, took: float) -> None:
    """Report how long a spoken minute took; not called for cached narrations."""
    engine = identity.partition("/")[0]
    each = took / (made.seconds / 60)
    WORK_PER_MINUTE.labels(engine).observe(each)
    log.info(
        "narration.spoken",
        engine=engine,
        seconds=round(made.seconds, 2),
        words=len(made.words),
        seconds_per_spoken_minute=round(each, 3),
    )
