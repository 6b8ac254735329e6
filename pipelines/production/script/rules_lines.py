"""Lines for the rules writer: hooks, calls to action and tags by a story's kind and tone.

They claim nothing about a story except its kind. ``{title}`` is the story's own title with a
closing mark, and ``{inside}`` is the title as written inside a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from models import Tone


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of story: how it is recognised, its hooks, calls to action and tags."""

    name: str
    signs: re.Pattern[str]
    hooks: tuple[str, ...]
    calls: tuple[str, ...]
    tags: tuple[str, ...]


def _signs(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_VERDICT = Kind(
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
_MISHAP = Kind(
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
KINDS: tuple[Kind, ...] = (
    _VERDICT,
    _MISHAP,
    Kind(
        "grave",
        _signs(r"\b(?:died|dying|passed away|deaths?|funeral|suicid\w+|cancer|killed|murder\w*"
               r"|raped?|assault\w*|miscarr\w+|abus(?:e|ed|ive)|drugged|grief|terminal)\b"),
        (
            "{title}",
            "This one is not easy to hear. {title}",
            "Take a moment for this one. {title}",
        ),
        ("Share your thoughts in the comments.", "Tell me your thoughts in the comments."),
        ("storytime", "reallife", "emotional"),
    ),
    Kind(
        "revenge",
        _signs(r"\b(?:revenge|karma|got (?:him|her|them) back|malicious compliance|payback)\b"),
        ("Some people have it coming. {title}", "This is how payback works. {title}", "{title}"),
        (
            "Did they have it coming? Tell me in the comments.",
            "Fair, or too far? Tell me in the comments.",
        ),
        ("revenge", "storytime", "karma"),
    ),
    Kind(
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
    Kind(
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
    Kind(
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
    Kind(
        "work",
        _signs(r"\b(?:boss|manager|co-?workers?|office|customers?|quit my job|fired|shift|hr)\b"),
        ("This could only happen at work. {title}", "Just another day at work. {title}"),
        (
            "Could this happen where you work? Tell me in the comments.",
            "What would you have done? Tell me in the comments.",
        ),
        ("worklife", "storytime", "workstories"),
    ),
)  # fmt: skip
ANY = Kind(
    "any",
    re.compile(""),
    ("Listen to this. {title}", "I have to tell you this one. {title}", "Here is a story. {title}"),
    (
        "What do you think? Tell me in the comments.",
        "What do you make of this? Let me know in the comments.",
    ),
    ("storytime", "redditstories", "stories"),
)
UPDATE = "Update: "
QUESTION_HOOKS = (
    "Here is one for you: {inside}",
    "Let me ask you something. {title}",
    "Think about this one. {title}",
)
ASKED = Kind(
    "asked",
    re.compile(""),
    QUESTION_HOOKS,
    (
        "And you? Tell me your answer in the comments.",
        "What would you have answered? Tell me in the comments.",
        "Your turn: what is your answer?",
    ),
    ("askreddit", "storytime", "redditstories"),
)
"""A question with answers from others."""
BARE_HOOK = "{title}"
"""Fits every story."""

TONES: dict[str, tuple[str, ...]] = {
    Tone.DRAMATIC: (
        "Nothing was the same after this. {title}",
        "Remember how this begins. {title}",
        "It started like any other day. {title}",
    ),
    Tone.WARM: (
        "Sit down with me for a minute. {title}",
        "This one stayed with me. {title}",
        "Here is something from the heart. {title}",
    ),
    Tone.FUNNY: (
        "You could not make this up. {title}",
        "Put your drink down first. {title}",
        "Well, that went to plan. {title}",
    ),
}
"""Hooks that come before those of the story's kind; the plain tone has none."""
GRAVE_TONES = frozenset({Tone.WARM})
"""The tones that suit a story of loss or harm."""


@dataclass(frozen=True, slots=True)
class Abroad:
    """Lines in another language: hooks by tone, plain hooks, and one call to action."""

    call: str
    leads: tuple[str, ...] = ()
    by_tone: tuple[tuple[str, tuple[str, ...]], ...] = ()


LANGUAGES = {
    "de": Abroad(
        "Was denkst du? Schreib es in die Kommentare.",
        ("Hör dir das an. {title}", "Das muss ich dir erzählen. {title}"),
        (
            (Tone.DRAMATIC, ("Danach war nichts mehr wie vorher. {title}",)),
            (Tone.WARM, ("Setz dich kurz zu mir. {title}",)),
            (Tone.FUNNY, ("Das kann man sich nicht ausdenken. {title}",)),
        ),
    ),
    "es": Abroad(
        "¿Qué opinas? Cuéntamelo en los comentarios.",
        ("Escucha esto. {title}", "Tengo que contarte esto. {title}"),
        (
            (Tone.DRAMATIC, ("Después de esto nada fue igual. {title}",)),
            (Tone.WARM, ("Siéntate un momento conmigo. {title}",)),
            (Tone.FUNNY, ("Esto no se puede inventar. {title}",)),
        ),
    ),
    "fr": Abroad(
        "Qu'en penses-tu ? Dis-le-moi en commentaire.",
        ("Écoute bien ça. {title}", "Il faut que je te raconte ça. {title}"),
        (
            (Tone.DRAMATIC, ("Après ça, plus rien n'a été pareil. {title}",)),
            (Tone.WARM, ("Assieds-toi une minute avec moi. {title}",)),
            (Tone.FUNNY, ("Ça ne s'invente pas. {title}",)),
        ),
    ),
    "it": Abroad(
        "Cosa ne pensi? Dimmelo nei commenti.",
        ("Ascolta questa. {title}", "Devo raccontarti questa storia. {title}"),
    ),
    "pt": Abroad(
        "O que você acha? Conte nos comentários.",
        ("Escute só isso. {title}", "Preciso contar isso. {title}"),
    ),
    "nl": Abroad(
        "Wat vind jij? Laat het weten in de reacties.",
        ("Luister hier eens naar. {title}", "Dit moet ik je vertellen. {title}"),
    ),
}

TOPICS = {
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
"""Each tag, and the words that indicate it."""
TAG_BY_WORD = {word: tag for tag, words in TOPICS.items() for word in words.split()}
