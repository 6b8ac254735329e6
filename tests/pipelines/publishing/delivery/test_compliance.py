# ruff: noqa: RUF001  (look-alike letters are the point)
"""What a post says: problems are found by kind, place and words, and wait for a person."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable

import pytest

from core.errors import Parked
from models import Account, Post, Video
from pipelines.publishing.delivery.compliance import check_texts, findings, texts_of
from pipelines.stories.text.normalize import narratable
from sandbox.stories import shipped_stories
from tests.pipelines.publishing.desk import Desk


def coarse(word: str) -> str:
    return codecs.decode(word, "rot13")


PROMOTIONAL = [
    "Link in bio for the whole story",
    "L1nk in b10!",
    "l\u200bink in my b\u200bio",
    "Ｌｉｎｋ ｉｎ ｂｉｏ",
    "The links are in the description below",
    "Use code STORY20 at checkout",
    "Get a discount code today",
    "This is brought to you by a pillow",
    "Buy now, only a few left",
    "Order yours today",
    "Shop now!",
    "Get 20% off with my list",
    "Buy the lamp for $19.99.",
    "Only $19.99 - buy the lamp",
    "Order one here for 20 dollars",
    "Follow me on Instagram",
    "Subscribe to my YouTube channel",
    "Join our Discord",
    "IG: lamp.stories",
    "insta @lampstories",
    "@lampstories on YouTube",
    "Read it all at https://lamp.example/part-2",
    "Visit lamp-stories.com for more",
    "Visit lampstories dot com",
    "Write to lamp@stories.example",
    "Call +44 7700 900123",
    "Call (555) 010-0199 and ask",
    "Call 555-010-0199 now",
    "While supplies last",
    "DM me for prices",
    "Sponsored by the lighthouse",
    "Enlace en la bio",
    "Usa mi código",
    "Lien dans la bio",
    "Link in der Bio",
    "Link na bio",
]
WATERMARKS = [
    "Made with CapCut",
    "Edited in KineMaster",
    "www.lamp.example",
    "© 2026 Lamp Stories",
    "(c) 2026 The Lamp Company",
    "All rights reserved",
    "Copyright 2024",
    "Unregistered version",
    "Do not repost",
    "Shutterstock",
]
ORDINARY = [
    "I narrated her to follow me to the car, and I saw on her Instagram that she was lying.",
    "He asked me for the code to the door. Use the code 4512, I said.",
    "I bought it for $500 and sold it for only $20. I had to order a new one for 300 dollars.",
    "It was made with love by my grandmother, and powered by an old diesel engine.",
    "We met in 1974, at 10 past 2. The bill was 10,000,000 dollars, from 2019-2020 alone.",
    "On 12-05-2023 at 14:30 I called 911. Flight 123 456 was late by 3.5 hours.",
    "He stopped.So I went in. The bio on his profile was long. She read the comments.",
    "I clicked the pen, checked the lamp and swiped my card. The shop was closed now.",
    "Tell me in the comments. Follow for part 2! What would you have done?",
    "My brother was killed, and the man who murdered him died by suicide. There was no sex.",
    "She has 20% of the house, and I took 30% off my own wages. He cut 40% off his price.",
    "AITA for telling my wife (32F) that the copyright office sponsored her trip?",
    "He downloaded the app, subscribed to a newspaper and signed up for a gym.",
]


@pytest.mark.parametrize("text", PROMOTIONAL)
@pytest.mark.parametrize("where", ["title", "text"])
def test_promotional_text_is_found(text: str, where: str) -> None:
    found = findings({where: f"The light was out. {text}"})

    assert {(each.kind, each.where) for each in found} == {("promotional", where)}


@pytest.mark.parametrize("text", WATERMARKS)
def test_text_like_a_watermark_is_found(text: str) -> None:
    assert {each.kind for each in findings({"hook": text})} == {"watermark"}


@pytest.mark.parametrize("text", ORDINARY)
@pytest.mark.parametrize("where", ["title", "text"])
def test_an_ordinary_story_passes(text: str, where: str) -> None:
    assert findings({where: text}) == []


def test_coarse_words_are_found_in_a_title_and_allowed_in_a_story() -> None:
    word = coarse("shpxvat")

    assert [each.words for each in findings({"title": f"My {word} lamp"})] == [word]
    assert findings({"text": f"It went out. {word} lamp! " + "I went to bed. " * 100}) == []


def test_a_story_full_of_coarse_words_is_found() -> None:
    found = findings({"text": coarse("Shpx guvf fuvg. Shpxvat ovgpu. ") * 20})

    assert {each.kind for each in found} == {"profanity"}
    assert len(found) == 4


def test_hate_is_found_anywhere() -> None:
    text = "It was night. " * 200 + coarse("avttre")

    assert [each.kind for each in findings({"text": text})] == ["profanity"]


def test_the_sentence_names_kinds_words_and_places() -> None:
    texts = {
        "title": f"The {coarse('shpxvat')} lamp",
        "call to action": "Link in bio. Made with CapCut.",
    }

    with pytest.raises(Parked) as parked:
        check_texts(texts)

    assert parked.value.code == "compliance_profanity"
    sentence = str(parked.value)
    for part in ("(title)", "“link in bio” (call to action)", "“made with capcut”", "allow"):
        assert part in sentence


@pytest.mark.parametrize(
    ("text", "code"),
    [("Link in bio", "compliance_promotional"), ("Made with CapCut", "compliance_watermark")],
)
def test_each_kind_has_its_code(text: str, code: str) -> None:
    with pytest.raises(Parked) as parked:
        check_texts({"title": text})

    assert parked.value.code == code


def test_a_long_list_is_cut() -> None:
    with pytest.raises(Parked, match="and 2 more"):
        check_texts({"text": " ".join(f"lamp{n}.com" for n in range(7))})


def test_a_person_may_allow_it() -> None:
    check_texts({"title": "Link in bio"}, allowed=True)


def test_our_own_stories_pass() -> None:
    for story in shipped_stories():
        narrated = narratable(story.title, story.body)
        assert findings({"title": narrated.title, "text": narrated.text}) == [], story.id


def test_it_takes_a_few_milliseconds() -> None:
    story = next(each for each in shipped_stories() if each.id == "sbx007")
    words = (story.body * 4).split()[:1500]
    assert len(words) == 1500
    texts = {"title": story.title, "hook": story.title, "text": " ".join(words)}
    findings(texts)  # loads the lexicons

    times = []
    for _ in range(20):
        began = time.thread_time()
        findings(texts)
        times.append(time.thread_time() - began)

    assert min(times) < 0.015  # 0.004 measured; other work on the machine slows it


def test_a_posts_texts_are_all_that_it_says(
    desk: Desk, make_videos: Callable[..., list[Video]], connect: Callable[..., Account]
) -> None:
    connect()
    desk.plan(make_videos()[0])
    post = Post.get()

    texts = texts_of(post)

    assert texts == {
        "title": post.title,
        "hook": "",
        "text": "It went out.",
        "call to action": "",
    }
    check_texts(texts)
