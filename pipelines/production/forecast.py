"""What a story becomes if it is approved: how many parts, how long, and how the first begins.

The script is not written yet: the rules' draft stands in for it. A language model writes other
lines around the story, so lengths are a few seconds off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from core.errors import Permanent
from models import Story
from pipelines.production.captions.cues import ends_sentence
from pipelines.production.narration import channel_pronunciations, voices
from pipelines.production.production_settings import ProductionSettings
from pipelines.production.script import pace
from pipelines.production.script.rules_writer import RulesWriter
from pipelines.production.script.script import opening, parts_of, text_of
from pipelines.stories.text.rules.sentences import spoken_length

HEARD_SECONDS = 10.0
LONGEST_BEGINNING = 280
"""Characters of a beginning; a voice takes seconds for more."""
_GOES_ON = 8
"""Words by which a beginning may be longer, to end with its sentence."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A story's parts, before it is approved.

    Attributes:
        voice: tells it.
        parts: the estimated length of each part, in seconds.
        problem: why it can't be made, as a sentence; then there are no parts.
    """

    voice: str
    parts: tuple[float, ...]
    problem: str = ""

    @property
    def seconds(self) -> float:
        return sum(self.parts)


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first seconds of a story, for a voice.

    Attributes:
        said: what the voice gets, pronunciations replaced.
    """

    voice: str
    words_per_minute: int
    said: str


def of_all(stories: Iterable[Story], defaults: ProductionSettings) -> dict[int, Forecast]:
    """The forecast of each story, by its id; each voice's pace is looked up once.

    A story that no voice can tell has a problem.

    Args:
        stories: with their sources and channels; those without narratable text are left out.
        defaults: of the settings.
    """
    paces: dict[tuple[str, int], float] = {}
    found = {}
    for story in stories:
        if not story.narratable_text:
            continue
        production = defaults.of(story)
        try:
            production = voices.fitting(production, story.language)
            voice = (production.voice, production.words_per_minute)
            if voice not in paces:
                paces[voice] = pace.by_name(production)
            parts = _parts(
                (story.narratable_title, story.narratable_text, story.language),
                (production.tone, production.split_by, production.target_seconds),
                round(paces[voice], 1),
            )
        except Permanent as error:
            found[story.id] = Forecast(production.voice, (), str(error))
        else:
            found[story.id] = Forecast(production.voice, parts)
    return found


@lru_cache(maxsize=1_000)
def _parts(
    text: tuple[str, str, str], chosen: tuple[str, str, tuple[int, int]], words_per_minute: float
) -> tuple[float, ...]:
    """The length of each part; the same story is shown again and again.

    Args:
        text: the title, the narratable text and the language of a story.
        chosen: the tone, where it is split, and the lengths of its parts.
        words_per_minute: the pace of its voice.
    """
    title, body, language = text
    tone, split_by, seconds = chosen
    story = Story(id=1, narratable_title=title, narratable_text=body, language=language)
    production = ProductionSettings("", 0, seconds, tone=tone, split_by=split_by)
    draft = RulesWriter().write([text_of(story, tone)])[story.id]
    return tuple(part.seconds for part in parts_of(story, draft, production, words_per_minute))


def beginning(story: Story, defaults: ProductionSettings) -> Beginning:
    """What is heard in the first ten seconds: the hook, then the story.

    Raises:
        VoiceUnusableError: its voice speaks another language, and no other may stand in.
    """
    production = voices.fitting(defaults.of(story), story.language)
    text = text_of(story, production.tone)
    draft = RulesWriter().write([text])[story.id]
    spoken = " ".join([opening(draft, 1, story.language), *text.sentences])
    beginning = _first(spoken, HEARD_SECONDS * pace.by_name(production) / 60)
    said = channel_pronunciations.say(beginning, production.pronunciations)
    return Beginning(
        production.voice, production.words_per_minute, said.text if said else beginning
    )


def _first(text: str, room: float) -> str:
    """The first words, as many as ``room`` holds; a sentence that nearly fits is whole."""
    words = text.split()
    taken, length = 0, 0.0
    while taken < len(words) and length < room:
        length += spoken_length(words[taken])
        taken += 1
    for longer in range(taken, min(taken + _GOES_ON, len(words)) + 1):
        if ends_sentence(words[longer - 1]):
            taken = longer
            break
    cut = " ".join(words[:taken])
    return cut if len(cut) <= LONGEST_BEGINNING else cut[:LONGEST_BEGINNING].rpartition(" ")[0]
