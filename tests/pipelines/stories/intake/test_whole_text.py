"""The whole text of an excerpt comes from its page, when a person asks for it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from core.errors import InputError, Permanent
from models import AuditEntry, Job, Story, StoryState
from pipelines.stories import review
from pipelines.stories.intake.whole_text import ask, read_page
from pipelines.stories.prepare import prepare
from tests.pipelines.production.making import TALE, a_story, claimed

pytestmark = pytest.mark.usefixtures("record")

WHOLE = "\n\n".join(TALE)


@dataclass
class Page:
    """A page with a given text."""

    told: str

    def text(self, address: str) -> str:
        assert address == "https://x.example/piano"
        return self.told


def an_excerpt(state: StoryState = StoryState.FLAGGED, **fields: object) -> Story:
    row = {"body": "My grandmother left me a piano […]", "url": "https://x.example/piano"}
    return a_story(state, excerpt=True, reason="It is only an excerpt.", **row | fields)


@pytest.mark.parametrize("state", [StoryState.FLAGGED, StoryState.SKIPPED, StoryState.WAITING])
def test_the_whole_text_replaces_the_excerpt_and_is_judged_like_any_other(
    state: StoryState,
) -> None:
    story = an_excerpt(state)

    ask(story.id, "ada")
    read_page(story.id, claimed("page", story.id), Page(WHOLE))

    fetched = Story.get()
    assert (fetched.state, fetched.body, fetched.excerpt) == (StoryState.FETCHED, WHOLE, False)
    prepare(story.id, claimed("prepare", story.id))
    prepared = Story.get()
    assert (prepared.state, prepared.reason) == (StoryState.WAITING, "")
    assert "We kept him for dinner." in prepared.narratable_text
    entry = AuditEntry.get()
    assert (entry.actor, entry.action, entry.subject) == ("ada", "story.page", f"story {story.id}")


def test_another_doubt_stays_when_the_text_is_whole() -> None:
    story = an_excerpt(doubt="Its NSFW mark is “maybe”, which is neither yes nor no.")
    read_page(story.id, claimed("page", story.id), Page(WHOLE))
    prepare(story.id, claimed("prepare", story.id))
    assert (Story.get().state, Story.get().reason) == (StoryState.FLAGGED, story.doubt)


@pytest.mark.parametrize("text", ["", "Accept all cookies. " * 40, f"{WHOLE} {'x' * 1_000_001}"])
def test_a_page_with_another_text_leaves_the_excerpt(text: str) -> None:
    story = an_excerpt()
    claim = claimed("page", story.id)
    with pytest.raises(Permanent, match="The page has no longer text"):
        read_page(story.id, claim, Page(text))
    assert (Story.get().state, Story.get().body) == (StoryState.FLAGGED, story.body)


def test_a_page_that_is_cut_itself_stays_an_excerpt() -> None:
    story = an_excerpt()
    read_page(story.id, claimed("page", story.id), Page(f"{WHOLE}\n\nRead more"))
    prepare(story.id, claimed("prepare", story.id))
    assert (Story.get().state, Story.get().excerpt) == (StoryState.FLAGGED, True)


def test_a_decision_made_meanwhile_stands() -> None:
    story = an_excerpt()
    ask(story.id, "ada")
    claim = claimed("page", story.id)
    review.reject(story.id, "bob", "Boring")

    read_page(story.id, claim, Page(WHOLE))

    assert (Story.get().state, Story.get().body) == (StoryState.REJECTED, story.body)
    assert Job.of("prepare", story.id) is None


def test_only_an_undecided_excerpt_with_a_page_is_asked_for() -> None:
    for story in (a_story(), an_excerpt(url=""), an_excerpt(StoryState.APPROVED)):
        with pytest.raises(InputError):
            ask(story.id, "ada")
    with pytest.raises(InputError, match="There is no story 404"):
        ask(404, "ada")
    assert Job.select().count() == 0
