"""Writes money, times, dates, fractions and units in English as they are spoken.

Plain numbers stay digits, because synthesizers read them correctly. What they read wrongly
becomes words: eSpeak says "$1.5k" as "dollar one point five k" and "20s" as "twenty z".
"""
# ruff: noqa: RUF001  (dashes and signs are intended)

from __future__ import annotations

import re

from pipelines.stories.text.rules.rule import Rule, alternatives, in_place, swap

_MONEY = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}
_SCALES = {
    "k": "thousand", "grand": "thousand", "m": "million", "mm": "million", "mil": "million",
    "b": "billion", "bn": "billion", "mn": "million",
}  # fmt: skip
_THOUSAND = 1000
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_SCALE = (
    r"(?:(?:k|mm|mil|mn|m|bn|b|grand)\b|\s?(?:hundred|thousand|million|billion|trillion|grand)\b)"
)
_AMOUNT = rf"{_NUMBER}(?:(?i:{_SCALE}))?"
_PER = {
    "hr": "hour", "h": "hour", "hour": "hour", "day": "day", "night": "night", "wk": "week",
    "week": "week", "mo": "month", "month": "month", "yr": "year", "year": "year",
    "person": "person", "lb": "pound", "kg": "kilo", "min": "minute",
}  # fmt: skip
_UNITS = {
    "lbs": "pounds", "lb": "pounds", "kgs": "kilos", "kg": "kilos", "km": "kilometers",
    "kms": "kilometers", "cm": "centimeters", "mm": "millimeters", "ft": "feet",
    "mph": "miles per hour", "mcg": "micrograms",
    "km/h": "kilometers per hour", "kph": "kilometers per hour", "oz": "ounces", "mg": "milligrams",
    "ml": "milliliters", "hrs": "hours", "hr": "hours", "mins": "minutes", "min": "minutes",
    "secs": "seconds", "sec": "seconds", "yrs": "years", "yr": "years", "mos": "months",
    "wks": "weeks", "wk": "weeks", "gb": "gigabytes", "tb": "terabytes", "mb": "megabytes",
    "°f": "degrees Fahrenheit", "°c": "degrees Celsius", "°": "degrees", "sqft": "square feet",
    "sq ft": "square feet", "mi": "miles",
}  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_MONTH_BY_SHORT = {month[:3].lower(): month for month in _MONTHS} | {"sept": "September"}
_DECADES = {
    "1": "teens", "2": "twenties", "3": "thirties", "4": "forties", "5": "fifties",
    "6": "sixties", "7": "seventies", "8": "eighties", "9": "nineties",
}  # fmt: skip
_CENTURIES = {"17": "seventeen ", "18": "eighteen ", "19": "nineteen ", "20": "twenty "}
_PARTS = {"2": "half", "3": "third", "4": "quarter", "5": "fifth", "6": "sixth", "8": "eighth"}
_SIGNS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8", "⅜": "3/8"}


def _amount(text: str) -> tuple[str, bool]:
    """An amount as spoken, and whether it is exactly one."""
    match = re.match(rf"({_NUMBER})\s?([A-Za-z]*)", text)
    if match is None:
        return text, False
    number, scale = match[1], match[2].lower()
    scale = _SCALES.get(scale, scale)
    value = float(number.replace(",", ""))
    if scale == "thousand" and (value * _THOUSAND).is_integer():
        return f"{int(value * _THOUSAND):,}", False
    return (f"{number} {scale}", False) if scale else (number, value == 1)


def _money(match: re.Match[str]) -> str:
    one, many, cent, cents = _MONEY[match["sign"] or match["sign2"]]
    written = match["amount"] or match["amount2"]
    coins = re.fullmatch(r"([\d,]+)\.(\d\d)", written)
    if match["upto"]:
        low, high = written, match["upto"]
        scale = re.search(r"[A-Za-z ]+$", high)
        if scale and low[-1].isdigit():
            low += scale[0]
        return f"{_amount(low)[0]} to {_amount(high)[0]} {many}"
    if coins:
        whole, rest = coins[1], int(coins[2])
        main = f"{whole} {one if whole == '1' else many}"
        part = f"{rest} {cent if rest == 1 else cents}"
        both = [main] * (whole != "0" or not rest) + [part] * bool(rest)
        return " and ".join(both)
    said, single = _amount(written)
    if match["det"]:
        return f"{match['det']}{said.replace(' ', '-')}-{one}"
    return f"{said} {one if single else many}"


def _per(match: re.Match[str]) -> str:
    said = _PER[match["unit"].lower()]
    return f" {'an' if said == 'hour' else 'a'} {said}"


def _unit(match: re.Match[str]) -> str:
    said = _UNITS[match["unit"].lower()]
    if match["number"] == "1" and said != "feet":
        said = re.sub(r"s\b", "", said, count=1)
    return f"{match['number']} {said}"


def _clock(match: re.Match[str]) -> str:
    ends = match["dot"] and re.match(r"\s+[A-Z]|\s*$", match.string[match.end() :])
    return f"{match['time']} {match['half'].upper()}M{'.' if ends else ''}"


def _month_day(match: re.Match[str]) -> str:
    return f"{_MONTH_BY_SHORT[match['month'].lower()]} {match['rest']}"


def _date(match: re.Match[str]) -> str:
    """A date: year first, or month first as in the US, unless that number is too large."""
    year = match["year"] or match["year2"]
    first, second = (int(match[n] or match[f"{n}2"]) for n in ("first", "second"))
    month, day = (second, first) if first > len(_MONTHS) else (first, second)
    if not 1 <= month <= len(_MONTHS):
        return match[0]
    year = f"20{year}" if len(year) == 2 else year  # noqa: PLR2004
    return f"{_MONTHS[month - 1]} {day}, {year}"


def _decade(match: re.Match[str]) -> str:
    century = _CENTURIES.get(match["century"] or "", "")
    decade = _DECADES.get(match["decade"])
    if decade is None or (match["century"] and not century):
        return f"{century}hundreds" if century else match[0]
    return century + decade


def _number_sign(match: re.Match[str]) -> str:
    return in_place("number ", match)


def _fraction(match: re.Match[str]) -> str:
    whole, top, bottom = match["whole"], match["top"], match["bottom"]
    if bottom not in _PARTS or int(top) >= int(bottom):
        return match[0]
    part = _PARTS[bottom]
    if top != "1":
        part = {"half": "halve"}.get(part, part) + "s"
    if whole:
        return f"{whole} and {'a' if top == '1' else top} {part}"
    return (
        f"half{match['of']}"
        if part == "half"
        else f"{'one' if top == '1' else top} {part}{match['of']}"
    )


_ZONES = {"E": "Eastern", "C": "Central", "M": "Mountain", "P": "Pacific"}

RULES: tuple[Rule, ...] = (
    swap(
        "fraction signs",
        "[½⅓⅔¼¾⅛⅜]",
        lambda match: f" {_SIGNS[match[0]]}",
        ("2½ cups", "2 1/2 cups"),
    ),
    swap(
        "money",
        rf"(?P<det>\b(?:an?|another)\s+)?(?:US|USD\s?|CA|AU)?(?P<sign>[$£€¥₹])\s?(?P<amount>{_AMOUNT})"
        r"(?(det)(?=\s+(?!(?:and|or|for|to|on|in|per|an?|at|of|from)\b)[a-z]{3}))"
        rf"(?:\s?[-–]\s?[$£€¥₹]?(?P<upto>{_AMOUNT}))?"
        r"(?:\s(?:USD|dollars|bucks|pounds|euros))?"
        rf"|(?<![\w$])(?P<amount2>{_AMOUNT})(?P<sign2>[$£€])(?!\d)",
        _money,
        ("$1.5k, £20 and €3", "1,500 dollars, 20 pounds and 3 euros"),
        ("a $20 bill, $1", "a 20-dollar bill, 1 dollar"),
        ("$4.99 or $0.50", "4 dollars and 99 cents or 50 cents"),
        ("$30million, $2M, 4€", "30 million dollars, 2 million dollars, 4 euros"),
        ("$20-30k", "20,000 to 30,000 dollars"),
    ),
    swap(
        "rate",
        rf"(?<=[a-z])\s?/\s?(?P<unit>{alternatives(_PER)})\b",
        _per,
        ("15 dollars/hr, 200 calories/day", "15 dollars an hour, 200 calories a day"),
    ),
    swap(
        "clock",
        r"(?<![\d$£€.])(?P<time>\d{1,2}(?:[:.][0-5]\d)?)\s?(?P<half>[AaPp])(?:\.\s?[Mm](?P<dot>\.)?|[Mm])(?!\w)",
        _clock,
        ("at 3:30pm or 3 p.m. today", "at 3:30 PM or 3 PM today"),
        ("until 2 a.m. Then", "until 2 AM. Then"),
        ("I am 30", "I am 30"),
    ),
    swap(
        "time zone",
        r"(?<=\b[AaPp]M )(?P<zone>[ECMP])[SD]?T\b",
        lambda match: f"{_ZONES[match['zone'].upper()]} time",
        ("at 1 PM pst on Monday", "at 1 PM Pacific time on Monday"),
        ("from 8 AM ET", "from 8 AM Eastern time"),
        flags=re.IGNORECASE,
    ),
    swap(
        "footnote",
        r"(?<=[a-z][)\"])\d{1,2}(?=[.,;]?(?:\s|$))",
        "",
        ("until they were silent)2. Then", "until they were silent). Then"),
        ("(a) 2 of them", "(a) 2 of them"),
    ),
    swap(
        "date",
        r"(?<![\d/-])(?:(?P<year>[12]\d{3})-(?P<first>\d\d?)-(?P<second>\d\d?)"
        r"|(?P<first2>\d\d?)[/.](?P<second2>\d\d?)[/.](?P<year2>(?:19|20)?\d\d))(?![\d/-])",
        _date,
        (
            "2019-12-25 or 7/4/21 or 25.12.2019",
            "December 25, 2019 or July 4, 2021 or December 25, 2019",
        ),
    ),
    swap(
        "month",
        r"\b(?P<month>Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?\s+(?P<rest>\d)",
        _month_day,
        ("on Dec. 3rd", "on December 3rd"),
    ),
    swap(
        "decade",
        r"(?<![\w$£€.,])(?<!\d-)'?(?P<century>1[789]|20)?(?P<decade>\d)0'?s\b",
        _decade,
        ("in the 1990's, in my mid-20s", "in the nineteen nineties, in my mid-twenties"),
        ("the 1800s", "the eighteen hundreds"),
    ),
    swap("short year", r"(?<!\w)'(?=\d\d\b(?!'))", "", ("back in '73", "back in 73")),
    swap(
        "month and day",
        r"\b(?P<before>on|by|since|until|before|after) "
        r"(?P<month>0?[1-9]|1[0-2])/(?P<day>[0-3]?\d)(?![\d/])",
        lambda match: f"{match['before']} {_MONTHS[int(match['month']) - 1]} {int(match['day'])}",
        ("on 4/20 we met", "on April 20 we met"),
    ),
    swap(
        "weight before a noun",
        r"\b(\d+)\s?lb\s(?=(?!of|and|or|in|to|for|on|at|a|per|but|I)\b[a-z]{3})",
        r"\1-pound ",
        ("a 50lb bag", "a 50-pound bag"),
    ),
    swap("mark", r"\b(?<![-'])([A-F])\+(?![+\w])", r"\1 plus", ("an A+ meal", "an A plus meal")),
    swap(
        "fraction",
        r"(?<![\w/.,])(?:(?P<whole>\d{1,3})\s)?(?P<top>\d)/(?P<bottom>\d)(?![\w/])(?P<of>(?: of)?)",
        _fraction,
        ("2 1/2 cups, 3/4 of it", "2 and a half cups, 3 quarters of it"),
        ("1/2 of it, 24/7", "half of it, 24/7"),
    ),
    swap(
        "out of",
        r"(?<![\w/.,])(\d{1,3}(?:\.\d)?)\s?/\s?(10|100|20)(?![\w/,.]\w)(?![\w/])",
        r"\1 out of \2",
        ("a 9/10 meal", "a 9 out of 10 meal"),
    ),
    swap(
        "numbers with slashes",
        r"(?<![\w/.])\d+(?:\s?/\s?\d+)+(?![\w/])",
        lambda match: re.sub(r"\s?/\s?", " " if match[0].count("/") == 1 else ", ", match[0]),
        ("here 24/7, split 50/30/20", "here 24 7, split 50, 30, 20"),
    ),
    swap(
        "units",
        rf"(?<![\w.,])(?P<number>{_NUMBER})[\s-]?(?P<unit>(?i:{alternatives(_UNITS)}))(?!\w)(?:\.(?=\s+[a-z]))?",
        _unit,
        ("225lbs, 6 hrs and 1 min", "225 pounds, 6 hours and 1 minute"),
        ("72°F", "72 degrees Fahrenheit"),
    ),
    swap(
        "power",
        r"(?<=\w)\s?\^\s?(\d+)",
        lambda match: {"2": " squared", "3": " cubed"}.get(
            match[1], f" to the power of {match[1]}"
        ),
        ("x^2", "x squared"),
    ),
    swap("cents", r"(?<=\d)\s?¢", " cents", ("5¢", "5 cents")),
    swap("percent", r"(?<=\d)\s?%", " percent", ("50% off", "50 percent off")),
    swap(
        "number sign",
        r"#\s?(?=\d)|№\s?(?=\d)|\bNo\.\s?(?=\d)",
        _number_sign,
        ("my #1 rule", "my number 1 rule"),
    ),
    swap("hash tag", r"(?<!\w)#(?=[A-Za-z])", "", ("#blessed", "blessed")),
    swap(
        "span",
        r"(?<![\w.,-])(\d{1,4}(?:[.,]\d+)?)\s?[-–—]\s?(\d{1,4}(?:[.,]\d+)?)(?![\w-])(?!,\d)",
        r"\1 to \2",
        ("5-10 men won 3–2", "5 to 10 men won 3 to 2"),
        ("call 555-0142-77", "call 555-0142-77"),
    ),
    swap("about", r"(?<![\w~])[~≈]\s?(?=[\d$])", "about ", ("~5 men", "about 5 men")),
    swap("count", r"^(\d+)\s?x\s+(?=\w)", r"\1 ", ("2x eggs", "2 eggs"), flags=re.MULTILINE),
    swap("unit in capitals", r"(?<=\d)(?=[A-Z]{2,}\b)", " ", ("55BPM", "55 BPM")),
    swap("millions", r"(?<![\w.,])(\d+(?:\.\d+)?)M\b", r"\1 million", ("1M men", "1 million men")),
    swap("times", r"\b(\d+)\s?[x×](?=[\s.,!?]|$)", r"\1 times", ("3x a day", "3 times a day")),
    swap("by", r"\b(\d+)\s?[x×]\s?(?=\d)", r"\1 by ", ("a 4x4 room", "a 4 by 4 room")),
    swap("plus", r"(?<=\d)\s?\+(?!\w)|(?<=\w) \+ (?=\w)", " plus ", ("300+ men", "300 plus  men")),
    swap("minus", r"(?<![\w-])[-−](?=\d)", "minus ", ("at -5 now", "at minus 5 now")),
    swap("equals", r"(?<=[\w)]) ?=+ ?(?=[\w(])", " equals ", ("a = b", "a equals b")),
    swap("more than", r"(?<=\w) ?>=? ?(?=\d)", " more than ", ("he ate > 5", "he ate more than 5")),
    swap("less than", r"(?<=\w) ?<=? ?(?=\d)", " less than ", ("for < 5", "for less than 5")),
)
