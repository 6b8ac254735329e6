"""Rewrites names of users and subreddits as they are spoken in English."""

from __future__ import annotations

import re

from pipelines.stories.text.rules.rule import Rule, in_place, swap

_SUBREDDITS = {
    "all": "all of Reddit",
    "amitheasshole": "the Am I the A-hole subreddit",
    "aita": "the Am I the A-hole subreddit",
    "askreddit": "the Ask Reddit subreddit",
    "tifu": "the Today I Messed Up subreddit",
    "til": "the Today I Learned subreddit",
    "todayilearned": "the Today I Learned subreddit",
    "prorevenge": "the pro revenge subreddit",
    "pettyrevenge": "the petty revenge subreddit",
    "nosleep": "the no sleep subreddit",
    "relationshipadvice": "the relationship advice subreddit",
    "legaladvice": "the legal advice subreddit",
    "justnomil": "the just no mother-in-law subreddit",
    "talesfromtechsupport": "the tales from tech support subreddit",
    "maliciouscompliance": "the malicious compliance subreddit",
}
"""Names without visible word breaks, or with a special pronunciation."""


def _subreddit(match: re.Match[str]) -> str:
    name = match["name"]
    known = _SUBREDDITS.get(name.lower().replace("_", ""))
    if known is None:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+", " ", name).strip()
        known = f"the {words if words.isupper() else words.lower()} subreddit"
    return in_place(known, match)


def _user(match: re.Match[str]) -> str:
    if match["named"]:
        return match["named"].strip()
    return in_place("a user", match)


RULES: tuple[Rule, ...] = (
    swap(
        "subreddit",
        r"(?<![\w/])(?:the\s+)?/?r/(?P<name>[A-Za-z0-9_]{2,24})(?:/(?!\w))?(?:\s+(?:sub)?reddit\b|\s+sub\b)?",
        _subreddit,
        ("I asked on r/relationship_advice.", "I asked on the relationship advice subreddit."),
        ("r/BirdsOfPrey is nice", "The birds of prey subreddit is nice"),
        ("Seen in the /r/cooking sub", "Seen in the cooking subreddit"),
    ),
    swap(
        "user",
        r"(?<![\w/])(?:(?P<named>(?:(?:the|an?|fellow|another|this)\s+)?(?:user|redditor)\s+))?"
        r"(?:/?u/[A-Za-z0-9_-]{3,20}\b|@(?=[A-Za-z])[A-Za-z0-9_.]{2,29}\w\b)",
        _user,
        ("u/quiet_lamp's idea", "A user's idea"),
        ("as the user /u/quiet_lamp said", "as the user said"),
        ("thanks to @quiet_lamp!", "thanks to a user!"),
        ("somebody (e.g. u/quiet_lamp)", "somebody (e.g. a user)"),
    ),
)

BARE_NAMES: tuple[Rule, ...] = (
    swap(
        "name without its sign",
        r"(?<![\w/])(?:/?[ur]/|@)(?=[A-Za-z0-9_]{2})",
        "",
        ("u/quiet_lamp en r/cocina", "quiet_lamp en cocina"),
    ),
)
"""For languages without their own rules."""
