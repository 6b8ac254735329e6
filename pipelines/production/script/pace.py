"""How fast a voice really speaks: measured on past narrations, else estimated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from adapters.ports import Synthesizer
from core.db import database
from core.errors import StorymillError
from pipelines.production.production_settings import ProductionSettings
from pipelines.stories.text.rules.sentences import spoken_length

log = structlog.get_logger(__name__)

SPOKEN_SHARE = 0.92
"""Pauses slow down the set pace: set to 170 words a minute, espeak-ng speaks 156, measured over the
parts of twenty stories (3,249 words); set to 130 it speaks 121, set to 220 it speaks 201."""
PIPER_PACE = 180.0
"""Words a minute of a Piper voice that has not been measured yet: the default voice's, over the
parts of eight stories (1,596 words). A Piper voice has its own pace, whatever is set."""
NARRATIONS = 20
"""Newest narrations of the voice that are measured."""
LOOKED_AT = 1_000
"""Newest narrations of all voices that are searched; limits the query."""
FEWEST_WORDS = 200
"""Fewer words give no reliable pace: word length and pauses differ from text to text."""


def measured(voice: str) -> float | None:
    """Words a minute in the newest narrations by ``voice``; None if there are too few.

    Words are counted as in ``split``: a script without spaces is counted by characters.

    Args:
        voice: the synthesizer's identity; another pace or pause counts as another voice.
    """
    return _measured("voice = %s", voice)


def by_name(production: ProductionSettings) -> float:
    """The pace used where no voice can be loaded, as in the back office: by the voice's name."""
    engine, _, name = production.voice.partition(":")
    name = re.sub(r"([\\%_])", r"\\\1", name.rpartition("/")[2].removesuffix(".onnx"))
    pattern = f"piper/%/{name}@%"
    if engine == "espeak":
        pattern = f"espeak-ng/%/{name}/pace={production.words_per_minute},%"
    return _measured("voice LIKE %s", pattern) or assumed(production)


def _measured(condition: str, voice: str) -> float | None:
    cursor = database.execute_sql(
        "SELECT words, seconds FROM (SELECT id, voice, words, seconds FROM narration"
        f" ORDER BY id DESC LIMIT %s) AS newest WHERE {condition} ORDER BY id DESC LIMIT %s",
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
    """The pace used to estimate the length of a part."""
    try:
        heard = measured(synthesizer_of(production).identity)
    except StorymillError as error:
        # The narrate stage will fail with the same message, where a person sees it.
        log.warning("voice_not_known", error=str(error))
        if production.voice_fallback:
            other = replace(production, voice=production.voice_fallback, voice_fallback="")
            return words_per_minute(replace(other, quote_voice=""), synthesizer_of)
        heard = None
    return heard or assumed(production)


def assumed(production: ProductionSettings) -> float:
    """The pace of a voice that has not been measured yet."""
    if production.voice.startswith("piper:"):
        return PIPER_PACE
    return production.words_per_minute * SPOKEN_SHARE


def of_all(
    settings: Mapping[int, ProductionSettings],
    synthesizer_of: Callable[[ProductionSettings], Synthesizer],
) -> dict[int, float]:
    """The pace for each of ``settings``, by the same keys; each voice is measured once."""
    known: dict[tuple[str, str, int], float] = {}
    paces = {}
    for key, production in settings.items():
        voice = (production.voice, production.quote_voice, production.words_per_minute)
        if voice not in known:
            known[voice] = words_per_minute(production, synthesizer_of)
        paces[key] = known[voice]
    return paces
