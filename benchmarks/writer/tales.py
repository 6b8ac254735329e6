"""Stories for the writer: the sandbox's, prepared as the pipeline prepares them."""

from __future__ import annotations

from itertools import product

from models import Source, SourceKind, Story, StoryState, Tone
from pipelines.stories import prepare
from pipelines.stories.text import language, story_text
from sandbox import stories as shipped

MOST_WORDS = 3_000


def approved(count: int) -> list[tuple[Story, Tone]]:
    """The first ``count`` stories with text, each with the tone of its channel.

    After the last story, the first follows again, in the next tone.
    """
    source = Source.create(
        name="bench", kind=SourceKind.SUBREDDIT, place="sandboxstories", max_words=MOST_WORDS
    )
    posts = [
        post
        for post in shipped.shipped_stories()
        if not {"removed", "deleted", "media", "stickied"} & set(post.flags)
    ]
    chosen: list[tuple[Story, Tone]] = []
    for number, (tone, post) in enumerate(product(Tone, posts)):
        if len(chosen) == count:
            break
        story = _prepared(source, post, number)
        if story is not None:
            chosen.append((story, tone))
    return chosen


def _prepared(source: Source, post: shipped.Story, number: int) -> Story | None:
    """An approved story; None if it has no text that can be narrated."""
    code, _ = language.detect(f"{post.title}\n{post.body}")
    story = Story(
        source=source,
        external_id=f"bench:{number}",
        place=post.subreddit,
        title=post.title,
        body=post.body,
        answers=[
            {"author": answer["author"], "text": answer["body"], "score": answer["score"]}
            for answer in post.answers
            if not {"removed", "stickied"} & set(answer["flags"])
        ],
        state=StoryState.APPROVED,
        language=code,
    )
    title, paragraphs, answers = prepare.narrated(story, code)
    if not paragraphs:
        return None
    story.narratable_title = title
    story.narratable_text = story_text.written(paragraphs)
    story.answers = answers
    story.words = story_text.word_count(paragraphs)
    story.save(force_insert=True)
    return story
