"""Rewrites ages and sexes in English posts: (23F), [M25], 23 y/o, M/22/5'11"."""

from __future__ import annotations

import re

from pipelines.stories.text.rules.rule import Rule, in_place, swap

_OF_AGE = 18
_GENDERED = (
    "wife|girlfriend|fiancee|fiancée|sister|mom|mum|mother|daughter|aunt|niece|girl|woman|lady"
    "|grandma|grandmother|granddaughter|bride|waitress|gf|husband|boyfriend|fianc[eé]|brother|dad"
    "|father|son|uncle|nephew|boy|man|guy|dude|grandpa|grandfather|grandson|groom|waiter|bf"
)
_EITHER = (
    "partner|friend|bestie|ex|cousin|roommate|flatmate|housemate|boss|manager|co-?worker|colleague"
    "|neighbou?r|kid|child|baby|toddler|teen|teenager|student|teacher|spouse|sibling|twin|parent"
    "|crush|landlord|tenant|person|significant other|little one|maid of honor"
)
_KIN = rf"(?:step|half-|ex-|grand|god)?(?:{_GENDERED})(?:-in-law)?"
_PEER = rf"(?:ex-)?(?:{_EITHER})"
_DETERMINER = r"\b(?:[Mm]y|[Hh]is|[Hh]er|[Oo]ur|[Tt]heir|[Yy]our|[Aa]n?|[Tt]he|[Tt]h(?:is|at))"
_ANOTHER_WORD = r"(?!(?:is|was|and|or|who|to|with|has|had|for|from|of|at|on|in|I)\b)[\w'-]+"
_MIDDLE = rf"(?P<owner>(?:{_ANOTHER_WORD}\s+)?\w+'s\s+)?(?P<middle>(?:{_ANOTHER_WORD}\s+){{0,2}}?)"

_YEARS = r"(?:\s*-?(?:yo|y/o|y\.o\.?|yrs?\.?(?:\s+old)?|years?[\s-]old))?"
_SEX = r"(?:females?|males?|woman|girl|man|boy|ftm|mtf|nb|enby|f|m)"
_BRACKETED = (
    rf"[(\[{{]\s*(?i:(?P<a1>\d{{1,2}}){_YEARS}[\s,/-]*(?P<s1>{_SEX})"
    rf"|(?P<s2>{_SEX})[\s,/-]*(?P<a2>\d{{1,2}}){_YEARS})(?P<tail>,[^)\]}}\n]{{1,30}})?\s*[)\]}}]"
)
_BARE = r"(?<![$£€\d.-])\b(?P<a3>\d{2})\s?(?P<s3>[MF])\b(?!\s*(?:outside|weather|degrees))"
_TAG = rf"(?:{_BRACKETED}|{_BARE}|\b(?P<s4>[MF])(?P<a4>\d{{2}})\b)"
_PAUSE = r"(?P<pause>(?!\s*(?:[.,;:!?)\]]|$)))"
"""Matches if the sentence continues, so a closing comma is needed."""

_SAID = {"f": ("woman", "girl"), "m": ("man", "boy"), "n": ("non-binary person", "non-binary kid")}


def _age(match: re.Match[str]) -> int:
    return int(next(filter(None, (match["a1"], match["a2"], match["a3"], match["a4"]))))


def _sex(match: re.Match[str]) -> str:
    said = str(next(filter(None, (match["s1"], match["s2"], match["s3"], match["s4"])))).lower()
    return {"woman": "f", "girl": "f", "boy": "m", "enby": "n"}.get(said, said)


def _person(match: re.Match[str]) -> str:
    age, sex = _age(match), _sex(match)
    if sex in {"ftm", "mtf"}:
        return f"{age}-year-old trans {_SAID[sex[-1]][age < _OF_AGE]}"
    return f"{age}-year-old {_SAID[sex[0]][age < _OF_AGE]}"


def _article(age: int) -> str:
    return "an" if age in {8, 11, 18} or age // 10 == 8 else "a"  # noqa: PLR2004  (eight, eleven…)


def _kin(match: re.Match[str]) -> str:
    age = int(match["only"]) if match["only"] else _age(match)
    det, owner = match["det"], match["owner"] or ""
    if det in {"a", "an", "A", "An"} and not owner:
        det = det[0] + _article(age)[1:]
    return f"{det} {owner}{age}-year-old {match['middle']}{match['noun']}"


def _before_noun(match: re.Match[str]) -> str:
    age, noun = _age(match), match["noun"]
    female = {"f": " female", "m": " male"}.get(_sex(match)[0], "")
    neutral = re.search(rf"\b{_PEER}$", noun)
    return f"{match['det']} {age}-year-old{female if neutral else ''} {noun}"


def _apposition(match: re.Match[str]) -> str:
    tail = match["tail"] or ""
    end = "," if match["pause"] is not None else ""
    return f"{match['who']}, {_article(_age(match))} {_person(match)}{tail}{end}"


def _alone(match: re.Match[str]) -> str:
    person = _person(match) + (match["tail"] or "")
    det = match["det"]
    if det is None:
        return in_place(f"{_article(_age(match))} {person}", match)
    if det.lower() in {"a", "an"}:
        det = det[0] + _article(_age(match))[1:]
    return f"{det} {person}"


def _years_old(match: re.Match[str]) -> str:
    age = match["age"]
    if match["verb"]:
        return f"{match['verb']}{age} years old"
    return f"{age}-year-old"


def _measures(match: re.Match[str]) -> str:
    sex = "woman" if match["sex"].upper() == "F" else "man"
    return f"{sex}, {match['age']}, {match['foot']} foot {match['inch'] or ''}".strip() + ","


def _mine_and_hers(match: re.Match[str]) -> str:
    age = int(match["age"])
    writer = _SAID[match["sex"].lower()][age < _OF_AGE]
    note = f"(I'm {_article(age)} {age}-year-old {writer})"
    return f"{match['my']} {match['noun']} {match['tag']} {note}"


RULES: tuple[Rule, ...] = (
    swap(
        "the writer's age and another's",
        rf"\b(?P<my>[Mm]y)\s+[(\[](?P<age>\d\d)\s?(?P<sex>[MFmf])[)\]]\s+(?P<noun>(?:{_ANOTHER_WORD}\s+){{0,2}}"
        rf"?(?:{_KIN}|{_PEER}))\s+(?P<tag>[(\[]\d\d\s?[MFmf][)\]])",
        _mine_and_hers,
        ("My (26F) husband (28M) left", "My husband (28M) (I'm a 26-year-old woman) left"),
    ),
    swap(
        "sex, age and height",
        r"\b(?P<sex>[MFmf])/(?P<age>\d\d)/(?P<foot>[4-7])'\s?(?P<inch>\d{1,2})?(?:\"|'')?(?!\w)",
        _measures,
        ("Progress M/22/5'11\" from 199", "Progress man, 22, 5 foot 11, from 199"),
    ),
    swap(
        "height",
        r"(?<![\w'])(?P<foot>[4-7])(?:'|\s?ft\.?\s?)\s?(?P<inch>\d{1,2})(?:\"|''|\s?in\b\.?)?(?!\w)",
        r"\g<foot> foot \g<inch>",
        ("he is 6'2\" tall", "he is 6 foot 2 tall"),
    ),
    swap(
        "two tags",
        r"(?<=\d[MF])\s*[/&+]\s*(?=\d\d?[MF]\b)",
        " and ",
        ("(27F/29M)", "(27F and 29M)"),
    ),
    swap(
        "age of kin",
        rf"(?P<det>{_DETERMINER})\s+{_MIDDLE}(?P<noun>{_KIN}),?\s*(?:\((?P<only>\d{{1,2}})\)|{_TAG})",
        _kin,
        ("my wife (32F) left", "my 32-year-old wife left"),
        ("my sister's boyfriend (25M)", "my sister's 25-year-old boyfriend"),
        ("a guy [18M]", "an 18-year-old guy"),
        ("Our older son 17M and daughter (5)", "Our 17-year-old older son and daughter (5)"),
    ),
    swap(
        "age before a noun",
        rf"(?P<det>{_DETERMINER})\s+{_TAG}\s+(?P<noun>(?:{_ANOTHER_WORD}\s+){{0,2}}?(?:{_KIN}|{_PEER})\b)",
        _before_noun,
        ("my (26F) girlfriend", "my 26-year-old girlfriend"),
        ("his 40M new boss", "his 40-year-old male new boss"),
    ),
    swap(
        "age beside a person",
        rf"(?P<who>\b(?:I|[Mm]e|[Mm]yself|{_KIN}|{_PEER})|{_DETERMINER}\s+(?:{_ANOTHER_WORD}\s+){{0,3}}?{_PEER}"
        rf"|\b(?!(?:I'm|As|And|So|But|For|With|To|Is|Am|Was|My|A|The)\b)[A-Z][a-z]+),?\s*{_TAG}{_PAUSE}?",
        _apposition,
        ("I (34m) met Sam (30M).", "I, a 34-year-old man, met Sam, a 30-year-old man."),
        ("my best friend (16f)", "my best friend, a 16-year-old girl"),
        ("Me 23F here", "Me, a 23-year-old woman, here"),
        ("I (28F, nurse) work", "I, a 28-year-old woman, nurse, work"),
    ),
    swap(
        "age alone",
        rf"(?:(?P<det>{_DETERMINER})\s+)?(?<!was )(?<!is )(?<!at )(?<!of )(?<!to ){_TAG}",
        _alone,
        ("[25M] seeing a 23F", "A 25-year-old man seeing a 23-year-old woman"),
        ("It was 23F today", "It was 23F today"),
        ("dating two (27F and 29M)", "dating two (a 27-year-old woman and a 29-year-old man)"),
    ),
    swap(
        "age of peers",
        rf"(?P<who>\b(?:{_KIN}|{_PEER}|I|[Mm]e))\s*\((?P<only>\d{{1,2}})\)(?P<pause>(?!\s*(?:[.,;:!?)\]]|$)))?",
        lambda match: f"{match['who']}, {match['only']}{',' if match['pause'] is not None else ''}",
        ("my cousin (9) and I", "my cousin, 9, and I"),
    ),
    swap(
        "years old",
        r"(?P<verb>\b(?:is|was|am|are|were|be|being|turned|\w+'(?:s|m|re))\s+(?:(?:only|just|about|almost|now)\s+)?)?"
        r"(?P<age>\b\d{1,3})\s?-?(?:yo\b|y/o\b|y\.o\.?|yr\.?s?[ -]olds?\b)",
        _years_old,
        ("my 5yo and a 7 y/o dog", "my 5-year-old and a 7-year-old dog"),
        ("She is only 12 y.o. now", "She is only 12 years old now"),
    ),
)
