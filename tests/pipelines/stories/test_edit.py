"""Typed text is narrated as typed, and saving without a change changes nothing."""
# ruff: noqa: RUF001  (marks of other scripts are meant)

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InputError
from models import AuditEntry, Story, StoryState
from pipelines.stories import review
from pipelines.stories.prepare import prepare
from pipelines.stories.text import language, normalize, story_text
from sandbox.stories import shipped_stories
from tests.pipelines.production.making import a_story, claimed

LONG = "the bus that used to stop at the mill had been late every day since the end of the winter"

POSTS = (
    # sentences that are broken for breath, and go on with a small letter in a line of their own
    f"We all knew that {LONG}; nobody asked why and {LONG}, so we walked. Then it came.",
    f"It was like this: {LONG}, which {LONG}, and therefore {LONG}.",
    f"He told me, {LONG}, {LONG}, {LONG}, {LONG}, {LONG}.",
    f'She said "{LONG}" and then {LONG}.',
    f"My uncle (the one with the boat, {LONG}) sold it, {LONG} and {LONG}.",
    f"One, two, {LONG}, {LONG}; {LONG}, three.",
    "No stop for a long while " * 30,
    "well he said so " * 40 + ", and so on",
    # sentences with marks inside
    "Bring them all (both of 'em!) to let her know. did you count? I did.",
    "Did you see that? did you hear it? he did. She didn't.",
    'He yelled "no!" and ran. then it rained! so we left... and came back.',
    "I met Dr. Ames at 5 p.m. yesterday, i.e. too late. J. K. said so, etc. and left.",
    "Wait... what? really?! it was me. Yes.",
    "It silenced everyone (for good)2. Then they spoke.",
    '"Why?" I asked. "Because," she said, "it is late." He laughed.',
    "And then—nothing. He—well, she—left - at night -",
    # the writing of forums
    "AITA for telling my MIL (62F) off? My SO (34m) says NTA, tbh. IMO he's right lol.",
    "So u mentioned ur username (e.g. u/quiet_lamp) on r/AskAnything, idk why.",
    "**Bold** words, *soft* ones, ~~wrong~~ ones and `code`. [A link](https://example.org/a_b).",
    "# A heading\n\n* one thing\n* another\n\n1. first\n2. second\n\n> quoted",
    "| Name | Age |\n|---|---|\n| Bo | 9 |\n| Al | 7 |",
    "I sold it.\n\nEDIT: wow, thanks for the gold!\n\nEdit 2: the boat was hers, I only lent it.",
    "TL;DR: white dress, no cake.",
    "Throwaway because my family knows my main. We had a party. It ended badly for the cake.",
    "Sooooo goood!!! I was SO MAD. MY WIFE LEFT ME. The FBI and the NFL called ME.",
    "What the f\\*\\*\\* is this sh*t? you #$%@!",
    "Look at https://example.org. Proof (www.example.org). Write to me@example.org, please.",
    "happy 😂👍🏽! ¯\\_(ツ)_/¯ :D 1️⃣ first & last &amp; least &lt;3",
    "he/she and/or they, 24/7, w/ me b/c of it. 50/50.",
    "in -> out, a | b, left ← right · done",
    # figures
    "I paid $1.5k, €20 and 3£ on 7/4/21 at 3:30pm; 50% off, a 9/10 deal, ~5 left.",
    "Room #3, 2 1/2 cups, 72°F, 225lbs, 6 hrs, in the 1990's, 4x4, 3x a day, -5 at night.",
    "x^2 = 4, 2 + 2 = 4, 5 > 3, 300+ men, 1M views, Dec. 3rd, No. 5, ½ of it, A+.",
    "Call 555-0142-77, id 9104ac55-078d-4a57-9521-c9c9bec850cb, in 5-10 days.",
    # lines
    "I woke up late\nIt rained all day\nNobody called",
    "a line that\nwraps in the middle\nof a sentence. And Another\nOne.",
    "A list:\n\n- tea\n- bread;\n- salt,\n- and a lamp",
    "Roses are red,\nViolets are blue,\nThe lamp went out,\nAnd so did you",
    "Dear all,\n\nI left.\n\nYours,\nMara\n\nP.S. The key is under the mat.",
    "One.\n\n\n\n   \n\nTwo.\r\n\r\nThree.\u2029Four.",
    "starts small. and goes on small. iPhone users know. eBay, too.",
    # marks and quotations that are left open
    '"It never closed, he said. So I went on.\n\n"And on."',
    "- , ; & « » | ** __ -- — … ( ) [ ] < > ^ ~ = + * # / \\ ' \" ` end",
    "He 'said' so, 'twas nothing, the dogs' bowls and 'em.",
    # other tongues
    "Cada noche el farolero encendía las luces. ¿Y luego? ¡Nada! Contaba barcos, u/lamp & yo.",
    "Es war «alt». Er sagte: „Nein“ – und ging. Usw. und so fort, z. B. heute.",
    "日本語の文です。もう一つ！" + "それは長い夜のことだったが、" * 12 + "終わり",
    "मैं ठीक हूँ। आप कैसे हैं? नमस्ते",
    "ذهبت إلى البيت، ثم نمت. هل أنت بخير؟ " + "ومشينا إلى السوق، " * 20 + "نعم",
    "สวัสดีครับ ผมไปตลาด แล้วกลับบ้าน\nวันนี้ฝนตก",
    "می‌خواهم بروم. شب بود؛ باران می‌آمد.",
    "Και μετά; Τίποτα. Ήταν αργά.",
)


def prepared_text(body: str) -> tuple[str, str]:
    code, _ = language.detect(body)
    own = normalize.narratable("", body, code).paragraphs
    return story_text.written(story_text.Paragraph(sentences, 0) for sentences in own), code


@pytest.mark.parametrize("body", POSTS)
def test_saving_the_text_of_the_page_changes_nothing(body: str) -> None:
    shown, code = prepared_text(body)

    # As a browser sends it: with its own line ends
    saved = story_text.edited(shown.replace("\n", "\r\n"), code, 0, before=shown)

    assert story_text.written(saved) == shown


@pytest.mark.parametrize("body", POSTS)
def test_typed_text_is_saved_again_unchanged(body: str) -> None:
    # Given what stands there, and below it all that the original says, just as it is written
    shown, code = prepared_text(body)
    typed = story_text.edited(f"{shown}\n\n{body}", code, 0, before=shown)

    again = story_text.edited(story_text.written(typed), code, 0, before=story_text.written(typed))

    assert again == typed
    words = " ".join(sentence for each in typed for sentence in each.sentences).split()
    assert [word for word in words if not any(map(str.isalnum, word))] == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        # the words stay
        ("AITA? My MIL said so, tbh.", "AITA?\nMy MIL said so, tbh."),
        ("I was SO mad. he/she left.", "I was SO mad.\nhe/she left."),
        ("I (23F) asked r/AskAnything.", "I (23F) asked r/AskAnything."),
        ("Edit: thanks for the gold, all!", "Edit: thanks for the gold, all!"),
        ("TL;DR: no cake.", "TL;DR: no cake."),
        ("It was sooo long lol.", "It was sooo long lol."),
        ("He said [sic] it.", "He said sic it."),
        ("    Four spaces before it.", "Four spaces before it."),
        # signs and figures are put into words
        ("Tom & Ann paid $5 @ noon", "Tom and Ann paid 5 dollars at noon."),
        ("-5 at night, 2 + 2 = 4", "minus 5 at night, 2 plus 2 equals 4."),
        # what can't be heard goes
        ("It was *old* 😂 — **very**!!!", "It was old, very!"),
        (
            "Ask [him](https://example.org) or see www.example.org/b now",
            "Ask him or see a link now.",
        ),
        ("So… yes\u200b.", "So... yes."),
    ],
)
def test_typed_text_is_narrated_as_typed(typed: str, said: str) -> None:
    assert story_text.written(story_text.edited(typed, "en", 0, before="")) == said


def test_half_of_a_broken_sentence_can_be_edited() -> None:
    # Given a long sentence in two lines
    shown, _ = prepared_text(f"We all knew that {LONG}, and nobody asked why because {LONG}.")
    first, second = shown.split("\n")
    assert first.endswith(",")

    # When either of its lines is changed
    for changed in (shown.replace("We all", "We both"), shown.replace("nobody", "no one")):
        assert story_text.written(story_text.edited(changed, "en", 0, before=shown)) == changed
    one_line = f"{first.replace('We all', 'We both')} {second}"

    # Then the other stays, and a line that became too long is broken again
    assert (
        story_text.written(story_text.edited(one_line, "en", 0, before=shown)).replace("\n", " ")
        == one_line
    )


@pytest.mark.slow
@pytest.mark.usefixtures("record")
def test_the_stories_of_the_sandbox_are_saved_as_they_are() -> None:
    for post in shipped_stories():
        row = {"title": post.title, "body": post.body, "external_id": post.id}
        story = a_story(StoryState.FETCHED, **row)
        prepare(story.id, claimed("prepare", story.id))
        before = Story.get_by_id(story.id)
        if before.state != StoryState.SKIPPED:
            text = before.narratable_text.replace("\n", "\r\n")

            review.edit(story.id, "ada", before.narratable_title, text, "")

            after = Story.get_by_id(story.id)
            assert (after.narratable_title, after.narratable_text, after.words, after.answers) == (
                before.narratable_title,
                before.narratable_text,
                before.words,
                before.answers,
            )
    # And the audit log has no edits
    assert not AuditEntry.select().exists()


@pytest.mark.usefixtures("record")
def test_unedited_text_is_prepared_again_in_a_corrected_language() -> None:
    # Given an English story that was detected as Dutch, and another that was then edited
    body = "My MIL left.\n\nI was SO mad, tbh."
    made = normalize.narratable("AITA for it", body, "nl")
    text = story_text.written(story_text.Paragraph(sentences, 0) for sentences in made.paragraphs)
    row: dict[str, Any] = {"title": "AITA for it", "body": body, "language": "nl"}
    row |= {"narratable_title": made.title, "narratable_text": text}
    untouched, edited = a_story(**row), a_story(**row)
    review.edit(edited.id, "ada", "My title", f"{text}\n\nIMO.")

    # When a person says what language they are in
    review.edit(untouched.id, "ada", made.title, text, "en")
    review.edit(edited.id, "ada", "My title", f"{text}\n\nIMO.", "en")

    # Then the first is prepared in that language, and the other stays as typed
    now = Story.get_by_id(untouched.id)
    assert now.narratable_text == "My mother-in-law left.\n\nI was so mad, to be honest."
    assert now.narratable_title == "Am I the a-hole for it?"
    now = Story.get_by_id(edited.id)
    assert (now.language, now.narratable_title) == ("en", "My title")
    assert now.narratable_text == f"{text}\n\nIMO."


@pytest.mark.usefixtures("record")
def test_a_title_is_narrated_as_typed() -> None:
    story = a_story()
    review.edit(story.id, "ada", " the MIL & *her* cake (UK) ", "It fell.")
    assert Story.get().narratable_title == "the MIL and her cake (UK)"
    with pytest.raises(InputError, match="no words that can be narrated"):
        review.edit(story.id, "ada", "Cake", "😂 …")
