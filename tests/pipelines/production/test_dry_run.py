"""Many posts are processed up to their script, to see what may sound wrong."""

from __future__ import annotations

import pytest

from pipelines.production import dry_run
from tests.pipelines.production.making import STUDIO, TALE, a_post

LONG = "\n\n".join(
    f"On day {day} we carried the piano one floor up. {TALE[1]}" for day in range(30)
)


@pytest.mark.slow
def test_posts_are_split_into_parts_that_lose_no_word() -> None:
    posts = [a_post("1"), a_post("2", body=LONG), a_post("3", body="https://example.com/a.jpg")]

    short, long, nothing = dry_run.run(posts, STUDIO, 165)

    assert (short.parts, short.problem) == (1, "")
    assert long.parts > 3
    assert long.problem == ""
    assert (nothing.parts, nothing.skipped) == (0, "it has no text that can be narrated")


@pytest.mark.parametrize(
    ("body", "sign"),
    [
        ("We met at the HQ (the old one) in town.", "brackets"),
        ("They wrote XQZT on the wall of our house.", "an abbreviation"),
        ("There were 17 and then 12 of them.", "digits"),
    ],
)
def test_text_that_may_sound_wrong_is_reported(body: str, sign: str) -> None:
    [tried] = dry_run.run([a_post(body=body)], STUDIO, 165)

    assert tried.oddness > 0
    assert any(odd.startswith(sign) for odd in tried.odd)
