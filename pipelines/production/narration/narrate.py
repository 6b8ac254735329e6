"""A part is spoken; the time of each word comes out with the sound."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import structlog
from prometheus_client import Histogram

from adapters.ports import Speech, Synthesizer, WordTiming
from core import db
from core.errors import Permanent
from core.storage import MediaStore, content_key
from models import Narration, Part
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.production.narration import narration_cache, voices
from pipelines.production.production_settings import ProductionSettings
from pipelines.stories.text import letters

log = structlog.get_logger(__name__)

WORK_PER_MINUTE = Histogram(
    "storymill_narration_seconds_per_spoken_minute",
    "Wall time that a voice takes for a minute of speech",
    ["engine"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 60, 120),
)


def narrate(
    part_id: int,
    claim: Claim,
    synthesizer_of: Callable[[ProductionSettings], Synthesizer],
    media: MediaStore,
    defaults: ProductionSettings,
) -> None:
    """Speak the part, or take the sound that the same text and voice made before (P9).

    Raises:
        Permanent: a word of the part was not spoken (P13); or the channel's voice, chosen since
            the script was written, speaks another language.
    """
    part = Part.get_by_id(part_id)
    production = defaults.of(part.script.story)
    voices.check(production, part.script.story.language)
    synthesizer = synthesizer_of(production)
    key = content_key(_kept(part.spoken), part.spoken, synthesizer.identity)
    with db.closed_for_long_work():
        kept = narration_cache.known(media, key)
        speech = kept or _speak(part.spoken, key, claim, synthesizer, media)
    if [timing.word for timing in speech.words] != part.spoken.split():
        raise Permanent("The narration does not hold every word of the part.", code="coverage")
    words = [_row(timing) for timing in speech.words]
    with claim.finish():
        Narration.insert(
            part=part,
            key=key,
            path=str(speech.path),
            seconds=speech.seconds,
            voice=synthesizer.identity,
            timed_by=speech.timed_by,
            words=words,
        ).on_conflict(
            conflict_target=[Narration.part],
            preserve=[
                Narration.key,
                Narration.path,
                Narration.seconds,
                Narration.voice,
                Narration.timed_by,
                Narration.words,
            ],
        ).execute()
        if not kept:  # spoken anew, the words of others that share the sound shift a little
            Narration.update(seconds=speech.seconds, timed_by=speech.timed_by, words=words).where(
                Narration.key == key, Narration.part != part
            ).execute()
        ledger.enqueue_next(claim)


def _row(timing: WordTiming) -> list[Any]:
    """A word as it is kept; the moments inside only where the word is shown phrase by phrase."""
    row = [timing.word, timing.start, timing.end]
    if timing.inside and letters.has_no_spaces(timing.word):
        return [*row, timing.inside]
    return row


def _kept(text: str) -> str:
    """Name what is kept: moments inside words since 3, and only of scripts without spaces."""
    return "narration/3" if letters.has_no_spaces(text) else "narration/2"


def _speak(
    text: str, key: str, claim: Claim, synthesizer: Synthesizer, media: MediaStore
) -> Speech:
    with media.workshop() as folder:
        began = time.perf_counter()
        made = synthesizer.speak(text, folder / "narration.wav", claim.progress)
        _report(synthesizer.identity, made, time.perf_counter() - began)
        sheet = folder / "narration.json"
        sheet.write_text(
            json.dumps(
                {
                    "seconds": made.seconds,
                    "timed_by": made.timed_by,
                    "sha256": narration_cache.digest(made.path),
                    "words": [_row(timing) for timing in made.words],
                }
            )
        )
        if known := narration_cache.known(media, key):
            return known  # another worker's, and its times are on record already
        sound = made.path.replace(media.path("narration", key, ".wav"))
        sheet.replace(media.path("narration", key, ".json"))
    return Speech(path=sound, seconds=made.seconds, words=made.words, timed_by=made.timed_by)


def _report(identity: str, made: Speech, took: float) -> None:
    """Say how long a spoken minute took; only of what was spoken, not of what was there."""
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
