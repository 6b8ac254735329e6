from __future__ import annotations

import re

import pytest

from adapters.ports import ScriptDraft, ScriptWriter, StoryText
from pipelines.production.script import script
from pipelines.production.script.rules_lines import LANGUAGES
from pipelines.production.script.rules_writer import TITLE_CHARACTERS, RulesWriter

LONG = """I found a letter under the floor of our house that explains why nobody here has ever \
talked to my grandmother, and now I have to read it to her"""
PLAIN = ("It was a Monday.", "We left early.", "The road was empty.")


def write(title: str, *sentences: str, language: str = "en") -> ScriptDraft:
    writer: ScriptWriter = RulesWriter()
    return writer.write([StoryText(7, title, sentences or PLAIN, language)])[7]


def test_a_question_of_guilt_asks_for_a_verdict() -> None:
    draft = write("Am I the a-hole for selling my brother's boat?")

    assert draft.title == "Am I the a-hole for selling my brother's boat?"
    assert draft.hook.lower().endswith("am i the a-hole for selling my brother's boat?")
    assert len(draft.hook) > len(draft.title)
    assert draft.call_to_action.endswith("in the comments.")
    assert draft.hashtags[0] == "aita"
    assert draft.written_by == "rules"


def test_a_mishap_is_told_in_small_letters_after_a_colon() -> None:
    draft = write("Today I messed up and missed the train (am I the a-hole?)")

    assert any(": today I messed up" in hook for hook in draft.hooks)


def test_a_story_about_work_says_nothing_that_its_teller_did() -> None:
    draft = write("My boss told me to do exactly what the sign says")

    lead = " ".join(hook.removesuffix(f"{draft.title}.") for hook in draft.hooks)
    assert not re.search(r"\b(?:I|my)\b", lead)
    assert "quit" not in draft.call_to_action


@pytest.mark.parametrize(
    ("title", "tags"),
    [
        ("Today I messed up by mailing the whole office", {"tifu", "storytime"}),
        ("The best revenge on a neighbor who stole my parking spot", {"revenge", "neighbors"}),
        ("My grandfather passed away and left me his dog", {"storytime", "pets"}),
        ("My wife planned a wedding for her sister", {"relationships", "wedding", "siblings"}),
    ],
)
def test_hashtags_say_what_the_story_is_about(title: str, tags: set[str]) -> None:
    draft = write(title)

    assert tags <= set(draft.hashtags)
    assert 3 <= len(draft.hashtags) <= 6
    assert all(tag.isalnum() and tag == tag.lower() for tag in draft.hashtags)


def test_a_sad_story_gets_no_funny_line() -> None:
    draft = write("My grandfather passed away last week")

    assert draft.hook.endswith("My grandfather passed away last week.")
    assert "thoughts" in draft.call_to_action


@pytest.mark.parametrize(
    "title",
    [
        LONG,
        "Word " * 60,
        "A" * 300,
    ],
)
def test_a_long_title_is_cut_after_a_clause_or_a_word(title: str) -> None:
    draft = write(title)

    assert len(draft.title) <= TITLE_CHARACTERS
    assert draft.title.endswith("…")
    assert title.startswith(draft.title.rstrip("…"))
    assert len(draft.hook.split()) <= 40


def test_an_update_is_announced_as_one() -> None:
    assert write("Update: my boss quit").hook == "There is an update. My boss quit."


def test_a_story_without_title_takes_its_first_sentence() -> None:
    assert write("").title == "It was a Monday"


def test_the_same_story_gets_the_same_script() -> None:
    assert write("The well behind our school") == write("The well behind our school")


def test_good_places_to_split_are_cliffhangers_and_never_the_end() -> None:
    sentences = [*PLAIN * 3, "Then I heard a knock. Who was it?", *PLAIN * 3, "Who was it?"]

    assert write("The well", *sentences).split_after == (9,)


def test_another_language_gets_no_english_lines() -> None:
    draft = write("Meine Nachbarin hat mein Paket", "Sie lachte.", language="de")

    assert draft.hook == "Meine Nachbarin hat mein Paket."
    assert draft.call_to_action == "Was denkst du? Schreib es in die Kommentare."


def test_each_story_of_a_batch_gets_its_script() -> None:
    batch = [StoryText(number, f"The well number {number}", PLAIN) for number in range(50)]

    drafts = RulesWriter().write(batch)

    assert [draft.story_id for draft in drafts.values()] == list(range(50))
    assert len({draft.hook.split("The well")[0] for draft in drafts.values()}) > 1


TITLES = ("The well behind our school", "Am I the a-hole?", "Why is it so cold?", "Update: I quit")


def test_every_story_gets_several_hooks_to_pick_from() -> None:
    for title in TITLES:
        for language in ("en", "de", "es", "fr", "it", "pt", "nl"):
            hooks = write(title, language=language).hooks
            assert 3 <= len(hooks) <= 5
            assert len(set(hooks)) == len(hooks)


def test_a_tone_comes_first_but_is_never_funny_about_grief() -> None:
    def first(title: str, tone: str, language: str = "en") -> str:
        return RulesWriter().write([StoryText(7, title, PLAIN, language, tone)])[7].hook

    well, loss = "The well behind our school", "My grandfather passed away last week"
    assert len({first(well, tone) for tone in ("plain", "dramatic", "warm", "funny")}) == 4
    assert first(loss, "funny") == first(loss, "plain")
    assert first(loss, "warm") != first(loss, "plain")
    assert first("El pozo", "dramatic", "es") == "Después de esto nada fue igual. El pozo."


@pytest.mark.parametrize("language", ["", "und", "ar", "th", "tr", "zh"])
@pytest.mark.parametrize("tone", ["plain", "dramatic", "warm", "funny"])
def test_a_language_without_lines_gets_the_storys_own_words_alone(language: str, tone: str) -> None:
    # Given a story in a language that has no lines, or that was not detected
    text = StoryText(7, "جارتي والمفتاح", ("عندي مفتاح.", "هي أخذته."), language, tone)

    # When rules write around it
    draft = RulesWriter().write([text])[7]

    # Then every part has only its title around the text
    assert draft.hooks == ("جارتي والمفتاح.",)
    assert draft.call_to_action == ""
    assert script.opening(draft, 2, language) == "2. جارتي والمفتاح."
    assert script.closing(draft, 1, 2, language) == ""


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_language_with_lines_has_them_all(language: str) -> None:
    draft = write("El farol", language=language)

    assert len(draft.hooks) == 3
    assert draft.call_to_action
    assert script.opening(draft, 2, f"{language}-XX") != "2. El farol."
    assert script.closing(draft, 1, 2, language)
    for line in (*draft.hooks, draft.call_to_action, script.closing(draft, 1, 2, language)):
        assert not {"the", "this", "listen", "comments", "next", "part"} & set(line.lower().split())


@pytest.mark.parametrize(
    ("title", "hook"),
    [
        ('Are we clear of the rocks?"', "Are we clear of the rocks?"),
        ('"Nobody knocks here', "Nobody knocks here."),
        ('My boss said "no" and "go', 'My boss said "no" and go.'),
        ('My boss said "no" twice', 'My boss said "no" twice.'),
    ],
)
def test_a_title_with_half_a_quotation_loses_the_stray_mark(title: str, hook: str) -> None:
    draft = write(title)

    assert hook in draft.hooks
    for line in (draft.title, *draft.hooks, script.opening(draft, 2, "en")):
        assert line.count('"') % 2 == 0


def test_a_title_cut_inside_a_quotation_has_no_half_of_it() -> None:
    draft = write(
        'My neighbor told everybody on our street "I have never seen anything so ' + "x " * 50
    )

    assert '"' not in draft.title
    assert all('"' not in hook for hook in draft.hooks)
