"""What is wrong with a script, found without the checks of the writer itself."""

from __future__ import annotations

import re

from models import Script, Story
from pipelines.production.script.rules_writer import WRITTEN_BY as RULES
from pipelines.stories.safety import lexicon_judge
from pipelines.stories.text import language

MOST_WORDS = 20
"""In a line by the model: about seven seconds of narration."""
MOST_WORDS_BY_RULES = 40
"""Lines by rules quote the story's title, and may add the question that its answers follow."""
MOST_TITLE = 100
SURE = 0.9
_NUMBERS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred "
    "thousand million dos tres cuatro cinco seis siete ocho nueve diez"
)
_PEOPLE = (
    "husband wife boyfriend girlfriend fiance fiancee mother father mom mum dad sister brother son "
    "daughter aunt uncle cousin grandmother grandfather boss manager teacher doctor police"
)
_CLAIMS = frozenset(f"{_NUMBERS} {_PEOPLE}".split())
"""Words that say something checkable: the story must say it too."""
_TAG = re.compile(r"[A-Za-z0-9_]{2,40}")
_OUTSIDE = re.compile(r"https?:|www\.|@\w|\br/\w|\bu/\w|[{}<>\[\]\\#|_`*]", re.IGNORECASE)


def faults(script: Script, story: Story) -> list[str]:
    """A sentence for everything that is wrong; empty if the script is fine."""
    hooks, call = list(script.hooks), script.call_to_action
    lines = [*hooks, call, script.title]
    by_rules = script.written_by == RULES
    found = [*_lengths(hooks, call, script.title, MOST_WORDS_BY_RULES if by_rules else MOST_WORDS)]
    found += [f"{line!r} has a link or markup" for line in lines if _OUTSIDE.search(line)]
    found += [f"{line!r} has no words" for line in lines if not re.search(r"\w", line)]
    if script.hook not in hooks or len({hook.casefold() for hook in hooks}) != len(hooks):
        found.append("the hooks repeat, or the chosen one is not among them")
    if not by_rules:
        found += [fault for line in lines for fault in _invented(line, story)]
    found += _tags(script.hashtags)
    spoken = " ".join(lines)
    code, sure = language.detect(spoken)
    if sure >= SURE and code != story.language:
        found.append(f"the lines are in {code}, the story is in {story.language}")
    told = lexicon_judge.judge(f"{story.narratable_title} {story.narratable_text}")
    said = lexicon_judge.judge(spoken)
    if said.score > max(told.score, story.source.warn_from):
        found.append(f"the lines are unsafe: {said.label}")
    return found


def _lengths(hooks: list[str], call: str, title: str, most: int) -> list[str]:
    found = [f"{line!r} is too long" for line in (*hooks, call) if len(line.split()) > most]
    if not hooks or not title.strip() or len(title) > MOST_TITLE:
        found.append("there is no hook, no title, or a title that is too long")
    return found


def _invented(line: str, story: Story) -> list[str]:
    """Numbers, people and names in ``line`` that the story doesn't have."""
    told = set(_words(f"{story.narratable_title} {story.narratable_text}".casefold()))
    claims = [word for word in _words(line.casefold()) if word.isdigit() or word in _CLAIMS]
    inside = re.findall(r"(?<=[a-z,;] )[A-Z][a-z]+", line)
    titled = len(inside) > len(line.split()) / 2
    checked = claims if titled else [*claims, *inside]
    return [f"{line!r} invents {word}" for word in checked if word.casefold() not in told]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+|\d+", text)


def _tags(tags: list[str]) -> list[str]:
    wrong = [tag for tag in tags if not _TAG.fullmatch(tag)]
    found = [f"the hashtag {tag!r} can't be used" for tag in wrong]
    if not tags or len({tag.casefold() for tag in tags}) != len(tags):
        found.append("there are no hashtags, or they repeat")
    return found
