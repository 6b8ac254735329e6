"""What helps to decide on a story: what it would become, and what it nearly repeats."""

from __future__ import annotations

from peewee import JOIN

from admin.configured import settings
from models import Channel, Source, Story
from pipelines.production import forecast
from pipelines.production.production_settings import ProductionSettings
from pipelines.stories.review import UNDECIDED
from pipelines.stories.text import comparison, story_text


def forecasts(story_ids: list[int]) -> dict[int, forecast.Forecast]:
    """What those of the stories would become that wait for a decision, by their ids."""
    columns = (Story.id, Story.narratable_title, Story.narratable_text, Story.language, Story.voice)
    stories = (
        Story.select(*columns, Story.source, Source.id, Source.channel, Channel)
        .join(Source)
        .join(Channel, JOIN.LEFT_OUTER)
        .where(Story.id.in_(story_ids), Story.state.in_(UNDECIDED))
    )
    return forecast.of_all(stories, ProductionSettings.defaults(settings()))


def beside_similar(story: Story) -> list[tuple[bool, list[comparison.Row]]]:
    """The earlier story that this one nearly repeats, and this one, by passages."""
    if story.similar_to is None:
        return []
    texts = (story_text.read(one.narratable_text) for one in (story.similar_to, story))
    return comparison.compare(
        *([said for paragraph in text for said in paragraph.sentences] for text in texts)
    )
