"""Stage "narrate": speaks a part and stores the time of each word."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from prometheus_client import Counter

from adapters.ports import Synthesizer
from core import db
from core.errors import Permanent, VoiceUnusableError
from core.files.storage import MediaStore
from models import Narration, Part, locked
from pipelines import ledger
from pipelines.ledger import Claim
from pipelines.production.narration import telling, voices
from pipelines.production.production_settings import ProductionSettings

log = structlog.get_logger(__name__)

BY_OTHER_VOICE = Counter(
    "storymill_narrations_by_other_voice_total",
    "Narrations by another voice than the chosen one: its fallback, or espeak-ng in a language "
    "that the default voice doesn't speak",
    ["why"],
)
for _why in ("fallback", "language"):
    BY_OTHER_VOICE.labels(_why)


def narrate(
    part_id: int,
    claim: Claim,
    synthesizer_of: Callable[[ProductionSettings], Synthesizer],
    media: MediaStore,
    defaults: ProductionSettings,
) -> None:
    """Speak the part, or reuse the cached sound of the same text and voice.

    Raises:
        Permanent: a word of the part was not spoken.
        VoiceUnusableError: the voice is missing or damaged, or was changed after the script was
            written and speaks another language; and no other voice may stand in.
    """
    part = Part.get_by_id(part_id)
    production, language = defaults.of(part.script.story), part.script.story.language
    with db.closed_for_long_work():
        try:
            production = voices.fitting(production, language)
            told = telling.tell(part.spoken, production, synthesizer_of, claim, media)
        except VoiceUnusableError as error:
            production = voices.instead(production, language, error)
            told = telling.tell(part.spoken, production, synthesizer_of, claim, media)
    speech = told.speech
    if [timing.word for timing in speech.words] != part.spoken.split():
        raise Permanent("The narration does not contain every word of the part.", code="coverage")
    if production.voice_note:
        stands_in = production.voice_fallback != defaults.voice_fallback
        BY_OTHER_VOICE.labels("fallback" if stands_in else "language").inc()
        log.warning("narration.by_other_voice", part=part_id, note=production.voice_note)
    words = [telling.row(timing) for timing in speech.words]
    with claim.finish():
        same = Narration.select(Narration.id).where(
            (Narration.part == part) | (Narration.key == told.key)
        )
        list(locked(same.order_by(Narration.id)))  # two parts may have the same words
        Narration.insert(
            part=part,
            key=told.key,
            path=media.name(speech.path),
            seconds=speech.seconds,
            voice=told.voice,
            voice_note=production.voice_note,
            timed_by=speech.timed_by,
            words=words,
        ).on_conflict(
            conflict_target=[Narration.part],
            preserve=[
                Narration.key,
                Narration.path,
                Narration.seconds,
                Narration.voice,
                Narration.voice_note,
                Narration.timed_by,
                Narration.words,
            ],
        ).execute()
        if told.is_new:  # a new sound shifts the words slightly for all parts that share it
            Narration.update(seconds=speech.seconds, timed_by=speech.timed_by, words=words).where(
                Narration.key == told.key, Narration.part != part
            ).execute()
        ledger.enqueue_next(claim)
