"""Footers of blogs are not narrated, and an excerpt is told from a whole story."""

# ruff: noqa: RUF001  (other scripts are the subject)

from __future__ import annotations

import time

import pytest

from pipelines.stories.text.normalize import narratable
from pipelines.stories.text.rules.footers import is_excerpt

TALE = "We found a clock under the stairs. It ran backwards, and nobody dared to stop it."
FOOTERS = (
    "The post [The clock](https://x.example/1/) appeared first on [Cellar tales](https://x.example).",
    "The post The clock first appeared on Cellar tales.",
    "This story was originally published at Cellar tales.",
    (
        "The clock was originally published in Cellar tales on Medium, where people are continuing "
        "the conversation by highlighting and responding to this story."
    ),
    "Der Beitrag Die Uhr erschien zuerst auf Kellergeschichten.",
    "L’article L’horloge est apparu en premier sur Contes.",
    "La entrada El reloj se publicó primero en Cuentos.",
    "L'articolo L'orologio proviene da Racconti.",
    "O post O relógio apareceu primeiro em Contos.",
    "Het bericht De klok verscheen eerst op Verhalen.",
    "Artykuł Zegar pochodzi z serwisu Opowieści.",
    "Inlägget Klockan dök först upp på Berättelser.",
    "Сообщение Часы появились сначала на Рассказы.",
    "投稿 時計 は 物語 に最初に表示されました。",
    "Share this:\n\nLike this:\n\nLike Loading...",
    "Filed under: Clocks, Cellars",
    "Thanks for reading Cellar tales! Subscribe for free to receive new posts and support my work.",
)


@pytest.mark.parametrize("footer", FOOTERS)
def test_a_footer_is_cut_and_the_story_stays(footer: str) -> None:
    told = narratable("The clock", f"{TALE}\n\n{footer}")
    assert told.text == TALE
    assert not is_excerpt(f"{TALE}\n\n{footer}", from_feed=True)


@pytest.mark.parametrize(
    "text",
    [
        "The post that held the gate appeared first on my list, and I sawed it off. Then I slept.",
        "Read more books, she told me, and I did that for years.",
        "Related to me she was not, and yet she stayed.",
        "Follow me on the ice, he said, and we went.",
        "He said: continue reading. So I did, and the candle burnt down.",
        "“Tell me more,” I said. I wanted to read more",
    ],
)
def test_a_story_keeps_sentences_that_only_sound_like_a_footer(text: str) -> None:
    story = f"{TALE}\n\n{text}"
    assert len(narratable("The clock", story).paragraphs) == 2
    assert not is_excerpt(story, from_feed=True)


EXCERPTS = (
    "[…]",
    "[...]",
    "(…)",
    "[&hellip;]",
    "[…]\n\n[Continue reading The clock](https://x.example/1/)",
    "… [Read more »](https://x.example/1/)",
    "[…]\n\n[Weiterlesen](https://x.example/1/)\n\nDer Beitrag Die Uhr erschien zuerst auf Keller.",
    "\n\nLire la suite →",
    "\n\nLeer más",
    "\n\nContinua a leggere L'orologio",
    "\n\nContinue lendo →",
    "\n\nЧитать далее",
    "\n\n続きを読む",
    "[…]\n\nThe post The clock appeared first on Cellar tales.",
)


@pytest.mark.parametrize("end", EXCERPTS)
def test_an_excerpt_is_told_by_its_end_and_the_end_is_not_narrated(end: str) -> None:
    body = f"{TALE} {end}"
    assert is_excerpt(body, from_feed=False)
    assert narratable("The clock", body).text.replace("…", "").rstrip(". ") == TALE.rstrip(".")


def test_a_short_text_of_a_feed_that_trails_off_is_an_excerpt() -> None:
    short, long = "It ran backwards, and nobody…", "It ran on and on. " * 60 + "And then…"
    assert is_excerpt(short, from_feed=True)
    assert not is_excerpt(short, from_feed=False)
    assert not is_excerpt(long, from_feed=True)


def test_odd_ends_take_no_long_time() -> None:
    began = time.perf_counter()
    for odd in ("…", "[", "the post appeared first ", "read the ", "_", "\n", " ", "tags:"):
        is_excerpt(odd * 50_000, from_feed=True)
    assert time.perf_counter() - began < 2
