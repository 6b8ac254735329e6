"""Words of a script in what a recogniser wrote."""

from __future__ import annotations

import pytest

from benchmarks.speech.heard_words import compare

SCRIPT = "It was ten past seven. I asked Mrs. Okafor, and she knew a new key-holder by sight."


@pytest.mark.parametrize(
    "transcript",
    [
        SCRIPT,
        "it was 10 past 7 i asked mrs okafor and she knew a new keyholder by site",
        "It was ten past seven. I asked Mrs. Ockifer and she new a knew key holder by sight, um.",
    ],
)
def test_what_sounds_the_same_is_heard(transcript: str) -> None:
    assert compare(SCRIPT, transcript).missed == ()


def test_what_sounds_different_is_missed() -> None:
    heard = compare(
        SCRIPT, "It was ten past eleven. I asked Mrs. Miller, and she knew a key-holder."
    )

    assert [said for said, _ in heard.missed] == ["seven", "Okafor", "new", "by sight"]
    assert heard.missed[0] == ("seven", "eleven")
    assert heard.share == pytest.approx(100 * (1 - 5 / heard.words))
