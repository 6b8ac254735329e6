"""Tells a text from a notice that stands in its place: deleted, removed, or overwritten.

Reddit and archives write ``[deleted]`` and ``[removed]``. Privacy tools (Redact, Power Delete
Suite, Shreddit and others) overwrite a text before they delete it, and the overwritten text stays
where the deletion failed. The phrasings are those reported in public up to 2026.
"""

from __future__ import annotations

import re
from enum import StrEnum

MOST_WORDS = 60
"""A text that begins like a notice and has more words may be a story about a deletion."""
MOST_OTHER_WORDS = 30
"""Words beside a notice that may be its explanation or a tool's random filler."""

_VERB = (
    r"(?:deleted|removed|erased|wiped|purged|scrubbed|redacted|nuked|shredded|overwritten"
    r"|anonymi[sz]ed)"
)
_WAS = r"(?:was |were |is |are |has been |have been |had been |got |been )"
_ADVERBS = r"(?:\w+ly |mass |now |since |all |bulk )*"
_THING = r"(?:comments?|posts?|submissions?|contents?)"

GONE = re.compile(
    rf"[\[(]\s*(?:(?:this |the |my )?(?:{_THING}|text|message|answer|account|user) {_WAS}?)?"
    r"(?:removed|deleted|redacted|purged|unavailable|gelöscht|entfernt|eliminado|supprimé|excluído)"
    r"\b[^\])]*[\])]",
    re.IGNORECASE,
)
"""What is shown instead of a text or an author: ``[deleted]``, ``[ Removed by Reddit ]``."""

_BARE = re.compile(rf"{_VERB}(?: by (?:user|author|op|the author|moderators?|mods?|reddit))?")
_CLEAR = re.compile(
    rf"(?:edit |note |notice )?(?:"
    rf"(?:this |these |all |original |the original )?(?:of )?(?:my |old |reddit )*"
    rf"{_THING}(?: history)? {_WAS}?{_ADVERBS}{_VERB}\b(?! and (?:re)?posted)"
    rf"|this (?:user|author|account|redditor|person) (?:has |have |had )?{_WAS}?{_ADVERBS}{_VERB}\b"
    rf"|i (?:have |had )?{_ADVERBS}{_VERB} (?:this {_THING}|all my|everything i)\b"
    rf"|this {_THING} {_WAS}?{_ADVERBS}(?:edited|replaced|changed)\b.{{0,80}}?"
    r"\b(?:protest|reddit|spez|api|privacy|script|tool)\b"
    rf")"
)
"""The start of a text without marks, in lower case, that says that it was deleted."""
_UNCLEAR = re.compile(
    rf"(?:this|the|my) (?:{_THING}|text|message|reply|answer|thread)s?\b.{{0,60}}?"
    rf"(?:{_WAS}){_ADVERBS}{_VERB}\b"
    rf"|{_VERB} (?:by|with|using|via|in protest|due to|because|to protect|for privacy)\b"
)
"""The start of a text that may say so, or may tell of another deletion."""
_TOOL = re.compile(
    r"mass (?:deleted|edited) and anonymi[sz]ed|anonymi[sz]ed with redact\b|\bredact\.dev\b"
    r"|power ?delete ?suite|\bshreddit\b|nuke ?reddit ?history|reddit ?overwrite"
    r"|overwritten by (?:an? )?(?:open[ -]source )?(?:script|tool|bot)"
    r"|(?:deleted|removed|erased|overwritten|edited|wiped) (?:by|with|using|via) (?:\w+ ){0,6}"
    r"(?:privacy|deletion|anonymi[sz]ation)(?: \w+)? (?:tool|script|app|suite|extension|service)"
)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_~`#>\\\u200b-\u200f\ufeff]|&#x200b;|&nbsp;|\^")


class Notice(StrEnum):
    """What a text is."""

    NONE = ""
    UNCLEAR = "unclear"
    GONE = "gone"


def notice(text: str) -> Notice:
    """Whether a text only announces that it was deleted, may do so, or doesn't.

    Args:
        text: Markdown, as written.
    """
    stripped = text.strip()
    plain = " ".join(_MARKS.sub(" ", _LINK.sub(r"\1 ", stripped)).lower().split())
    plain = plain.strip("[](){}\"': ").replace(": ", " ")
    if GONE.fullmatch(stripped.strip("*_~ \n")) or _BARE.fullmatch(plain.rstrip(".! ")):
        return Notice.GONE
    tool, clear = _TOOL.search(plain), _CLEAR.match(plain)
    found = tool or clear
    if found is None:
        return Notice.UNCLEAR if _UNCLEAR.match(plain) else Notice.NONE
    words = len(plain.split())
    others = words - len(_sentence(plain, found.start(), found.end()).split())
    is_all = others <= MOST_OTHER_WORDS and (words <= MOST_WORDS or tool is not None)
    return Notice.GONE if is_all else Notice.UNCLEAR


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence around a place."""
    first = max(text.rfind(mark, 0, start) for mark in (". ", "! ", "? ")) + 1
    last = min((at for mark in ".!?" if (at := text.find(mark, end)) >= 0), default=len(text))
    return text[first:last]
