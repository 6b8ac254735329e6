"""Notices of a deletion are told from stories about one."""

from __future__ import annotations

import pytest

from core.text.deletion_notices import Notice, notice

FILLER = "oak kettle window harbour like strong decide door airport"
NOTICES = (
    "[deleted]",
    "[ Removed by Reddit in response to a notice. ]",
    "[deleted by user]",
    "(removed)",
    "[gelöscht]",
    "Deleted.",
    "removed by moderators",
    "*This comment was erased by its writer with a privacy tool*",
    "**This post was mass deleted and anonymized with [Redact](https://redact.example)**",
    f"{FILLER} *This post was mass deleted and anonymized with [Redact](https://redact.example)*",
    "This comment has been overwritten by an open source script. It protects the user's privacy.",
    "Comment overwritten with Power Delete Suite v1.4.8",
    "Content purged using Shreddit",
    "This comment has been deleted in protest of the API changes.",
    "This comment was edited in protest of Reddit's API changes.",
    "~~This content was wiped by its author.~~",
    "This user has deleted everything in protest.",
    "I have removed all my comments.",
    "Edit: this comment was scrubbed with a privacy script.",
)
STORIES = (
    "A tin with forty buttons, and a note that said: one for each year.",
    "My sister deleted the post about us, and I laughed for a week.",
    "The moderators removed my piano from the hall, and nobody asked why.",
    "He deleted my number. I deleted his. Then we met on the bus.",
    "Deleted my whole thesis by mistake the night before.",
    "Removed the old carpet yesterday and found forty letters.",
    "This comment made my day.",
    "This comment was edited for spelling. The rest is true.",
    "(He deleted our pictures.)",
    "[My husband deleted our wedding pictures]",
    "The post office had deleted our street from the map.",
    "",
)
UNCLEAR = (
    "My answer was wiped from the board by the janitor.",
    "Removed by the surgeon at nine, home by noon.",
    "This post was removed by moderators once, so I tell it again. " + "The lamp went on. " * 20,
    "The lamp went on, and nobody lived there. " * 9 + "*Mass deleted and anonymized with Redact*",
)


@pytest.mark.parametrize(
    ("texts", "found"), [(NOTICES, Notice.GONE), (STORIES, Notice.NONE), (UNCLEAR, Notice.UNCLEAR)]
)
def test_a_text_is_a_notice_a_story_or_unclear(texts: tuple[str, ...], found: Notice) -> None:
    assert {text: notice(text) for text in texts} == dict.fromkeys(texts, found)
