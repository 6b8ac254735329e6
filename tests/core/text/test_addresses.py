"""No secret part of an address is shown, wherever the secret stands."""

from __future__ import annotations

import pytest

from core.text import addresses

TOKEN = "c0ffee15f00d5ea5e4b1ec7ab1e5"
HIDDEN = {
    f"https://www.reddit.com/.rss?feed={TOKEN}&user=quiet_heron": (
        "https://www.reddit.com/.rss?feed=[secret]&user=[secret]"
    ),
    f"https://ada:{TOKEN}@night.example/feed": "https://[secret]:[secret]@night.example/feed",
    f"https://{TOKEN}@night.example/feed": "https://[secret]@night.example/feed",
    f"https://night.example/p/{TOKEN}.rss": "https://night.example/p/[secret].rss",
    "https://night.example/p/0f8fad5b-d9cb-469f-a165-70867728950e.rss": (
        "https://night.example/p/[secret].rss"
    ),
    "https://night.example/f/aB3_xY9-kL2_mN8-qR5z/": "https://night.example/f/[secret]/",
    f"https://night.example/feed?{TOKEN}": "https://night.example/feed?[secret]",
    f"https://night.example/feed?a=1;key={TOKEN}": (
        "https://night.example/feed?a=[secret];key=[secret]"
    ),
    f"https://night.example/feed?t={TOKEN}": "https://night.example/feed?t=[secret]",
    f"https://night.example/feed#{TOKEN}": "https://night.example/feed#[secret]",
    f"https://a b/c d?key={TOKEN} x": "https://a b/c d?key=[secret]",
    f"https://[night?key={TOKEN}": "https://[night?key=[secret]",
    f"night.example/feed?key={TOKEN}": "night.example/feed?key=[secret]",
}
PLAIN = (
    "https://www.reddit.com/r/relationship_advice/top/.rss?t=week&sort=top&limit=100",
    "https://night.example/?feed=rss2&paged=2",
    "https://night.example/2026/11/29/the-lamp-in-the-empty-house-2/feed/",
    "https://www.reddit.com/r/2mediterranean4u/.rss",
    "http://127.0.0.1:8080/feed",
    "tifu",
    "",
)


@pytest.mark.parametrize("address", HIDDEN)
def test_what_may_be_a_secret_is_masked(address: str) -> None:
    assert addresses.shown(address) == HIDDEN[address]
    assert addresses.hides(address)
    assert TOKEN not in addresses.name_of(address)
    # And what is shown can be shown again
    assert addresses.shown(HIDDEN[address]) == HIDDEN[address]
    assert addresses.is_masked(HIDDEN[address])


@pytest.mark.parametrize("address", PLAIN)
def test_what_can_not_be_a_secret_is_shown(address: str) -> None:
    assert addresses.shown(address) == address
    assert not addresses.hides(address)


def test_a_source_is_named_by_host_and_path() -> None:
    private = f"https://ada:{TOKEN}@www.reddit.com/r/tifu/top/.rss?feed={TOKEN}"
    assert addresses.name_of(private) == "www.reddit.com/r/tifu/top/.rss"
    assert addresses.name_of("https://night.example/") == "night.example"


def test_the_host_of_an_address_is_the_same_however_it_is_written() -> None:
    for written in ("http://Night.Example:80/a", "https://a:b@night.example./b?c", "night.example"):
        assert addresses.host_of(written) == "night.example"
    assert addresses.host_of("http://[::1]:8080/") == "[::1]"


def test_addresses_inside_a_text_are_masked() -> None:
    text = f"Link (https://night.example/feed?key={TOKEN}), added to https://a.example/?b={TOKEN}."
    assert addresses.shown_in(text) == (
        "Link (https://night.example/feed?key=[secret]), added to https://a.example/?b=[secret]."
    )
    assert addresses.shown_in(addresses.shown_in(text)) == addresses.shown_in(text)


def test_a_text_that_repeats_a_secret_is_cleaned_in_each_spelling() -> None:
    clean = addresses.remover(f"https://night.example/feed?key=very%2Bsecret%20token&user={TOKEN}")

    assert clean("a very+secret token, very%2Bsecret%20token") == "a [secret], [secret]"
    assert clean(f"by {TOKEN}") == f"by {TOKEN}"  # a user's name is no secret in a text
    signed = addresses.remover("https://ada:a%20long%20password@night.example/")
    assert signed("Basic YWRhOmEgbG9uZyBwYXNzd29yZA== a long password") == "Basic [secret] [secret]"
    assert addresses.remover("https://night.example/feed?a=lamp")("The lamp") == "The lamp"
