"""Stories are added from a source or by hand; skipped rows say why."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.ports import Answer, FetchedStory, StoryQuery, StorySource
from core.db import session
from core.errors import InputError, Permanent, StageError
from core.files.intake_folder import IntakeFolder
from models import AuditEntry, Intake, Job, NsfwPolicy, Source, SourceKind, Story, StoryState, now
from pipelines.ledger import LeaseLostError
from pipelines.stories.intake import sources
from pipelines.stories.intake.fetch import enqueue_due_sources, fetch
from pipelines.stories.intake.manual_intake import paste
from tests.pipelines.production.making import TALE, a_post, a_source, claimed

pytestmark = pytest.mark.usefixtures("record")


@dataclass
class Listing(StorySource):
    """A source that gives fixed rows, or fails in the middle."""

    posts: Iterator[FetchedStory] | list[FetchedStory]
    fails: StageError | None = None
    asked: list[StoryQuery] = field(default_factory=list)
    asked_answers: list[list[str]] = field(default_factory=list)

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        self.asked.append(query)
        yield from self.posts
        if self.fails:
            raise self.fails

    def answers(
        self, stories: Sequence[FetchedStory], count: int
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        self.asked_answers.append([story.external_id for story in stories])
        return super().answers(stories, count)

    def __call__(self, kind: str) -> StorySource:
        assert kind in {SourceKind.SUBREDDIT, SourceKind.CSV, SourceKind.FEED}
        return self


def test_new_stories_are_added_as_written_and_known_ones_left_alone() -> None:
    # Given a source set to this week's best ten
    source = a_source(listing="top", time_filter="week", count=10)
    written = a_post("reddit:t3_1", body="So **bold**.\n\nAnd NUL\x00, which no table holds.")

    # When it gives two stories, and later one of them again with a third
    listing = Listing([written, a_post("reddit:t3_2")])
    fetch(source.id, claimed("fetch", source.id, request_id="first"), listing)
    Story.update(title="A person's correction").execute()
    again = Listing([a_post("reddit:t3_2"), a_post("reddit:t3_3")])
    fetch(source.id, claimed("fetch", source.id, request_id="second"), again)

    # Then each is there once, untouched, and queued with the request id of its fetch
    assert listing.asked == [StoryQuery("sandboxstories", "top", "week", 10)]
    stories = Story.select().order_by(Story.id)
    assert [story.external_id for story in stories] == [f"reddit:t3_{n}" for n in (1, 2, 3)]
    assert stories[0].body == "So **bold**.\n\nAnd NUL, which no table holds."
    assert stories[1].title == "A person's correction"
    jobs = Job.select().where(Job.stage == "prepare").order_by(Job.id)
    assert [job.subject_id for job in jobs] == [story.id for story in stories]
    assert [job.request_id for job in jobs] == ["first", "first", "second"]
    assert Source.get_by_id(source.id).last_fetched_at is not None


LEFT_OUT: tuple[tuple[dict[str, Any], str], ...] = (
    ({"removed": True}, "It was removed or deleted."),
    ({"body": "*This post was wiped by its author with a privacy tool*"}, "removed or deleted."),
    ({"stickied": True}, "pinned notice"),
    ({"media_only": True}, "only a link or a picture"),
    ({"body": " \n"}, "a title but no text"),
    ({"crosspost_of": "reddit:t3_known"}, "a cross-post of reddit:t3_known"),
    ({"score": 9}, "Its score 9 is below 10."),
    ({"nsfw": True}, "not safe for work"),
    ({"title": "T" * 1_001}, "title is longer than 1,000 characters"),
    ({"body": "b" * 1_000_001}, "longer than 1,000,000 characters"),
)


def test_skipped_rows_stay_visible_with_their_reason() -> None:
    # Given a listing with a good story, and one for each reason to leave it out
    source = a_source(min_score=10)
    out = [a_post(f"reddit:t3_{number}", **post) for number, (post, _) in enumerate(LEFT_OUT)]

    fetch(source.id, claimed("fetch", source.id), Listing([a_post("reddit:t3_known"), *out]))

    # Then all are recorded, each with its reason, and only the good one goes on
    good, *skipped = Story.select().order_by(Story.id)
    for story, (post, reason) in zip(skipped, LEFT_OUT, strict=True):
        assert story.state == StoryState.SKIPPED, post
        assert reason in story.reason
    assert [job.subject_id for job in Job.select().where(Job.stage == "prepare")] == [good.id]


def test_a_source_may_allow_stories_that_another_skips() -> None:
    source = a_source(nsfw=NsfwPolicy.FLAG)
    fetch(source.id, claimed("fetch", source.id), Listing([a_post(nsfw=True)]))
    assert Story.get().state == StoryState.FETCHED


def test_no_more_rows_are_fetched_than_the_count_of_the_source() -> None:
    source = a_source(count=3)
    endless = (a_post(f"reddit:t3_{number}") for number in itertools.count())
    fetch(source.id, claimed("fetch", source.id), Listing(endless))
    assert Story.select().count() == 3


def test_a_source_that_fails_says_so_until_it_works_again() -> None:
    # Given a source that fails after its first story
    source = a_source()
    broken = Listing([a_post()], fails=Permanent("Reddit knows no r/sandboxstories."))

    # When it is fetched
    claim = claimed("fetch", source.id)
    with pytest.raises(Permanent):
        fetch(source.id, claim, broken)

    # Then its page says why, and nothing was added
    assert Source.get_by_id(source.id).last_error == "Reddit knows no r/sandboxstories."
    assert Story.select().count() == 0

    # When the job's next try works, the error is cleared
    fetch(source.id, claim, Listing([a_post()]))
    assert Source.get_by_id(source.id).last_error == ""
    assert Story.select().count() == 1


@dataclass
class Feed(Listing):
    """A feed that uses the validators of its last response."""

    meanwhile: Callable[[], object] = bool
    asked_by: list[dict[str, str]] = field(default_factory=list)

    def stories(self, query: StoryQuery) -> Iterator[FetchedStory]:
        self.asked_by.append(dict(query.memory))
        query.memory["ETag"] = f"answer {len(self.asked_by)}"
        self.meanwhile()
        return super().stories(query)


def changed(**settings: Any) -> None:
    """A person changes the only source, on a page of their own."""
    with session():
        chosen = settings or {"count": Source.get().count + 1}
        sources.save(Source.get().id, chosen, "ada", IntakeFolder(Path("/no/such/folder")))


def test_validators_of_a_source_are_kept_until_it_is_changed() -> None:
    # Given a feed that was fetched, then failed, then was fetched again
    source, feed = a_source(), Feed([])
    for failure in (None, Permanent("It is away."), None):
        feed.fails = failure
        with suppress(Permanent):
            fetch(source.id, claimed("fetch", source.id), feed)
        Job.delete().execute()
    assert feed.asked_by == [{}, {"ETag": "answer 1"}, {"ETag": "answer 1"}]

    # When it is changed, before or during a fetch
    changed()
    for meanwhile in (changed, partial(changed, min_words=3), bool):
        feed.meanwhile = meanwhile
        fetch(source.id, claimed("fetch", source.id), feed)

    # Then it is fetched as if for the first time
    assert feed.asked_by[3:] == [{}, {}, {}]


def test_the_error_of_an_outdated_fetch_is_not_written_over_what_a_person_changed() -> None:
    # Given a source whose number of posts a person changes while a fetch of it fails
    source, feed = a_source(), Feed([], fails=Permanent("It is away."))

    feed.meanwhile = changed

    with pytest.raises(Permanent):
        fetch(source.id, claimed("fetch", source.id), feed)

    # Then the source, which was not fetched as it is now, shows no error
    assert Source.get().last_error == ""


def test_a_fetch_that_lost_its_lease_adds_nothing() -> None:
    source = a_source()
    claim = claimed("fetch", source.id)
    Job.update(fence=Job.fence + 1).execute()
    with pytest.raises(LeaseLostError):
        fetch(source.id, claim, Listing([a_post()]))
    assert Story.select().count() == 0


def test_a_pasted_story_is_added_once() -> None:
    # When a person pastes a story
    story = paste("The piano", TALE[0], by="ada", url="https://example.com/piano")

    # Then it is processed like any story, and the audit log has an entry
    assert (story.state, story.body) == (StoryState.FETCHED, TALE[0])
    assert Job.of("prepare", story.id) is not None
    entry = AuditEntry.get()
    assert (entry.actor, entry.action, entry.subject) == ("ada", "story.paste", f"story {story.id}")

    # And the same words with other spaces are refused, with the number of the first
    with pytest.raises(InputError, match=f"added before, as number {story.id}"):
        paste(" The piano ", TALE[0].replace(". ", ".\n"), by="bob")
    with pytest.raises(InputError, match="needs a title and a text"):
        paste("The piano", " \n", by="bob")
    assert (Story.select().count(), AuditEntry.select().count()) == (1, 1)


def test_a_doubled_tick_fetches_a_due_source_once() -> None:
    # Given a source that was never fetched, one whose time has come, and three that are not due
    never = a_source()
    due = a_source(next_fetch_at=now() - timedelta(minutes=1))
    a_source(next_fetch_at=now() + timedelta(minutes=1))
    a_source(enabled=False)
    a_source(kind=SourceKind.PASTE)

    # When the scheduler ticks twice
    assert enqueue_due_sources() == 2
    assert enqueue_due_sources() == 0

    # Then these two are fetched, and next an interval later
    jobs = Job.select().where(Job.stage == "fetch").order_by(Job.subject_id)
    assert [job.subject_id for job in jobs] == [never.id, due.id]
    again = (Source.get_by_id(due.id).next_fetch_at - now()).total_seconds()
    assert 3500 < again <= 3600


def test_the_outcome_of_each_row_is_recorded_with_its_reason() -> None:
    # Given a source with a new story, one that is known and one that was removed
    source = a_source()
    fetch(source.id, claimed("fetch", source.id), Listing([a_post("reddit:t3_1")]))
    rows = [
        a_post("reddit:t3_1"),
        a_post("reddit:t3_2", removed=True),
        a_post("reddit:t3_3", title=" "),
        a_post("reddit:t3_4"),
    ]

    # When it is fetched again
    fetch(source.id, claimed("fetch", source.id), Listing(rows))

    # Then the outcome of each row is recorded
    known = Story.get(Story.external_id == "reddit:t3_1").id
    intakes = list(Intake.select().order_by(Intake.id))
    assert [(row.external_id, row.outcome, row.reason) for row in intakes] == [
        ("reddit:t3_1", "taken", ""),
        ("reddit:t3_1", "known", f"It was added before, as story {known}."),
        ("reddit:t3_2", "skipped", "It was removed or deleted."),
        ("reddit:t3_3", "skipped", "It has no title."),
        ("reddit:t3_4", "taken", ""),
    ]
    assert all(row.story is not None for row in intakes)
