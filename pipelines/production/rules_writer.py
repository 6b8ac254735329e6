"""The writer without a model: takes over when the language model is away or answers badly (P7).

What it says is built from the story's own title and from lines that fit any story of its kind, so
it can't claim what did not happen. The choice among lines hangs on the story's text alone: the
same story gets the same script.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise

from adapters.ports import ScriptDraft, StoryText
from pipelines.production.language import UNDETERMINED
from pipelines.production.narratable.rule import capitalised
from pipelines.production.narratable.sentences import closed
from pipelines.production.narratable.sentences import split as sentences_of
from pipelines.production.split import tension

WRITTEN_BY = "rules"
TITLE_CHARACTERS = 100
"""About what is shown of a title before "more"; part numbers are added by the caller."""
_HOOK_WORDS = 28
_MOST_TAGS = 6
_LEAST_TAGS = 3
_SEEN_OFTEN = 3
"""Signs of a kind in a story whose title shows none."""
_GOOD_END = 0.9
"""Tension from which a sentence is worth ending a part."""
_SENTENCES_A_WISH = 6


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of story: how it is known, opened and closed.

    In ``hooks``, ``{title}`` is the story's own title, closed with a mark, and ``{inside}`` the
    same as it reads inside a sentence.
    """

    name: str
    signs: re.Pattern[str]
    hooks: tuple[str, ...]
    calls: tuple[str, ...]
    tags: tuple[str, ...]


def _signs(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_VERDICT = _Kind(
    "verdict",
    _signs(r"\b(?:am i|would i be) (?:the |in the )?(?:a-hole|asshole|jerk|bad guy|wrong)\b"),
    (
        "Be honest with me: {inside}",
        "You be the judge: {inside}",
        "I need your honest opinion. {title}",
    ),
    (
        "So, who is in the wrong here? Tell me in the comments.",
        "What is your verdict? Tell me in the comments.",
        "Who do you side with? Let me know in the comments.",
    ),
    ("aita", "storytime", "redditstories"),
)
_MISHAP = _Kind(
    "mishap",
    _signs(r"\btoday i messed up\b"),
    (
        "I still can't believe I did this. {title}",
        "Learn from my mistake. {title}",
        "This one still makes me cringe. {title}",
    ),
    (
        "What would you have done? Tell me in the comments.",
        "Have you ever done something like this? Tell me in the comments.",
    ),
    ("tifu", "storytime", "fail"),
)
_KINDS: tuple[_Kind, ...] = (
    _VERDICT,
    _MISHAP,
    _Kind(
        "grave",
        _signs(r"\b(?:died|dying|passed away|deaths?|funeral|suicid\w+|cancer|killed|murder\w*"
               r"|raped?|assault\w*|miscarr\w+|abus(?:e|ed|ive)|drugged|grief|terminal)\b"),
        ("{title}", "This one is not easy to hear. {title}"),
        ("Share your thoughts in the comments.", "Tell me your thoughts in the comments."),
        ("storytime", "reallife", "emotional"),
    ),
    _Kind(
        "revenge",
        _signs(r"\b(?:revenge|karma|got (?:him|her|them) back|malicious compliance|payback)\b"),
        ("Some people have it coming. {title}", "This is how payback works. {title}"),
        (
            "Did they have it coming? Tell me in the comments.",
            "Fair, or too far? Tell me in the comments.",
        ),
        ("revenge", "storytime", "karma"),
    ),
    _Kind(
        "scary",
        _signs(r"\b(?:haunted|ghosts?|stalk(?:er|ed|ing)|creep(?:y|iest)|paranormal|scariest"
               r"|footsteps|intruder)\b"),
        ("Don't listen to this one alone. {title}", "This still keeps me up at night. {title}"),
        (
            "Has anything like this happened to you? Tell me in the comments.",
            "What would you have done? Tell me in the comments.",
        ),
        ("scarystories", "storytime", "creepy"),
    ),
    _Kind(
        "love",
        _signs(r"\b(?:husband|wife|fianc[eé]e?|girlfriend|boyfriend|cheat\w*|affair|divorce\w*"
               r"|engaged|engagement|breakup|broke up|dating|significant other)\b"),
        ("Wait until you hear how this went. {title}", "I did not see this coming. {title}"),
        (
            "What would you do? Tell me in the comments.",
            "Stay, or leave? Tell me in the comments.",
        ),
        ("relationships", "storytime", "relationshipadvice"),
    ),
    _Kind(
        "family",
        _signs(r"\b(?:mother-in-law|father-in-law|sister-in-law|my (?:\w+ )?(?:mom|mum|mother|dad"
               r"|father|parents|sister|brother|family|aunt|uncle|cousin))\b"),
        ("You won't believe this family. {title}", "Family can be a lot. {title}"),
        (
            "Who is right here? Tell me in the comments.",
            "What would you have said? Tell me in the comments.",
        ),
        ("familydrama", "storytime", "family"),
    ),
    _Kind(
        "work",
        _signs(r"\b(?:boss|manager|co-?workers?|office|customers?|quit my job|fired|shift|hr)\b"),
        ("This is why I keep my work e-mails. {title}", "Just another day at work. {title}"),
        (
            "Would you have quit? Tell me in the comments.",
            "What would you have done? Tell me in the comments.",
        ),
        ("worklife", "storytime", "workstories"),
    ),
)  # fmt: skip
_ANY = _Kind(
    "any",
    re.compile(""),
    ("Listen to this. {title}", "I have to tell you this one. {title}", "Here is a story. {title}"),
    (
        "What do you think? Tell me in the comments.",
        "What do you make of this? Let me know in the comments.",
    ),
    ("storytime", "redditstories", "stories"),
)
_UPDATE = "Update: "
_QUESTION_HOOKS = ("Here is one for you: {inside}", "Let me ask you something. {title}")

_CALLS = {
    "de": "Was denkst du? Schreib es in die Kommentare.",
    "es": "¿Qué opinas? Cuéntamelo en los comentarios.",
    "fr": "Qu'en penses-tu ? Dis-le-moi en commentaire.",
    "it": "Cosa ne pensi? Dimmelo nei commenti.",
    "pt": "O que você acha? Conte nos comentários.",
    "nl": "Wat vind jij? Laat het weten in de reacties.",
}
"""Other languages: the title is the hook, and one plain call."""

_TOPICS = {
    "wedding": "wedding bride groom bridesmaid bridezilla wedding's",
    "inlaws": "mother-in-law father-in-law sister-in-law brother-in-law in-laws",
    "neighbors": "neighbor neighbors neighbour neighbours hoa",
    "roommate": "roommate roommates housemate flatmate",
    "pets": "dog dogs cat cats puppy kitten pet",
    "school": "school teacher class student college university professor exam",
    "parenting": "daughter son kids toddler baby pregnant pregnancy newborn",
    "siblings": "sister brother twin siblings",
    "cheating": "cheating cheated affair mistress",
    "divorce": "divorce divorced ex-husband ex-wife",
    "money": "rent debt loan inheritance mortgage dollars",
    "travel": "flight airport plane hotel vacation airline",
    "food": "restaurant dinner chef waitress waiter kitchen recipe",
    "work": "boss manager coworker coworkers office job",
    "birthday": "birthday",
    "christmas": "christmas",
    "bestfriend": "friend friends bestie",
    "gaming": "game gaming console nintendo playstation xbox",
    "fitness": "gym workout diet weight cardio",
    "health": "doctor hospital surgery cancer diagnosis",
    "car": "car driver parking",
}
"""A tag, and the words that speak for it."""
_TAG_BY_WORD = {word: tag for tag, words in _TOPICS.items() for word in words.split()}


class RulesWriter:
    """Implements ``ports.ScriptWriter`` by rules; never fails and asks nobody."""

    def write(self, stories: Sequence[StoryText]) -> dict[int, ScriptDraft]:
        return {story.story_id: _draft(story) for story in stories}


def _draft(story: StoryText) -> ScriptDraft:
    title = story.title or next(iter(story.sentences), "")
    english = story.language.lower().split("-")[0] in {"en", UNDETERMINED}
    kind = _kind_of(story) if english else _ANY
    return ScriptDraft(
        story_id=story.story_id,
        title=_fitted(title.rstrip(". "), TITLE_CHARACTERS),
        hook=_hook(kind, title) if english else _short(title),
        call_to_action=_chosen(kind.calls, title)
        if english
        else _CALLS.get(story.language[:2], ""),
        hashtags=_hashtags(kind, story),
        split_after=_wishes(story.sentences),
        written_by=WRITTEN_BY,
    )


def _kind_of(story: StoryText) -> _Kind:
    """The first kind that the title shows; else the one that the story shows most often."""
    body = " ".join(story.sentences)
    for kind in _KINDS:
        if kind.signs.search(story.title):
            return kind
    seen = [(len(kind.signs.findall(body)), -order) for order, kind in enumerate(_KINDS)]
    count, order = max(seen)
    return _KINDS[-order] if count >= _SEEN_OFTEN else _ANY


def _hook(kind: _Kind, title: str) -> str:
    short = _short(title)
    if short.startswith(_UPDATE):
        return f"There is an update. {capitalised(short.removeprefix(_UPDATE))}"
    hooks = _QUESTION_HOOKS if kind is _ANY and short.endswith("?") else kind.hooks
    return _chosen(hooks, title).format(title=short, inside=_inside(short))


def _short(title: str) -> str:
    """A title as one breath of speech: its first sentences, or its first clause if that is long."""
    said: list[str] = []
    for sentence in sentences_of(title):
        if said and sum(map(_words, said)) + _words(sentence) > _HOOK_WORDS:
            break
        said.append(sentence)
    text = " ".join(said)
    if _words(text) > _HOOK_WORDS:
        head = re.match(r"(?:\S+\s+){5,27}?\S+(?=[,;:]\s|\s+(?:and|but|so|because|while)\s)", text)
        text = head[0] if head else " ".join(text.split()[:_HOOK_WORDS])
    if text.count('"') % 2:
        text = text.replace('"', "")
    return closed(text.rstrip(",;:"))


def _inside(title: str) -> str:
    """The title as it reads behind a colon: small, unless its first word is a name or "I"."""
    opens = re.match(
        r"(?:Am|Would|Is|Was|Are|Should|Did|Do|Does|What|Why|How|Who|When|Have|The|My)\b", title
    )
    return title[0].lower() + title[1:] if opens else title


def _words(text: str) -> int:
    return len(text.split())


def _fitted(title: str, most: int) -> str:
    """A title of at most ``most`` characters, cut behind a clause or a word."""
    title = capitalised(title)
    if len(title) <= most:
        return title
    cut = title[: most - 1]
    clause = max(cut.rfind(mark) for mark in (". ", "? ", "! ", ", ", "; ", ": "))
    if clause >= most // 2:
        return cut[: clause + 1].rstrip(",;: ") + ("" if cut[clause] in ".?!" else "…")
    return cut.rsplit(" ", 1)[0].rstrip(",;:.- ") + "…"


def _chosen(lines: Sequence[str], text: str) -> str:
    return lines[int.from_bytes(blake2b(text.encode(), digest_size=4).digest()) % len(lines)]


def _hashtags(kind: _Kind, story: StoryText) -> tuple[str, ...]:
    counted = Counter[str]()
    for text, weight in ((story.title, 3), (" ".join(story.sentences), 1)):
        for word in re.findall(r"[a-z][a-z'-]+", text.lower()):
            tag = _TAG_BY_WORD.get(word.removesuffix("'s"))
            if tag:
                counted[tag] += weight
    topics = [tag for tag, count in counted.most_common() if count >= _LEAST_TAGS]
    return tuple(dict.fromkeys([*kind.tags, *topics]))[:_MOST_TAGS]


def _wishes(sentences: Sequence[str]) -> tuple[int, ...]:
    """The sentences that end best, one in six at most, never the last."""
    scored = [
        (tension(sentence, following), index)
        for index, (sentence, following) in enumerate(pairwise(sentences))
    ]
    best = sorted(scored, reverse=True)[: len(sentences) // _SENTENCES_A_WISH]
    return tuple(sorted(index for score, index in best if score >= _GOOD_END))
