"""Stage "narrate": speaks a part and stores the time of each word."""

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
from core.files.storage import MediaStore, content_key
from models import Narration, Part, locked
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.production.narration import narration_cache, voices
from pipelines.production.production_settings import ProductionSettings
from pipelines.stories.text import letters

log = structlog.get_logger(__name__)

WORK_PER_MINUTE = Histogram(
    "storymill_narration_seconds_per_spoken_minute",
    "Wall time to synthesize a minute of speech",
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
    """Speak the part, or reuse the cached sound of the same text and voice.

    Raises:
        Permanent: a word of the part was not spoken; or the channel's voice was changed after the
            script was written and speaks another language.
    """
    part = Part.get_by_id(part_id)
    production = defaults.of(part.script.story)
    voices.check(production, part.script.story.language)
    synthesizer = synthesizer_of(production)
    key = content_key(_key_version(part.spoken), part.spoken, synthesizer.identity)
    with db.closed_for_long_work():
        cached = narration_cache.known(media, key)
        speech = cached or _speak(part.spoken, key, claim, synthesizer, media)
    if [timing.word for timing in speech.words] != part.spoken.split():
        raise Permanent("The narration does not contain every word of the part.", code="coverage")
    words = [_row(timing) for timing in speech.words]
    with claim.finish():
        same = Narration.select(Narration.id).where(
            (Narration.part == part) | (Narration.key == key)
        )
        list(locked(same.order_by(Narration.id)))  # two parts may have the same words
        Narration.insert(
            part=part,
            key=key,
            path=media.name(speech.path),
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
        if not cached:  # a new sound shifts the words slightly for all parts that share it
            Narration.update(seconds=speech.seconds, timed_by=speech.timed_by, words=words).where(
                Narration.key == key, Narration.part != part
            ).execute()
        ledger.enqueue_next(claim)


def _row(timing: WordTiming) -> list[Any]:
    """A word as stored; with the times inside it only if it is shown phrase by phrase."""
    row = [timing.word, timing.start, timing.end]
    if timing.inside and letters.has_no_spaces(timing.word):
        return [*row, timing.inside]
    return row


def _key_version(text: str) -> str:
    """Version in the content key; 3 has times inside words, for scripts without spaces only."""
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
            return known  # another worker was first, and its times are already in the database
        sound = made.path.replace(media.path("narration", key, ".wav"))
        sheet.replace(media.path("narration", key, ".json"))
    return Speech(path=sound, seconds=made.seconds, words=made.words, timed_by=made.timed_by)


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
