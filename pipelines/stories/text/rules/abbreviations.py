"""Expands abbreviations from forums and chats, in English."""

from __future__ import annotations

import re
from collections.abc import Callable

from pipelines.stories.text.rules.rule import Rule, alternatives, in_place, starts_sentence, swap

_ANYWHERE = {
    "AITAH": "am I the a-hole", "AITA": "am I the a-hole", "AITJ": "am I the jerk",
    "WIBTAH": "would I be the a-hole", "WIBTA": "would I be the a-hole",
    "YWNBTA": "you would not be the a-hole", "YWBTA": "you would be the a-hole",
    "YTA": "you're the a-hole", "NTA": "not the a-hole", "ESH": "everyone sucks here",
    "TIFU": "today I messed up", "TIL": "today I learned", "LPT": "life pro tip",
    "ELI5": "explain like I'm five", "CMV": "change my view", "DAE": "does anyone else",
    "IMHO": "in my humble opinion", "IMO": "in my opinion", "AFAIK": "as far as I know",
    "IIRC": "if I recall correctly", "FWIW": "for what it's worth", "BTW": "by the way",
    "TBH": "to be honest", "TBF": "to be fair", "NGL": "not gonna lie", "IDK": "I don't know",
    "IDC": "I don't care", "IKR": "I know, right", "FYI": "for your information",
    "ASAP": "as soon as possible", "SMH": "shaking my head", "IRL": "in real life",
    "ICYMI": "in case you missed it", "JK": "just kidding", "TMI": "too much information",
    "WTF": "what the heck", "WTH": "what the heck", "STFU": "shut up", "GTFO": "get out",
    "FFS": "for heaven's sake", "AFAICT": "as far as I can tell", "NVM": "never mind",
    "PITA": "pain in the butt", "BFF": "best friend", "FWB": "friends with benefits",
    "MIL": "mother-in-law", "FIL": "father-in-law", "SIL": "sister-in-law",
    "BIL": "brother-in-law", "DIL": "daughter-in-law", "FMIL": "future mother-in-law",
    "FFIL": "future father-in-law", "FSIL": "future sister-in-law", "JNMIL": "mother-in-law",
    "STBXH": "soon-to-be ex-husband", "STBXW": "soon-to-be ex-wife", "STBX": "soon-to-be ex",
    "SAHM": "stay-at-home mom", "SAHD": "stay-at-home dad", "LDR": "long-distance relationship",
    "MOH": "maid of honor", "WFH": "work from home",
}  # fmt: skip
"""Always expanded; also in lower case, except those in ``_CAPITALS_ONLY``."""

_CAPITALS_ONLY = {"MIL", "FIL", "SIL", "BIL", "DIL", "TIL", "PITA", "ESH", "MOH", "JK", "DAE"}

_CAPITALS = {
    "NAH": "no a-holes here", "OOP": "the original poster", "OP": "the original poster",
    "DH": "my husband", "DW": "my wife", "GF": "girlfriend", "BF": "boyfriend",
    "AMA": "ask me anything", "ER": "emergency room",
}  # fmt: skip
"""Expanded in capitals only: in lower case they mean something else."""

_OF_SOMEONE = {
    "SO": "significant other", "DH": "husband", "DW": "wife", "DD": "daughter", "DS": "son",
    "GF": "girlfriend", "BF": "boyfriend", "LO": "little one", "DP": "partner",
    "FH": "future husband", "FDH": "future husband", "FW": "future wife", "BM": "best man",
}  # fmt: skip
"""Expanded only after "my", "her", … (or before an age), so not in "I was SO mad"."""

_SMALL = {
    "bc": "because", "b/c": "because", "cuz": "because", "rn": "right now", "ppl": "people",
    "w/": "with", "w/o": "without", "w/in": "within", "b4": "before", "thx": "thanks",
    "pls": "please", "plz": "please", "tho": "though", "thru": "through", "u": "you",
    "ur": "your", "r u": "are you", "af": "as heck", "gf": "girlfriend", "bf": "boyfriend",
    "hubby": "husband", "bday": "birthday", "b-day": "birthday", "msg": "message",
    "convo": "conversation", "j/k": "just kidding", "w/e": "whatever", "n/a": "not applicable",
    "smth": "something", "sth": "something", "ty": "thank you", "s/o": "shout-out",
    "dept": "department", "govt": "government", "appt": "appointment",
}  # fmt: skip
"""Expanded in lower case only: "BC" is a place, "RN" a nurse."""


_KIN = re.compile(r"(?:in-law|husband|wife|girlfriend|boyfriend|mom|dad|ex)$")
_OWNER = r"(?:[Mm]y|[Yy]our|[Hh]is|[Hh]er|[Oo]ur|[Tt]heir|an?|[Tt]he|\w+'s)"


def _say(table: dict[str, str]) -> Callable[[re.Match[str]], str]:
    """Expand the group ``short``, keeping a plural or genitive ending."""

    def said(match: re.Match[str]) -> str:
        short = match["short"]
        full = table.get(short) or table.get(short.upper()) or table[short.lower()]
        opens = starts_sentence(match.string, match.start())
        if opens and _KIN.search(full):
            full = f"my {full}"
        end = match["end"] or ""
        if end in ("s", "S") and full.endswith("-in-law"):
            full, end = full.replace("-in-law", "s-in-law"), ""
        return in_place(full + end.lower(), match)

    return said


def _phrase(said: str) -> Callable[[re.Match[str]], str]:
    return lambda match: in_place(said, match)


def _of_someone(match: re.Match[str]) -> str:
    return match["owner"] + _OF_SOMEONE[match["short"]] + (match["end"] or "")


_OPEN_TO_SMALL = {short: full for short, full in _ANYWHERE.items() if short not in _CAPITALS_ONLY}
_ONLY_CAPITALS = _CAPITALS | {short: _ANYWHERE[short] for short in _CAPITALS_ONLY}

OF_SOMEONE: tuple[Rule, ...] = (
    swap(
        "child with an age",
        r"\b(?:[Mm]y |[Oo]ur )?(?P<who>D[DS])\s?\(?(?P<age>\d{1,2})(?:\)|\b)",
        lambda match: in_place(f"my {match['age']}-year-old {_OF_SOMEONE[match['who']]}", match),
        ("to DS7 and my DD (3)", "to my 7-year-old son and my 3-year-old daughter"),
    ),
    swap(
        "someone's",
        rf"(?P<owner>\b{_OWNER}\s+(?:\w+\s+|ex-|then-)?)(?P<short>{alternatives(_OF_SOMEONE)})"
        r"(?P<end>'?s)?\b(?!')",
        _of_someone,
        ("my SO's ex and her DH", "my significant other's ex and her husband"),
        ("I was SO mad", "I was SO mad"),
    ),
)
"""Applied before shouting is lower-cased, or "my SO" would become "my so"."""

RULES: tuple[Rule, ...] = (
    swap(
        "for example",
        r"\be\.\s?g\b\.?,?|\beg\.,?",
        _phrase("for example"),
        ("pets, e.g. cats", "pets, for example cats"),
        flags=re.IGNORECASE,
    ),
    swap(
        "that is",
        r"\bi\.\s?e\b\.?,?",
        _phrase("that is"),
        ("I.e., no", "That is no"),
        flags=re.IGNORECASE,
    ),
    swap(
        "versus",
        r"\bvs?\.(?=\s)|\bvs\b",
        "versus",
        ("me vs. you", "me versus you"),
        flags=re.IGNORECASE,
    ),
    swap(
        "also known as",
        r"\ba\.?/?k\.?/?a\b\.?",
        "also known as",
        ("Bob aka Rob", "Bob also known as Rob"),
        flags=re.IGNORECASE,
    ),
    swap("approximately", r"\bapprox\b\.?", "approximately", ("approx. 5", "approximately 5")),
    swap(
        "forum shorthand",
        rf"\b(?P<short>{alternatives(_OPEN_TO_SMALL)})(?P<end>'?s)?\b(?!')",
        _say(_OPEN_TO_SMALL),
        ("AITA for this? imo NTA.", "Am I the a-hole for this? In my opinion not the a-hole."),
        ("TIFU by oversleeping", "Today I messed up by oversleeping"),
        flags=re.IGNORECASE,
    ),
    swap(
        "shorthand in capitals",
        r"(?:\b[Tt]he (?=O?OP\b))?\b"
        rf"(?P<short>{alternatives(_ONLY_CAPITALS)})(?P<end>'?s)?\b(?!')",
        _say(_ONLY_CAPITALS),
        ("My MIL's dog and both SILs", "My mother-in-law's dog and both sisters-in-law"),
        ("MIL said no", "My mother-in-law said no"),
        ("The OP left", "The original poster left"),
        ("a mil more", "a mil more"),
    ),
    swap(
        "chat shorthand",
        rf"(?<![\w'/.-])(?<!\d )(?P<short>{alternatives(_SMALL)})"
        r"(?P<end>(?<=[bg]f)'?s)?(?![\w/'-])",
        _say(_SMALL),
        ("w/ my gf bc u left us", "With my girlfriend because you left us"),
        ("in 500 bc", "in 500 bc"),
        ("moved to BC", "moved to BC"),
    ),
    swap(
        "laughter",
        r"(?<=[.!?])\s+(?:lol+|lmf?ao+|rofl|haha(?:ha)*)[.!]+"
        r"|[,;]?\s*(?<![\w'])\(?(?:lol+|lmf?ao+|rofl|lul|kek|haha(?:ha)*)\)?(?![\w'])",
        "",
        ("It broke lol. So, LMAO, I left. Haha!", "It broke. So, I left."),
        flags=re.IGNORECASE,
    ),
    swap(
        "verdict asked",
        r"^((?:Am I|Would I be) the (?:a-hole|jerk)\b[^.?!\n]*[^.?!\s:,;])\s*$",
        r"\1?",
        ("Am I the a-hole for leaving", "Am I the a-hole for leaving?"),
        flags=re.MULTILINE,
    ),
)
