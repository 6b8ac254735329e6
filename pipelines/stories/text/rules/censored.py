"""Replaces English words censored with stars: by a mild word, or by the word if it is harmless.

These rules run before Markdown is parsed, because it would read the stars as emphasis.
"""

from __future__ import annotations

import re

from pipelines.stories.text.rules.rule import Rule, in_place, swap

_MILD = {
    "fuck": "heck", "fucks": "hecks", "fucking": "freaking", "fuckin": "freaking",
    "fucked": "messed", "fucker": "jerk", "fuckers": "jerks", "motherfucker": "jerk",
    "shit": "crap", "shits": "craps", "shitty": "crappy", "bullshit": "nonsense",
    "bitch": "jerk", "bitches": "jerks", "bitching": "complaining", "bitchy": "mean",
    "asshole": "a-hole", "assholes": "a-holes", "ass": "butt", "asses": "butts",
    "damn": "darn", "damned": "darned", "dammit": "darn it", "goddamn": "darn",
    "hell": "heck", "piss": "tick", "pissed": "ticked", "dick": "jerk", "dicks": "jerks",
    "cunt": "jerk", "bastard": "jerk", "bastards": "jerks", "prick": "jerk", "twat": "jerk",
    "whore": "tramp", "slut": "tramp", "crap": "crap",
}  # fmt: skip
"""Mild replacements for censored words; likelier words first."""

_PLAIN = {
    "raped": "assaulted", "rape": "assault", "rapist": "attacker", "kill": "kill",
    "killed": "killed", "killing": "killing", "killer": "killer", "died": "died", "dead": "dead",
    "death": "death", "suicide": "suicide", "suicidal": "suicidal", "sex": "sex",
    "sexual": "sexual", "sexually": "sexually", "abuse": "abuse", "abused": "abused",
    "abuser": "abuser", "abusive": "abusive", "murder": "murder", "murdered": "murdered",
    "drug": "drug", "drugs": "drugs", "gun": "gun", "guns": "guns", "porn": "porn",
}  # fmt: skip
"""Ordinary words that some writers censor to avoid filters."""

_IN_EMPHASIS = re.compile(r"(?<![\w*])\*{1,3}(?=[^\s*])[^*\n]*$")
_SCREWED = re.compile(
    r"\s+(?:you|him|her|them|it|this|that|off|my|your|me|the|all|those|these)\b", re.IGNORECASE
)


def _reveal(match: re.Match[str]) -> str:
    token, text = match[0], match.string
    if token.endswith("*") and _IN_EMPHASIS.search(text, 0, match.start()):
        return token
    word = _guess(token.lower())
    if word is None:
        return _hidden(token)
    said = _MILD.get(word) or _PLAIN[word]
    if word == "fuck" and _SCREWED.match(text, match.end()):
        said = "screw"
    if word == "fucking" and text[match.end() :].lstrip().startswith("up"):
        said = "messing"
    return in_place(said, match)


def _guess(token: str) -> str | None:
    shown = sum(char.isalpha() for char in token)
    exact = re.sub(r"[^a-z]", "[a-z]", token)
    for word in (*_MILD, *_PLAIN):
        if re.fullmatch(exact, word) and (word in _MILD or shown * 2 >= len(word)):
            return word
    loose = re.sub(r"\*{2,}", "[a-z]+", token)
    if loose != token:
        return next(
            (word for word in _MILD if re.fullmatch(re.sub(r"[^a-z\[\]+-]", ".", loose), word)),
            None,
        )
    return None


def _hidden(token: str) -> str:
    if not re.search(r"\*{2,}", token):
        return token
    return token.rstrip("*") if re.fullmatch(r"[A-Z][a-z]?\*+", token) else "bleep"


RULES: tuple[Rule, ...] = (
    swap(
        "escaped stars",
        r"(?<=[A-Za-z])(?:\\\*)+",
        lambda match: "*" * match[0].count("*"),
        (r"a f\*\*\* mess", "a f*** mess"),
    ),
    swap(
        "dashes for letters",
        r"(?<![\w-])(?P<first>[FfSs])--+(?![A-Za-z]{5})",
        r"\g<first>***",
        ("f--- that", "f*** that"),
    ),
    swap(
        "censored words",
        r"(?<![\w*@/.])(?:[A-Za-z]|[$@](?=[a-z]{2,}\b))(?:[A-Za-z]|[*#@$%!•]+(?=[A-Za-z])){0,12}"
        r"(?:(?<=[*#@$%!•])[A-Za-z]+|(?<=[$@])[a-z]+|(?<![A-Za-z]{3})\*{2,})(?![\w*])",
        _reveal,
        ("What the f**k is this f***ing sh*t?", "What the heck is this freaking crap?"),
        ("F*** you and your a** of a b****", "Screw you and your butt of a jerk"),
        ("He k!lled it and d*ed of s3x", "He killed it and died of s3x"),
        ("this is **really a** thing", "this is **really a** thing"),
        ("I told J*** about it", "I told J about it"),
        ("mail me@site.com", "mail me@site.com"),
    ),
    swap(
        "grawlix",
        r"(?<=the )\*{3,}(?!\w)|(?<!\S)(?=[*!]*[@#$%&])[@#$%&*!]{3,}[@#$%&*]",
        lambda match: "heck" if match[0].startswith("***") else "bleep",
        ("what the ***** was that", "what the heck was that"),
        ("you #$%@!", "you bleep!"),
    ),
)
