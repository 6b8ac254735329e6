"""A question with two answers, taken as far as a test needs it."""

from __future__ import annotations

from typing import Any

from adapters.ports import Answer, FetchedStory
from models import Part, Source, Story, StoryState
from pipelines.production.script.script import write_scripts
from pipelines.stories.intake.fetch import fetch
from pipelines.stories.prepare import prepare
from tests.pipelines.production.making import STUDIO, a_post, a_source, claimed
from tests.pipelines.production.script.test_script import Voice, Writer
from tests.pipelines.stories.intake.test_fetch import Listing

QUESTION = "What is the smallest lie that changed your life?"
SAILOR = (
    "I told them that I could sail. I had been on a boat *once*.\n\n"
    "I am the captain of the harbour ferry now."
)
GLOVES = 'I said, "I was just leaving, too." We\'ve been married for nineteen years, IMO.'
ANSWERS = (Answer("ferry_timetable", SAILOR, 9410), Answer("two_left_gloves", GLOVES, 6120))


def asked(*answers: Answer, **fields: Any) -> FetchedStory:
    return a_post(**{"title": QUESTION, "body": "", "answers": answers} | fields)


def taken(*posts: FetchedStory, **source: Any) -> Source:
    made = a_source(**{"answers": 5} | source)
    fetch(made.id, claimed("fetch", made.id), Listing(list(posts)))
    return made


def prepared(*answers: Answer, source: dict[str, Any] | None = None, **fields: Any) -> Story:
    taken(asked(*answers, **fields), **source or {})
    story = Story.get()
    prepare(story.id, claimed("prepare", story.id))
    return Story.get()


def scripted(story: Story, writer: Writer | None = None) -> list[Part]:
    story.move(StoryState.APPROVED)
    claims = [claimed("script", story.id)]
    write_scripts(claims, writer, lambda production: Voice(production.voice), STUDIO)
    return list(Part.select().order_by(Part.number))
