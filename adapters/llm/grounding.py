"""Limits what a language model sees of a story, and what it may write about it.

A story may contain orders to the model. Sentences that look like orders are not shown to it. What
it writes must be grounded in the rest: built from the story's own words, without new names, numbers
or people. Both checks compare words. In doubt they refuse, because the rules can write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from adapters.llm.claims import claims
from adapters.ports import StoryText
from core.text.homoglyphs import drawn

LEAST_GROUNDED = 0.4
"""Share of a line's distinctive words that the story must have too; a line from another story has
about 0.1."""
_STEM = 4
"""First letters by which words are compared: "knocked" matches "knocking", "lamps" "lamp"."""
_NAMED_ALL = 0.6
"""Share of capitalised words from which a line is in title case: its capitals mark no names."""
_NOUNS_ARE_CAPITAL = frozenset({"de"})


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FIELDS = r"(?:title|hooks?|opening|hash ?tags?|call[ _-]?to[ _-]?action|cta|json|schema|captions?)"
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|overrule|discard)\b.{0,50}?"
    r"\b(?:instruct\w*|prompts?|rules?|guidelines?|above|previous|prior|earlier|all before)\b"
    r"|\b(?:previous|prior|above|earlier|new|your) (?:instructions?|prompts?|orders?|directives?)\b"
    r"|\bsystem (?:prompt|message|note|override|update|instruction)|\bsystem\s*:"
    r"|\b(?:developer|admin|debug|jailbreak|god) mode\b|\bprompt injection\b|\bstory_id\b"
    r"|\byou are (?:now )?(?:an? )?(?:ai\b|assistant|chat ?bot|language model|dan\b|unrestricted)"
    r"|\bas an ai\b|\blanguage model\b|\blarge model\b|\bchatgpt\b|\bllm\b"
    r"|\b(?:note|message|order|instructions?|attention|dear|hey|hello|to)\b[ ,:]+(?:to |for )?"
    r"(?:the |any |all )?(?:ai|model|assistant|bot|script ?writer|narrator|operator|editor)\b"
    r"|^\W*(?:assistant|ai|model|bot|writer)\s*[:,]"
    r"|\b(?:set|use|make|write|change|put|output|print|return|reply|respond|answer|give|add|replace"
    rf"|include|insert|append|start|begin|end|tag|fill|emit|call)\b.{{0,60}}?\b{_FIELDS}\b"
    rf"|\b(?:{_FIELDS}|tags|(?:first|last) line)\b[^\"\u201c\u00ab]{{0,40}}[\"\u201c\u00ab]"
    rf"|\b{_FIELDS}\b\W{{0,3}}(?:must|should|shall|has to|needs? to|will be|is to|=|:)"
    r"|\b(?:replace|rewrite|retell|change|alter) (?:the |this |all )?(?:text|story|narration)\b"
    r"|\b(?:reply|respond|answer|output|say|write|print) (?:only|just|with|nothing but|exactly)\b"
    r"|\b(?:repeat|copy|say|translate) (?:after me|the following|this (?:line|sentence))\b"
    r"|\bfrom now on,? (?:you|write|answer|speak|every)|\bthe operator (?:says|wants|orders)"
    r"|\b(?:ignorier\w*|vergiss|vergesst|missacht\w*)\b.{0,50}?(?:anweisung|regel|befehl|oben)"
    r"|\b(?:ignora|ignore|olvida|olvide|descarta)\b.{0,50}?(?:instrucci|regla|anterior|orden)"
    r"|\b(?:ignore[zr]?|oublie[zr]?)\b.{0,50}?(?:instruction|consigne|regle|precedent|ci-dessus)"
    r"|\b(?:ignora|dimentica|ignore|esqueca)\b.{0,50}?(?:istruzion|regol|instruc|regra|preceden)"
    r"|\b(?:schreib|setze|escribe|pon|ecris|mets|scrivi|escreva)\w*\b.{0,40}?"
    r"(?:titel|titulo|titre|titolo|hashtag|hook|aufhanger|gancho|accroche)"
    r"|</?(?:system|user|assistant|instructions?|story|data|s)>|\[/?inst\]|<\||###|\"\s*:\s*[\[\"{]"
)

_COMMON = _set(
    """about above after again against almost also always another anybody anyone anything around
    away back because been before began behind being best better between both came cannot
    come could dare does doing done down each else enough even ever every everybody
    everyone everything felt find first five found four from gave gets give goes going
    gone good half hand hard have having hear heard hear help here hers herself himself
    home into itself just keep kept kind knew know known last later least left less life
    like little live lived long look looked made make makes many maybe mean meant might
    mine more most much must myself need never next nobody none nothing once only onto
    open other ours over part people quite rather really right said same says second seem
    seen should since some somebody someone something soon still stop such sure take taken
    tell than that their them then there these they thing things think this those though
    thought three through time times today told tomorrow tonight took toward turned twice
    under until upon used very want wanted wants week well went were what when where which
    while whole whose will wish with within without word words work would wrong year years
    yesterday your yours yourself"""
)
_KINDS_OF_TAGS = _set(
    """storytime story stories redditstories reddit truestory narrated scarystories scary creepy
    horror horrortok horrorstories aita aitah tifu verdict revenge pettyrevenge prorevenge
    karma maliciouscompliance worktok worklife workstories officelife workplace coworkers
    family familydrama drama relationships relationshipadvice relationship dating marriage
    wedding inlaws siblings parents parenting friends friendship bestfriend neighbors
    neighbours roommate roommates school college university teacher pets dogs cats money
    travel food restaurant retail customerservice birthday christmas holidays gaming
    fitness health cars emotional reallife life lifestories advice confession confessions
    embarrassing funnystories funny comedy fail wholesome mystery suspense plottwist
    update betrayal cheating breakup divorce secrets historias relatos cuentos geschichten
    geschichte familie histoires histoire famille storie racconti familia"""
)
"""Tags that name a kind of story; any other tag must come from the story's words."""
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|\d+")


def gives_orders(text: str) -> bool:
    """Whether ``text`` looks like an order to whoever writes the script."""
    bare = " ".join(drawn(text).split())
    letters = re.sub(r"(?<=\b\w)[ ._*-](?=\w\b)", "", bare)  # "i g n o r e"
    return any(_ORDER.search(each) for each in (bare, letters, bare.translate(_LEET)))


_LEET = str.maketrans("013457@$", "oieastas")


def material(story: StoryText) -> StoryText:
    """The story with sentences that look like orders emptied; the others keep their indexes."""
    return replace(
        story,
        title="" if gives_orders(story.title) else story.title,
        sentences=tuple("" if gives_orders(text) else text for text in story.sentences),
    )


class Grounds:
    """Checks lines, names and tags against a story's own words.

    Args:
        story: as returned by ``material``.
    """

    def __init__(self, story: StoryText) -> None:
        text = " ".join((story.title, *story.sentences))
        self._words = set(_words(text))
        self._stems = {word[:_STEM] for word in self._words}
        self._language = story.language.casefold().split("-")[0]
        self._claims = {meaning for _, meaning in claims(text, self._language)}

    def hold(self, line: str) -> bool:
        """Whether the story has enough of the distinctive words of ``line``."""
        distinctive = [word for word in _words(line) if _is_distinctive(word)]
        known = sum(word[:_STEM] in self._stems for word in distinctive)
        return 0 < known >= LEAST_GROUNDED * len(distinctive)

    def strange_claim(self, line: str) -> str:
        """A number or a person in ``line`` that is not in the story; empty without one."""
        found = claims(line, self._language)
        return next((word for word, meaning in found if meaning not in self._claims), "")

    def strange_name(self, line: str) -> str:
        """A name in ``line`` that is not in the story; empty without one."""
        found = list(re.finditer(r"[^\W\d_][\w'\u2019]*", line))
        capitals = [each for each in found if each[0][0].isupper()]
        if self._language in _NOUNS_ARE_CAPITAL or len(capitals) > _NAMED_ALL * len(found):
            # Capitals mark no names here, except inside a word: "MoonCoin".
            capitals = [each for each in capitals if re.search(r"[^\W\d_A-Z][A-Z]", each[0])]
        for each in capitals:
            before = line[: each.start()].rstrip(" \"'(\u201c\u00bf\u00a1")
            opens = not before or before[-1] in ".?!:\u2026"
            inner = re.search(r"[a-z][A-Z]|[A-Z]{2}", each[0])
            word = drawn(re.sub(r"['\u2019].*", "", each[0]))
            if (inner or not opens) and len(word) > 1 and word[:_STEM] not in self._stems:
                return each[0]
        return ""

    def tag(self, tag: str) -> bool:
        """Whether ``tag`` names a kind of story, or contains a word from the story."""
        bare = drawn(tag).replace("_", "")
        return (
            bare in _KINDS_OF_TAGS
            or any(
                word in bare for word in self._words if len(word) >= _STEM and word not in _COMMON
            )
            or (len(bare) >= _STEM and bare[: _STEM + 1] in {w[: _STEM + 1] for w in self._words})
        )


def _words(text: str) -> Iterator[str]:
    bare = drawn(text)
    for word in _WORD.findall(_WIDE.sub(" ", bare)):
        yield re.sub(r"['\u2019].*", "", word)
    runs = re.findall(rf"{_WIDE.pattern}+", bare)
    for run in runs:
        yield from (run[at : at + 2] for at in range(max(1, len(run) - 1)))


def _is_distinctive(word: str) -> bool:
    return bool(_WIDE.match(word)) or (len(word) >= _STEM and word not in _COMMON)
