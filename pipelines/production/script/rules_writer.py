"""The rules writer: writes scripts when the language model is unavailable or answers badly.

Its text is built from the story's own title and from lines that fit any story of its kind, so it
can't invent facts. The choice of lines depends only on the story's text: the same story always
gets the same script.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise

from adapters.ports import ScriptDraft, StoryText
from core.text.quotation import balanced
from pipelines.production.script.rules_lines import (
    ANY,
    ASKED,
    BARE_HOOK,
    GRAVE_TONES,
    KINDS,
    LANGUAGES,
    QUESTION_HOOKS,
    TAG_BY_WORD,
    TONES,
    UPDATE,
    Kind,
)
from pipelines.production.script.split import tension
from pipelines.stories.text.language import base
from pipelines.stories.text.rules.rule import capitalised
from pipelines.stories.text.rules.sentences import closed
from pipelines.stories.text.rules.sentences import split as sentences_of

WRITTEN_BY = "rules"
TITLE_CHARACTERS = 100
"""About the length of a title shown before "more"; the caller adds part numbers."""
_HOOK_WORDS = 28
_MOST_TAGS = 6
MOST_HOOKS = 5
_LEAST_TAGS = 3
_SEEN_OFTEN = 3
"""Signs of a kind that a story's text must have if its title has none."""
_GOOD_END = 0.9
"""Tension from which a sentence is a good end for a part."""
_SENTENCES_PER_SPLIT = 6


class RulesWriter:
    """Implements ``ports.ScriptWriter`` by rules; never fails and needs no other service."""

    def write(self, stories: Sequence[StoryText]) -> dict[int, ScriptDraft]:
        return {story.story_id: _draft(story) for story in stories}


def _draft(story: StoryText) -> ScriptDraft:
    title = balanced(story.title or next(iter(story.sentences), ""))
    language = base(story.language)
    kind = _kind_of(story) if language == "en" else ANY
    abroad = LANGUAGES.get(language)
    if language == "en":
        hooks, call = _hooks(kind, title, story.tone), _chosen(kind.calls, title)
    else:
        hooks, call = _hooks_abroad(language, title, story.tone), abroad.call if abroad else ""
    return ScriptDraft(
        story_id=story.story_id,
        title=_fitted(title.rstrip(". "), TITLE_CHARACTERS),
        hooks=hooks,
        call_to_action=call,
        hashtags=_hashtags(kind, story),
        split_after=_good_splits(story.sentences),
        written_by=WRITTEN_BY,
    )


def _kind_of(story: StoryText) -> Kind:
    """The first kind with a sign in the title; else the kind with most signs in the text."""
    if story.asks:
        return ASKED
    body = " ".join(story.sentences)
    for kind in KINDS:
        if kind.signs.search(story.title):
            return kind
    seen = [(len(kind.signs.findall(body)), -order) for order, kind in enumerate(KINDS)]
    count, order = max(seen)
    return KINDS[-order] if count >= _SEEN_OFTEN else ANY


def _hooks(kind: Kind, title: str, tone: str) -> tuple[str, ...]:
    """Hooks for the tone, then those for the kind; the title decides which comes first."""
    short = _short(title)
    if short.startswith(UPDATE):
        short = capitalised(short.removeprefix(UPDATE))
        return (f"There is an update. {short}", f"Here is how it went on. {short}", short)
    lines = QUESTION_HOOKS if kind is ANY and short.endswith("?") else kind.hooks
    toned = TONES.get(tone, ()) if kind.name != "grave" or tone in GRAVE_TONES else ()
    ordered = [*_turned(toned, title), *_turned(lines, title), BARE_HOOK]
    return _filled(ordered, short)


def _hooks_abroad(language: str, title: str, tone: str) -> tuple[str, ...]:
    """The bare title comes first, unless the language has a hook for the channel's tone."""
    abroad = LANGUAGES.get(language)
    toned = dict(abroad.by_tone).get(tone, ()) if abroad else ()
    leads = abroad.leads if abroad else ()
    return _filled([*toned, BARE_HOOK, *_turned(leads, title)], _short(title))


def _filled(lines: Sequence[str], short: str) -> tuple[str, ...]:
    hooks = dict.fromkeys(line.format(title=short, inside=_inside(short)) for line in lines)
    return tuple(hooks)[:MOST_HOOKS]


def _short(title: str) -> str:
    """A title short enough for a hook: its first sentences; if they are long, the first clause."""
    said: list[str] = []
    for sentence in sentences_of(title):
        if said and sum(map(_words, said)) + _words(sentence) > _HOOK_WORDS:
            break
        said.append(sentence)
    text = " ".join(said)
    if _words(text) > _HOOK_WORDS:
        head = re.match(r"(?:\S+\s+){5,27}?\S+(?=[,;:]\s|\s+(?:and|but|so|because|while)\s)", text)
        text = head[0] if head else " ".join(text.split()[:_HOOK_WORDS])
    return closed(balanced(text.rstrip(",;:")))


def _inside(title: str) -> str:
    """The title as written after a colon: lower case, unless it starts with a name or "I"."""
    opens = re.match(
        r"(?:Am|Would|Is|Was|Are|Should|Did|Do|Does|What|Why|How|Who|When|Have|The|My|Today)\b",
        title,
    )
    return title[0].lower() + title[1:] if opens else title


def _words(text: str) -> int:
    return len(text.split())


def _fitted(title: str, most: int) -> str:
    """A title of at most ``most`` characters, cut after a clause or a word."""
    title = capitalised(title)
    if len(title) <= most:
        return title
    return balanced(_cut(title[: most - 1]))


def _cut(cut: str) -> str:
    clause = max(cut.rfind(mark) for mark in (". ", "? ", "! ", ", ", "; ", ": "))
    if clause >= len(cut) // 2:
        return cut[: clause + 1].rstrip(",;: ") + ("" if cut[clause] in ".?!" else "…")
    return cut.rsplit(" ", 1)[0].rstrip(",;:.- ") + "…"


def _chosen(lines: Sequence[str], text: str) -> str:
    return _turned(lines, text)[0]


def _turned(lines: Sequence[str], text: str) -> tuple[str, ...]:
    """The lines rotated to a start that depends only on the text."""
    if not lines:
        return ()
    at = int.from_bytes(blake2b(text.encode(), digest_size=4).digest()) % len(lines)
    return (*lines[at:], *lines[:at])


def _hashtags(kind: Kind, story: StoryText) -> tuple[str, ...]:
    counted = Counter[str]()
    for text, weight in ((story.title, 3), (" ".join(story.sentences), 1)):
        for word in re.findall(r"[a-z][a-z'-]+", text.lower()):
            tag = TAG_BY_WORD.get(word.removesuffix("'s"))
            if tag:
                counted[tag] += weight
    topics = [tag for tag, count in counted.most_common() if count >= _LEAST_TAGS]
    return tuple(dict.fromkeys([*kind.tags, *topics]))[:_MOST_TAGS]


def _good_splits(sentences: Sequence[str]) -> tuple[int, ...]:
    """The sentences that make the best part ends: at most one in six, never the last."""
    scored = [
        (tension(sentence, following), index)
        for index, (sentence, following) in enumerate(pairwise(sentences))
    ]
    best = sorted(scored, reverse=True)[: len(sentences) // _SENTENCES_PER_SPLIT]
    return tuple(sorted(index for score, index in best if score >= _GOOD_END))
