"""What is wrong with a line by a language model, whatever story it is about."""

from __future__ import annotations

import re
import unicodedata

from adapters.llm.grounding import gives_orders

_UNWANTED = {
    "has a link in it": re.compile(
        r"https?:|www\.|\b[\w-]+\.(?:com|net|org|io|ly|me|tv|gg|co|app|shop|link|info|biz)\b"
    ),
    "names an account or a subreddit": re.compile(r"(?<!\w)@\s?\w|(?<![\w/])/?[ur]/\w"),
    "has a number to call or a price in it": re.compile(
        r"(?:\d[ ()+./-]?){7,}|[$\u20ac\u00a3]\s?\d|\b\d+ ?(?:%|percent) off\b|\b(?:usd|eur|btc)\b"
    ),
    "advertises": re.compile(
        r"\bfollow (?:@|me|us|my|our|the account|for)\b|\blinks? (?:is |are )?(?:in|below|down)\b"
        r"|\b(?:promo|discount|coupon|referral|voucher) ?codes?\b|\buse code\b|\bdm (?:me|us)\b"
        r"|\b(?:buy|order|shop|donate|download|install|sign up|join|click|tap|visit|vote) (?:now"
        r"|today|here|us|this|our|my|for|at|it now|the (?:link|app|site|channel|group|server))\b"
        r"|\bsubscribe\b|\bcheck out (?:my|our|the)\b|\bmy (?:channel|profile|bio|page|shop)\b"
        r"|\b(?:paypal|venmo|cash ?app|bitcoin|crypto\w*|airdrop|onlyfans|telegram|whatsapp|discord"
        r"|patreon|gofundme|giveaway|casino|free (?:gift|iphone|money|shipping|trial)|sponsored"
        r"|limited offer|best price|dot com)\b|\bsmash (?:that|the)\b|\blike and (?:share|follow)\b"
    ),
    "has markup in it": re.compile(r"[{}<>\[\]\\`*#|_]"),
}
_JOINERS = str.maketrans("", "", "\u200c\u200d")
"""Zero-width joiners: Persian and Indic scripts need them, but they can hide tricks."""
_STOPS_INSIDE = re.compile(r"[,;:\u2014-]\W*$")
_RUN = 4
"""Words in a row that a line has twice only if its writer repeats itself."""


def unwanted(text: str) -> str:
    """What ``text`` has that no line may have, or lacks; empty if it is fine."""
    bare = unicodedata.normalize("NFKC", text.translate(_JOINERS)).strip()
    if not any(character.isalpha() for character in bare):
        return "is empty"
    if not bare.isprintable():
        return "has a line break or a control character in it"
    if gives_orders(bare):
        return "answers an order inside the story"
    found = (problem for problem, pattern in _UNWANTED.items() if pattern.search(bare.casefold()))
    return next(found, "")


def unfinished(text: str, longest: int) -> str:
    """What is wrong with a text whose writer didn't know when to stop; empty if nothing is."""
    if len(text) > longest:
        return f"is longer than {longest} characters"
    if _STOPS_INSIDE.search(text):
        return "stops in the middle of a sentence"
    words = re.findall(r"\w+", text.casefold())
    runs = [tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)]
    return "repeats itself" if len(set(runs)) < len(runs) else ""
