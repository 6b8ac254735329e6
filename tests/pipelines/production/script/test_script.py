"""Approved stories get their script and parts, and no word is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.ports import Progress, ScriptDraft, Speech, StoryText
from core.db import transaction
from core.errors import Permanent, Retryable, StageError
from models import Channel, Job, JobState, Part, Script, Story, StoryState, Tone
from pipelines import handover, ledger
from pipelines.ledger import Claim
from pipelines.production.script import script
from pipelines.production.script.rules_lines import TONES
from pipelines.stories import review
from tests.pipelines.production.making import STUDIO, a_source, a_story, claimed

pytestmark = pytest.mark.usefixtures("record")


@dataclass
class Writer:
    """Writes for every story but ``leaves_out``, or fails."""

    leaves_out: tuple[int, ...] = ()
    fails: StageError | None = None
    asked: list[list[int]] = field(default_factory=list)

    def write(self, stories: Sequence[StoryText]) -> dict[int, ScriptDraft]:
        self.asked.append([story.story_id for story in stories])
        if self.fails:
            raise self.fails
        return {
            story.story_id: ScriptDraft(
                story_id=story.story_id,
                title="The odd piano",
                hooks=("Nobody could tune it.", "A piano that knew other songs.", "He was ten."),
                call_to_action="Would you keep it?",
                hashtags=("piano",),
                split_after=(),
                written_by="ollama/test",
            )
            for story in stories
            if story.story_id not in self.leaves_out
        }


@dataclass
class Voice:
    """A voice of which only the identity is used."""

    identity: str

    def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
        raise NotImplementedError


def batch(*stories: Story) -> list[Claim]:
    """The claims that one worker takes at once."""
    with transaction():
        for story in stories:
            ledger.enqueue("script", story.id, request_id=f"request-{story.id}")
    first = ledger.claim("script", stories[0].id, "worker")
    assert first is not None
    return [first, *ledger.claim_more("script", script.BATCH - 1, "worker")]


def write(claims: list[Claim], writer: Writer | None = None) -> None:
    script.write_scripts(claims, writer, lambda production: Voice(production.voice), STUDIO)


def written_by() -> dict[int, str]:
    return {row.story.id: row.written_by for row in Script.select()}


def fallbacks() -> float:
    [metric] = script.FALLBACKS.collect()
    return metric.samples[0].value


def test_a_batch_is_requested_together_and_saved_story_by_story() -> None:
    # Given three approved stories
    stories = [a_story(StoryState.APPROVED) for _ in range(3)]
    writer = Writer()

    # When one worker takes them all
    write(batch(*stories), writer)

    # Then the writer was asked once, and each story has its script and a queued first part
    assert [sorted(asked) for asked in writer.asked] == [[story.id for story in stories]]
    assert set(written_by().values()) == {"ollama/test"}
    for story in stories:
        assert Story.get_by_id(story.id).state == StoryState.SCRIPTED
        part = Part.select().join(Script).where(Script.story == story).get()
        assert (part.number, part.of) == (1, 1)
        assert part.spoken.startswith("Nobody could tune it.\n\nMy grandmother")
        assert part.spoken.endswith("for dinner.\n\nWould you keep it?")
        job, done = Job.of("narrate", part.id), Job.of("script", story.id)
        assert job is not None
        assert done is not None
        assert job.request_id == f"request-{story.id}"
        assert done.state == JobState.DONE


def test_if_the_writer_fails_the_rules_write_and_the_row_says_so() -> None:
    for failure in (Retryable("The writer timed out."), Permanent("There is no such model.")):
        stories = [a_story(StoryState.APPROVED) for _ in range(2)]
        before = fallbacks()

        write(batch(*stories), Writer(fails=failure))

        assert {written_by()[story.id] for story in stories} == {"rules"}
        assert fallbacks() - before == 2


def test_a_story_that_the_writer_leaves_out_is_written_by_rules() -> None:
    kept, left_out = (a_story(StoryState.APPROVED) for _ in range(2))
    before = fallbacks()

    write(batch(kept, left_out), Writer(leaves_out=(left_out.id,)))

    assert written_by() == {kept.id: "ollama/test", left_out.id: "rules"}
    assert fallbacks() - before == 1


def test_without_a_writer_the_rules_do_not_count_as_fallback() -> None:
    before = fallbacks()
    write(batch(a_story(StoryState.APPROVED)))
    assert list(written_by().values()) == ["rules"]
    assert fallbacks() == before


def test_a_long_story_is_split_into_parts_that_lead_to_the_next() -> None:
    # Given a story of five hundred words and more
    sentences = [f"On day {day} we moved box number {day} to the barn." for day in range(55)]
    paragraphs = ["\n".join(sentences[start : start + 5]) for start in range(0, 55, 5)]
    story = a_story(StoryState.APPROVED, narratable_text="\n\n".join(paragraphs))

    # When it is written
    write([claimed("script", story.id)], Writer())

    # Then its parts are numbered, and each opens and closes as it should
    parts = list(Part.select().order_by(Part.number))
    assert [(part.number, part.of) for part in parts] == [(1, 3), (2, 3), (3, 3)]
    assert [part.hook for part in parts] == [
        "Nobody could tune it.",
        "Part two. The odd piano.",
        "Part three. The odd piano.",
    ]
    assert [part.call_to_action for part in parts] == [
        "Part two is coming up next.",
        "Part three is coming up next.",
        "Would you keep it?",
    ]

    # And every approved word is in exactly one part, in order
    words = " ".join(part.text for part in parts).split()
    assert words == story.narratable_text.split()

    # And the narration of each is queued
    assert all(Job.of("narrate", part.id) for part in parts)


def test_stories_stopped_during_a_batch_stop_no_other() -> None:
    # Given a batch, of which one job is cancelled and one story rejected while it is written
    cancelled, rejected, good = (a_story(StoryState.APPROVED) for _ in range(3))
    claims = batch(cancelled, rejected, good)
    ledger.cancel(claims[0].job_id)
    handover.withdraw(rejected.id, "bob")
    review.reject(rejected.id, "bob", "seen before")

    # When the worker records what it wrote
    write(claims, Writer())

    # Then the other one has its script, and these have none
    assert list(written_by()) == [good.id]
    assert Story.get_by_id(cancelled.id).state == StoryState.APPROVED
    assert Story.get_by_id(rejected.id).state == StoryState.REJECTED


def test_a_story_that_is_not_approved_gets_no_script() -> None:
    rejected = a_story(StoryState.REJECTED)

    write(batch(rejected), Writer())

    assert written_by() == {}
    job = Job.of("script", rejected.id)
    assert job is not None
    assert job.state == JobState.DONE


def a_long_story(**fields: Any) -> Story:
    sentences = [f"On day {day} we moved box number {day} to the barn." for day in range(55)]
    paragraphs = ["\n".join(sentences[start : start + 5]) for start in range(0, 55, 5)]
    return a_story(StoryState.APPROVED, narratable_text="\n\n".join(paragraphs), **fields)


def test_all_hooks_are_kept_for_the_approver_to_pick_from() -> None:
    write(batch(a_story(StoryState.APPROVED)), Writer())

    made = Script.get()
    assert made.hook == made.hooks[0] == "Nobody could tune it."
    assert len(made.hooks) == 3


@pytest.mark.parametrize(
    ("language", "hook", "call"),
    [
        ("en", "Part two. The odd piano.", "Part two is coming up next."),
        ("de", "Teil zwei. The odd piano.", "Teil zwei kommt als Nächstes."),
        ("es", "Parte dos. The odd piano.", "La parte dos viene enseguida."),
        ("fr", "Partie deux. The odd piano.", "La partie deux arrive juste après."),
        ("ja", "2. The odd piano.", ""),
        ("und", "2. The odd piano.", ""),
    ],
)
def test_the_lines_between_parts_are_in_the_storys_language(
    language: str, hook: str, call: str
) -> None:
    channel = Channel.create(name="Its own voice", voice=f"espeak:{language}")
    write(batch(a_long_story(language=language, source=a_source(channel=channel))), Writer())

    first, second, *_ = Part.select().order_by(Part.number)
    assert (second.hook, first.call_to_action) == (hook, call)


def test_the_tone_of_the_channel_reaches_the_writer_and_the_rules() -> None:
    # Given a story of a channel with a funny tone
    channel = Channel.create(name="Fun", tone=Tone.FUNNY)
    story = a_story(StoryState.APPROVED, source=a_source(channel=channel))
    asked: list[StoryText] = []

    class Failing(Writer):
        def write(self, stories: Sequence[StoryText]) -> dict[int, ScriptDraft]:
            asked.extend(stories)
            raise Retryable("The writer timed out.")

    write(batch(story), Failing())

    assert [text.tone for text in asked] == ["funny"]
    assert Script.get().hook.startswith(tuple(line.split("{")[0] for line in TONES[Tone.FUNNY]))


def test_a_story_is_not_narrated_by_a_voice_of_another_language() -> None:
    # Given a batch of two stories, one in Arabic, for a voice that speaks English
    english = a_story(StoryState.APPROVED)
    arabic = a_story(StoryState.APPROVED, language="ar")

    # When their scripts are written
    claims = batch(english, arabic)
    write(claims)

    # Then the Arabic one fails before anything is made, and says what to do
    assert list(written_by()) == [english.id]
    job = Job.of("script", arabic.id)
    assert job is not None
    assert (job.state, job.error_code) == (JobState.DEAD, "voice_language")
    for word in ("espeak:en-us", "in ar", "choose a voice for ar"):
        assert word in job.error
    assert all(claim.finished for claim in claims)

    # And once its channel has a suitable voice, it continues
    arabic.source.channel = Channel.create(name="Arabic", voice="espeak:ar")
    arabic.source.save()
    ledger.requeue(job.id)
    again = ledger.claim("script", arabic.id, "worker")
    assert again is not None
    write([again])
    assert set(written_by()) == {english.id, arabic.id}


def test_the_second_voice_speaks_the_storys_language_too() -> None:
    channel = Channel.create(name="Duet", voice="espeak:de", quote_voice="espeak:en-us+f3")
    story = a_story(StoryState.APPROVED, language="de", source=a_source(channel=channel))

    write(batch(story))

    job = Job.of("script", story.id)
    assert job is not None
    assert "espeak:en-us+f3" in job.error


def test_a_channel_with_parts_that_are_too_short_stops_only_its_own_stories() -> None:
    # Given two stories of a batch, one of a channel whose parts are too short for any words
    short = Channel.create(name="Short", part_seconds_min=1, part_seconds_max=3)
    stopped = a_story(StoryState.APPROVED, source=a_source(channel=short))
    good = a_story(StoryState.APPROVED, source=a_source())

    write(batch(stopped, good), Writer())

    # Then the other is written, and the one says what to do
    assert list(written_by()) == [good.id]
    job = Job.of("script", stopped.id)
    assert job is not None
    assert job.error_code == "part_length"
    assert "is too short for" in job.error
    assert "Set longer parts in its channel" in job.error
