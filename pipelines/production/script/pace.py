"""How fast a voice really speaks (P8): measured on what it has said, else as it is set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from adapters.ports import Synthesizer
from core.db import database
from core.errors import StorymillError
from pipelines.production.production_settings import ProductionSettings
from pipelines.stories.text.rules.sentences import spoken_length

log = structlog.get_logger(__name__)

SPOKEN_SHARE = 0.92
"""Pauses slow the set pace down: espeak-ng says 156 words a minute of 170, measured over twenty
stories in their parts (3,249 words); 121 of 130, and 201 of 220."""
NARRATIONS = 20
"""Newest ones of the voice that are measured."""
LOOKED_AT = 1_000
"""Newest narrations of all voices among which they are looked for: bounds the search."""
FEWEST_WORDS = 200
"""Fewer say too little: the length of words and pauses differs from text to text."""


def measured(voice: str) -> float | None:
    """Words a minute of the newest narrations by ``voice``; None while there are too few.

    Words are counted as ``split`` counts them: a script without spaces by its characters.

    Args:
        voice: the synthesizer's identity, so that another pace or pause is another voice.
    """
    cursor = database.execute_sql(
        "SELECT words, seconds FROM (SELECT id, voice, words, seconds FROM narration"
        " ORDER BY id DESC LIMIT %s) AS newest WHERE voice = %s ORDER BY id DESC LIMIT %s",
        (LOOKED_AT, voice, NARRATIONS),
    )
    words = seconds = 0.0
    for timings, lasted in cursor.fetchall():
        words += spoken_length(" ".join(word for word, *_ in timings))
        seconds += lasted
    return 60.0 * words / seconds if words >= FEWEST_WORDS and seconds > 0 else None


def words_per_minute(
    production: ProductionSettings, synthesizer_of: Callable[[ProductionSettings], Synthesizer]
) -> float:
    """The pace to reckon a part's length with."""
    try:
        heard = measured(synthesizer_of(production).identity)
    except StorymillError as error:
        # Narrating will fail with the same sentence, and a person sees it there.
        log.warning("voice_not_known", error=str(error))
        heard = None
    return heard or production.words_per_minute * SPOKEN_SHARE


def of_all(
    studios: Mapping[int, ProductionSettings],
    synthesizer_of: Callable[[ProductionSettings], Synthesizer],
) -> dict[int, float]:
    """The paces of the studios by their keys, each voice measured once."""
    known: dict[tuple[str, str, int], float] = {}
    paces = {}
    for key, production in studios.items():
        voice = (production.voice, production.quote_voice, production.words_per_minute)
        if voice not in known:
            known[voice] = words_per_minute(production, synthesizer_of)
        paces[key] = known[voice]
    return paces
