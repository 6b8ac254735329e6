"""The platform's rules about titles and chunks."""

from __future__ import annotations

import random

import pytest

from pipelines.publishing.delivery.api.chunks import plan_chunks
from pipelines.publishing.posts.post_title import post_title, units


def test_a_title_has_its_part_and_hashtags() -> None:
    assert post_title("The  lamp\n", 1, 1, ["storytime"]) == "The lamp #storytime"
    title = post_title("The lamp", 2, 3, ["#scary story", "Scarystory", "", "night"])
    assert title == "The lamp (part 2 of 3) #Scarystory #night"


@pytest.mark.parametrize("title", ["word " * 600, "x" * 3000, "🕯" * 1500, "दीपक " * 900])
def test_a_long_title_is_cut_and_keeps_its_part(title: str) -> None:
    fitted = post_title(title, 2, 3, ["storytime"])

    assert units(fitted) <= 2_200
    assert "… (part 2 of 3)" in fitted
    assert "\ufffd" not in fitted


def test_hashtags_are_left_out_rather_than_cut() -> None:
    hashtags = [f"tag{'x' * n}" for n in range(0, 200, 7)]

    fitted = post_title("The lamp " * 200, 1, 1, hashtags)

    assert units(fitted) <= 2_200
    kept = [word[1:] for word in fitted.split() if word.startswith("#")]
    assert kept
    assert set(kept) <= set(hashtags)


def test_chunks_keep_the_rules_at_every_size() -> None:
    megabyte = 10**6
    edges = [1, 5 * 2**20, 64 * megabyte, 128 * megabyte, 500 * megabyte]
    sizes = {edge + shift for edge in edges for shift in (-1, 0, 1)} - {0}
    dice = random.Random(7)  # noqa: S311  # sizes, not secrets
    sizes |= {dice.randrange(1, 4_000 * megabyte) for _ in range(5_000)}

    for size in sizes:
        plan = plan_chunks(size)
        last = size - plan.chunk_size * (plan.count - 1)
        assert plan.count == size // plan.chunk_size
        assert plan.count <= 1000
        assert plan.chunk_size <= last <= 128 * megabyte
        if size <= 64 * megabyte:
            assert (plan.chunk_size, plan.count) == (size, 1)
        else:
            assert plan.count > 1
            assert 5 * 2**20 <= plan.chunk_size <= 64 * megabyte
