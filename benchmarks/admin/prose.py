"""Words for titles and texts of invented stories: a few are in every third title, most are rare."""

from __future__ import annotations

import math
import random


def _split(text: str, by: str | None = None) -> list[str]:
    return text.split(by)


WHO = _split(
    "neighbour sister brother landlord roommate boss cousin teacher grandmother uncle friend aunt "
    "colleague nephew niece postman dentist tenant baker driver plumber nurse painter gardener "
    "captain tailor librarian cook waiter pilot fisherman carpenter singer hairdresser clockmaker "
    "ferryman beekeeper shepherd lighthouse-keeper magician"
)
DID = _split(
    "borrowed took hid painted sold lost returned broke mended locked moved found buried copied "
    "washed repaired burnt shared counted followed remembered opened closed drew wrapped answered "
    "carried measured planted photographed"
)
THING = _split(
    "ladder door letter key lamp clock bicycle garden piano kettle suitcase window mirror boat "
    "table photograph coat ring map stove radio blanket chair diary bell wagon violin candle "
    "umbrella basket hammer anchor carpet bottle notebook teapot compass curtain drawer engine "
    "feather glove hedge kite lantern mattress needle oven pillow quilt rope saddle tent vase wheel"
)
PLACE = _split(
    "in the cellar;at the station;behind the school;on the roof;by the river;in the attic;"
    "at the wedding;on the ferry;under the bridge;in the library;at the market;on the island;"
    "in the waiting room;at midnight;before breakfast;during the storm;after the funeral;"
    "on the night train;in the empty house;at the harbour",
    ";",
)
END = _split(
    "and nobody asked;and I said nothing;so we moved away;and it came back green;"
    "and the whole street knew;but the key did not fit;and then it rang again;"
    "so I kept it for ten years;and my mother laughed;but I was wrong;and the light stayed on;"
    "so I wrote it all down;and the dog refused to go in;but the date was tomorrow's",
    ";",
)
_SYLLABLES = _split("bar cal den fel gor hul kir lan mor nev os pel rud sel tor ul ven wis yar zel")
TOWNS = [a.capitalize() + b + c for a in _SYLLABLES for b in _SYLLABLES for c in ("by", "ton")]
RAREST = "xylophone"
"""In one title of 50,000."""

_SENTENCES = (
    "I did not think about it until {place}",
    "My {who} {did} the {thing} once, {place}",
    "We had known each other for years, {end}",
    "There was a {thing} that nobody had {did}",
    "The {thing} had always stood {place}, {end}",
    "She told me that her {who} {did} it {place}",
    "I asked him why he {did} the {thing}, {end}",
    "It was raining, the {thing} was gone, {end}",
    "Nobody in the family talks about the {thing} any more",
    "Years later I found the {thing} again {place}, {end}",
)
_SHORTEST, _MEDIAN, _LONGEST = 60, 260, 1400
"""Words of a text."""


def texts(count: int) -> list[tuple[int, str, str, int]]:
    """Of each text its number, itself, its narration (a sentence a line), and its words."""
    chance = random.Random(7)  # noqa: S311  # the same texts each time
    return [(number, *_text(chance)) for number in range(count)]


def _text(chance: random.Random) -> tuple[str, str, int]:
    wanted = round(math.exp(chance.gauss(math.log(_MEDIAN), 0.7)))
    wanted = min(_LONGEST, max(_SHORTEST, wanted))
    paragraphs: list[list[str]] = [[]]
    words = 0
    while words < wanted:
        sentence = chance.choice(_SENTENCES).format(
            who=chance.choice(WHO),
            did=chance.choice(DID),
            thing=chance.choice(THING),
            place=chance.choice(PLACE),
            end=chance.choice(END),
        )
        words += len(sentence.split())
        paragraphs[-1].append(f"{sentence}.")
        if chance.random() < 0.2:  # noqa: PLR2004  # five sentences a paragraph
            paragraphs.append([])
    body = "\n\n".join(" ".join(each) for each in paragraphs if each)
    narrated = "\n\n".join("\n".join(each) for each in paragraphs if each)
    return body, narrated, words
