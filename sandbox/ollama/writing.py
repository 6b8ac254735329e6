"""Write a model's answer for a story by rules: hook, call, title, hashtags, split points.

The sandbox doesn't know the prompt. It looks for JSON with stories in the user's message and
follows no instructions in it.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

WORDS_A_PART = 170
"""About a minute at a narrator's speed."""
HOOK_WORDS = 16

GRIPPING = frozenset(
    re.findall(
        r"\w+",
        """never nobody secret suddenly door knew wrong quit fired alone night behind whispered lied
        locked stranger empty missing finally refused ruined screamed silence wedding money police
        boss nunca nadie secreto puerta noche sola solo mentira silencio""",
    )
)
ABBREVIATIONS = {
    "AITA": "Was I wrong",
    "WIBTA": "Would I be wrong",
    "TIFU": "How I messed up",
}


@dataclass(frozen=True)
class PromptStory:
    """A story from the message."""

    id: Any
    title: str
    sentences: tuple[str, ...]
    language: str
    asks: bool = False
    """The title is a question, the sentences are answers."""

    def pick(self, choices: tuple[str, ...]) -> str:
        """Choose by the title: the same story always gets the same text."""
        return choices[zlib.crc32(self.title.encode()) % len(choices)]


@dataclass(frozen=True)
class Tone:
    words: frozenset[str]
    calls: tuple[str, ...]
    hashtags: tuple[str, ...]


def _tone(words: str, calls: tuple[str, ...], hashtags: str) -> Tone:
    return Tone(frozenset(words.split()), calls, tuple(hashtags.split()))


TONES = {
    "night": _tone(
        "dark night whispered monitor stairs knock scream breathing footsteps window basement dust",
        (
            "Would you have stayed in that room, or would you have run?",
            "What do you think was really there with them that night?",
        ),
        "scarystories horrortok storytime creepy",
    ),
    "office": _tone(
        "boss manager office policy email work shift hr company contract invoice meeting",
        (
            "Would you have followed the rule, or kept your job easy?",
            "What is the silliest rule that your own boss ever made?",
        ),
        "maliciouscompliance worktok storytime officelife",
    ),
    "verdict": _tone(
        "aita wrong wedding sister brother mother refused family husband wife parents unfair",
        (
            "So whose side are you on, and who should say sorry first?",
            "Would you have given in, or done exactly the same?",
        ),
        "familydrama storytime redditstories verdict",
    ),
    "mishap": _tone(
        "tifu accidentally mistake oops towel laughed embarrassed stuck messed forgot missed",
        (
            "Would you have told anybody, or moved to another town?",
            "What is the worst thing that four seconds ever did to you?",
        ),
        "funnystories embarrassing storytime redditstories",
    ),
}
PLAIN = _tone(
    "",
    (
        "What would you have done in that moment?",
        "Did you see that coming, or not at all?",
    ),
    "storytime redditstories truestory narrated",
)
ASKING = _tone(
    "",
    (
        "And what would you have answered?",
        "Which of these would you have kept quiet about?",
    ),
    "askreddit storytime redditstories questions",
)
SPANISH = _tone(
    "",
    ("¿Qué habrías hecho tú en ese momento?", "¿Tú lo habrías perdonado, o no?"),
    "historias relatos storytime cuentos",
)


def prompt_stories(message: str) -> list[PromptStory]:
    """Find the stories in a message: the first JSON in it that has any."""
    decoder = json.JSONDecoder()
    for found in re.finditer(r"[{\[]", message):
        try:
            value, _ = decoder.raw_decode(message, found.start())
        except ValueError:
            continue
        if stories := _stories_in(value):
            return stories
    return []


def written(name: str, story: PromptStory) -> Any:
    """Write the field ``name``; None if it is unknown."""
    fields: tuple[tuple[str, Callable[[PromptStory], Any]], ...] = (
        (r"(story_)?id|key", lambda s: s.id),
        (r".*hashtags?|tags", hashtags),
        (r"splits?.*|break_after|breaks", split_points),
        (r".*hooks|openings", hooks),
        (r".*hook|opening", hook),
        (r"call.*|cta|closing|outro", lambda s: s.pick(tone(s).calls)),
        (r".*title|headline", title),
        (r"lang(uage)?", lambda s: s.language),
        (r"summary|description|caption", lambda s: " ".join(s.sentences[:2])),
    )
    write = next((w for pattern, w in fields if re.fullmatch(pattern, name.lower())), None)
    return write(story) if write else None


def plain_answer(stories: list[PromptStory]) -> str:
    if not stories:
        return "I am ready when you are: send me a story."
    return "\n".join(f"{hook(s)} {s.pick(tone(s).calls)}" for s in stories)


def tone(story: PromptStory) -> Tone:
    if story.language == "es":
        return SPANISH
    if story.asks:
        return ASKING
    words = set(re.findall(r"\w+", f"{story.title} {' '.join(story.sentences)}".lower()))
    best = max(TONES.values(), key=lambda one: len(one.words & words))
    return best if len(best.words & words) > 1 else PLAIN


def title(story: PromptStory) -> str:
    text = re.sub(r"\s+", " ", story.title).strip()
    for short, spoken in ABBREVIATIONS.items():
        text = re.sub(rf"^{short}\b", spoken, text, flags=re.IGNORECASE)
    return text[:1].upper() + text[1:]


def hook(story: PromptStory) -> str:
    """The most gripping short sentence from the middle, or else the title."""
    return hooks(story)[0]


def hooks(story: PromptStory) -> list[str]:
    """Return up to four of the story's sentences; with its title if they are too few."""
    if story.asks:
        asked = title(story)
        return [asked, f"Be honest with me. {asked}", f"Everybody has an answer to this. {asked}"]
    middle = story.sentences[1 : max(2, len(story.sentences) * 2 // 3)]
    fit = [s for s in middle if 6 <= len(s.split()) <= HOOK_WORDS and not re.search(r"[*#|>_]", s)]  # noqa: PLR2004
    best = sorted(fit, key=_grip, reverse=True)[:3]
    about = " ".join(title(story).split()[:HOOK_WORDS]).rstrip(".")
    named = (f"{about}.", f"Here is what I know: {about}.", f"Never forget this: {about}.")
    return list(dict.fromkeys(sentence.strip() for sentence in (*best, *named)))[:4]


def hashtags(story: PromptStory) -> list[str]:
    """Return the tone's four and the title's longest word, in plain letters, without ``#``."""
    plain = unicodedata.normalize("NFKD", story.title.lower()).encode("ascii", "ignore").decode()
    words = sorted(set(re.findall(r"[a-z]{5,}", plain)), key=lambda word: (-len(word), word))
    return [*tone(story).hashtags, *words[:1]]


def split_points(story: PromptStory) -> list[int]:
    """Return the sentences after which a new part may start; the parts are about equally long."""
    lengths = [len(sentence.split()) for sentence in story.sentences]
    parts = max(1, round(sum(lengths) / WORDS_A_PART))
    points: list[int] = []
    for part in range(1, parts):
        goal = sum(lengths) * part / parts
        ends = range(len(lengths) - 1)
        nearest = min(ends, key=lambda i: abs(sum(lengths[: i + 1]) - goal), default=0)
        if nearest not in points:
            points.append(nearest)
    return points


def _grip(sentence: str) -> float:
    words = set(re.findall(r"\w+", sentence.lower()))
    return 2 * len(words & GRIPPING) + ("?" in sentence) + ('"' in sentence or "“" in sentence)


def _stories_in(value: Any) -> list[PromptStory]:
    if isinstance(value, list):
        return [story for entry in value for story in _stories_in(entry)]
    if not isinstance(value, dict):
        return []
    key = next((name for name in ("story_id", "id", "key") if name in value), None)
    if key is not None and ("title" in value or "sentences" in value or "text" in value):
        return [
            PromptStory(
                value[key],
                str(value.get("title", "")),
                _sentences(value.get("sentences", value.get("text", value.get("body", "")))),
                str(value.get("language", value.get("lang", "en"))),
                value.get("asks") is True,
            )
        ]
    return [story for entry in value.values() for story in _stories_in(entry)]


def _sentences(value: Any) -> tuple[str, ...]:
    """Read a list of sentences or of objects with ``text``, an object by number, or plain text."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return tuple(str(s.get("text", "")) if isinstance(s, dict) else str(s) for s in value)
    return tuple(part for part in re.split(r"(?<=[.!?])\s+", str(value)) if part)
