"""Checks what a video says: coarse words, promotional text, watermarks.

TikTok forbids brands, logos, watermarks and promotional text laid over a video (Content Posting
API, "Content Sharing Guidelines", https://developers.tiktok.com/doc/content-sharing-guidelines).
All texts of a video and its title are checked here. A post with findings waits for a person, who
edits the text or allows the post as it is.

It reads texts, not pictures: it can't see a watermark in a background clip.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import ascii_letters, digits
from typing import Literal

from core.errors import Parked
from models import Post
from pipelines.stories.safety.lexicon_judge import fold, judge_folded, terms

Kind = Literal["profanity", "promotional", "watermark"]

_PHRASES = Path(__file__).with_name("compliance_phrases.tsv")
_STORY = "text"
"""The place of the story itself; other texts are short, shown large, and judged more strictly."""
_WARN = 0.6
"""The score from which a story's own words are too coarse, as in ``stories/safety``."""
_SEVERE = 0.6
_COARSE = {"profanity": 0.16, "sexual": 0.45, "sexual_minor": 0.0, "hate": 0.0, "harassment": 0.6}
"""Categories that a title must not contain, and the lexicon's weight from which this applies.
Stories are often about violence, drugs and self-harm; safety and review decide on these earlier."""
_MOST_NAMED = 5
"""The most findings of one kind that a message lists."""

_SENTENCES: Mapping[Kind, str] = {
    "profanity": "coarse words",
    "promotional": "promotional text, which TikTok forbids",
    "watermark": "what reads like a watermark, which TikTok forbids",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person must see before the post goes out."""

    kind: Kind
    words: str
    """As found; phrases in lower case, with disguises removed."""
    where: str
    """The name of the text that contains it."""


def check_texts(texts: Mapping[str, str], *, allowed: bool = False) -> None:
    """Stop a post whose texts a person must see first.

    Args:
        texts: by place; see ``texts_of``.
        allowed: a person has seen the texts and allows them.

    Raises:
        Parked: code ``compliance_profanity``, ``compliance_promotional`` or
            ``compliance_watermark``, the first that was found; the message lists all.
    """
    found = [] if allowed else findings(texts)
    if not found:
        return
    parts = []
    for kind, what in _SENTENCES.items():
        named = [f"“{each.words}” ({each.where})" for each in found if each.kind == kind]
        if named:
            more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
            parts.append(f"{what}: {', '.join(named[:_MOST_NAMED])}{more}")
    raise Parked(
        f"The post contains {'; '.join(parts)}. Edit the title, or edit the script and render the "
        "video again, or allow the post as it is.",
        code=f"compliance_{found[0].kind}",
    )


def texts_of(post: Post) -> dict[str, str]:
    """All texts of a post: its title with hashtags, and what its video shows and says."""
    part = post.video.part
    return {
        "title": post.title,
        "hook": part.hook,
        _STORY: part.text,
        "call to action": part.call_to_action,
    }


def findings(texts: Mapping[str, str]) -> list[Finding]:
    """Everything in ``texts`` that a person must see first, each once; profanity first."""
    found: dict[Finding, None] = {}
    for where, text in texts.items():
        folded = fold(text)
        plain = _plain(text)
        for words in _coarse(folded, strict=where != _STORY):
            found[Finding("profanity", words, where)] = None
        for kind, pattern in _patterns().items():
            for match in pattern.finditer(folded):
                found[Finding(kind, match[0], where)] = None
        for sign in _SIGNS:
            for words in sign.find(plain):
                found[Finding(sign.kind, words, where)] = None
    return sorted(found, key=lambda each: list(_SENTENCES).index(each.kind))


def _coarse(folded: str, *, strict: bool) -> list[str]:
    """The coarse terms that count; in the story itself, only severe ones or many."""
    coarse = {
        phrase: term
        for phrase, term in terms(folded).items()
        if term.weight >= _COARSE.get(term.category, 2.0) or term.category == "profanity"
    }
    if not coarse:
        return []
    if not strict:
        verdict = judge_folded(folded)
        if verdict.score >= _WARN and verdict.label in _COARSE:
            return list(coarse)
    least = 0.0 if strict else _SEVERE
    return [
        phrase
        for phrase, term in coarse.items()
        if term.weight >= max(least, _COARSE[term.category])
    ]


@cache
def _patterns() -> dict[Kind, re.Pattern[str]]:
    phrases: dict[Kind, list[str]] = {"promotional": [], "watermark": []}
    for line in _PHRASES.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, phrase = line.split("\t")
            phrases[_kind(kind)].append(phrase)
    return {kind: re.compile(rf"\b(?:{'|'.join(some)})\b") for kind, some in phrases.items()}


def _kind(name: str) -> Kind:
    return "watermark" if name == "watermark" else "promotional"


# ── signs: patterns that folding would remove ────────────────────────────────────────────────


_INVISIBLE = dict.fromkeys((0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x2070)))


def _plain(text: str) -> str:
    """Without compatibility forms and invisible characters; case and signs are kept."""
    return unicodedata.normalize("NFKC", text).translate(_INVISIBLE)


class _Sign:
    """A pattern over plain text.

    Args:
        pattern: what to look for.
        hint: a string that every match contains; a text without it is skipped quickly.
        whole: report the whole word around the match.
    """

    def __init__(
        self, kind: Kind, pattern: str, *, hint: str = "", whole: bool = False, case: bool = False
    ) -> None:
        self.kind = kind
        self._pattern = re.compile(pattern, re.NOFLAG if case else re.IGNORECASE)
        self._hint = hint
        self._whole = whole

    def find(self, text: str) -> Iterator[str]:
        if self._hint not in text:
            return
        for match in self._pattern.finditer(text):
            start, end = match.span()
            if self._whole:
                start -= len(text[:start]) - len(text[:start].rstrip(_WORD_CHARACTERS))
            yield text[start:end].strip()


_WORD_CHARACTERS = ascii_letters + digits + "._+-/:"
_TOP_LEVEL = r"com|net|org|io|tv|gg|app|shop|store|xyz|ly|biz|co\.uk|me/|be/"
_ELSEWHERE = (
    "instagram|insta|ig|youtube|yt|facebook|fb|twitter|snapchat|snap|twitch|telegram|threads|kick"
)
_PRICE = r"(?:[$€£]\s?\d[\d.,]*|\d[\d.,]* (?:dollars|euros|pounds|bucks))"
_PHONE = r"(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)|\d{2,5})[ .-]\d{3,4}[ .-]\d{3,4}"

_SIGNS = (
    _Sign("watermark", r"\bwww\.\w[^\s<>]*", hint="."),
    _Sign("watermark", r"©[^\n.!?]{0,30}", hint="©"),
    _Sign("watermark", r"\(c\) ?(?:19|20)\d\d[^\n.!?]{0,30}", hint="("),
    _Sign("promotional", r"\bhttps?://[^\s<>]+", hint="://"),
    # lower case only: a capital letter after a full stop starts a sentence, not a domain
    _Sign("promotional", rf"(?<=\w)\.(?:{_TOP_LEVEL})\b(?:/\S*)?", hint=".", whole=True, case=True),
    _Sign("promotional", r"\b(?:[a-z0-9-]+ )?dot (?:com|net|org)\b", hint="dot "),
    _Sign("promotional", r"(?<=\w)@[\w-]+(?:\.[\w-]{2,})+", hint="@", whole=True),
    _Sign("promotional", rf"(?<![\d.,-]){_PHONE}(?![\d.,-]*\d)"),
    _Sign("promotional", r"(?<!\d)\+\d(?:[ -]?\d){8,13}(?!\d)", hint="+"),
    _Sign("promotional", rf"\b(?:{_ELSEWHERE})(?:: ?@?| ?@)\w[\w.]{{2,}}", hint=":"),
    _Sign("promotional", rf"\b(?:{_ELSEWHERE}):? ?@\w[\w.]{{2,}}", hint="@"),
    _Sign("promotional", rf"@\w[\w.]+ on (?:{_ELSEWHERE})\b", hint="@"),
    _Sign(
        "promotional",
        r"\b[Uu][Ss][Ee] (?:the )?[Cc][Oo][Dd][Ee] [\"“']?(?=[A-Z0-9]*[A-Z])[A-Z0-9]{4,}\b",
        case=True,
    ),
    _Sign("promotional", r"\b\d{1,2} ?% off\b(?! (?:my|his|her|their|the) )", hint="%"),
    _Sign(
        "promotional",
        rf"(?:^|(?<=[.!?] ))(?:buy|order|shop|grab|get yours)\b[^.!?\n]{{0,60}}{_PRICE}",
    ),
    _Sign(
        "promotional",
        rf"\b(?:only|just) {_PRICE}[^\n\w]{{1,3}}(?:buy|order|shop|link|get yours)\b",
    ),
)
