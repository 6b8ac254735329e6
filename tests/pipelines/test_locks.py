"""Stages, ticks and people lock rows in one order, so no two of them wait for each other.

Posts are in ``publishing/test_post_locks.py``.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.speech.espeak import EspeakSynthesizer
from adapters.speech.installed_voices import InstalledVoices
from core.db import transaction
from core.files.intake_folder import IntakeFolder
from core.files.storage import MediaStore
from models import (
    Account,
    AccountState,
    Channel,
    DeadLetter,
    Job,
    JobState,
    Part,
    Script,
    Story,
    StoryState,
    Video,
    VideoState,
    locked,
)
from pipelines import failures, handover, ledger, undo
from pipelines.ledger import Claim
from pipelines.production import channels, video_review
from pipelines.production.channels import Offer
from pipelines.production.narration.narrate import narrate
from pipelines.production.render.render import render
from pipelines.production.script.script import write_scripts
from pipelines.stories import review
from pipelines.stories.intake import sources
from pipelines.stories.intake.fetch import enqueue_due_sources, fetch
from tests.pipelines.production.making import STUDIO, a_part, a_post, a_source, a_story, claimed
from tests.pipelines.production.quick_render import (
    NumberedBackgrounds,
    OneTune,
    QuickRenderer,
    captioned,
    quickly,
)
from tests.pipelines.racing import Race, Work, at_once
from tests.pipelines.stories.intake.test_fetch import Listing

pytestmark = [pytest.mark.usefixtures("record"), pytest.mark.slow]

HOOKS = ("Listen to this.", "The lamp went out.")


def forced(table: Any, row_id: int, **values: Any) -> None:
    """Set the row back for the next round, whatever its state."""
    table.update(**values).where(table.id == row_id).execute()


def another_account(name: str) -> Account:
    return Account.create(open_id=name, name=name, state=AccountState.CONNECTED)


def test_a_hook_is_chosen_while_a_render_ends(media: MediaStore) -> None:
    # Given a render that has locked its job and is about to plan the posts
    another_account("one")
    part = a_part()
    captioned(part, media)
    Script.update(hooks=list(HOOKS)).execute()
    claim, ending = claimed("render", part.id), threading.Event()

    def when_ready(video: Video, request_id: str) -> None:
        ending.set()
        time.sleep(0.5)
        handover.video_is_ready(video, request_id)

    def choose() -> None:
        assert ending.wait(10)
        video_review.choose_hook(part.script.story.id, "ada", HOOKS[1])

    # When a person chooses another hook in that moment
    errors = at_once(
        lambda: render(
            part.id, claim, QuickRenderer(), NumberedBackgrounds(), media, music=OneTune(),
            defaults=STUDIO, review=False, when_ready=when_ready,
        ),
        choose,
    )  # fmt: skip

    # Then neither waits for the other for ever, and the hook is the person's
    assert errors == []
    assert Part.get_by_id(part.id).hook == HOOKS[1]


def test_a_new_hook_an_approval_and_a_render(media: MediaStore, race: Race) -> None:
    # Given a video that is rendered again while people choose a hook, approve, and stop the story
    for name in ("one", "two"):
        another_account(name)
    part = a_part()
    captioned(part, media)
    Script.update(hooks=list(HOOKS)).execute()
    quickly(part, media, QuickRenderer(), review=True)
    video, story = Video.get(), part.script.story.id

    def prepare(number: int) -> tuple[Work, ...]:
        hook = Script.get_by_id(part.script.id).hook
        Part.update(hook=HOOKS[0]).execute()
        Job.update(state=JobState.DONE).execute()
        forced(Video, video.id, state=VideoState.REVIEW, key=f"other {number}")
        claim = claimed("render", part.id)
        return (
            lambda: quickly(part, media, QuickRenderer(), claim=claim),
            lambda: video_review.choose_hook(story, "ada", HOOKS[hook == HOOKS[0]]),
            lambda: handover.approve_video(video.id, "bob", f"other {number}"),
            lambda: handover.stop(story, "eve"),
        )

    # When all happens at once, many times, then each takes its turn
    assert race(prepare) == []


def test_a_source_and_those_who_start_its_fetch(
    race: Race,
) -> None:
    # Given two sources that list the same posts, each in its own order
    one, two = a_source(count=5), a_source(count=5)

    def prepare(number: int) -> tuple[Work, ...]:
        Job.update(state=JobState.DONE).execute()
        claims = [claimed("fetch", source.id) for source in (one, two)]
        type(one).update(next_fetch_at=None).execute()
        posts = [a_post(f"reddit:t3_{number}x{post}") for post in range(5)]
        return (
            lambda: fetch(one.id, claims[0], Listing(posts)),
            lambda: fetch(two.id, claims[1], Listing(posts[::-1])),
            lambda: sources.ask(one.id, "ada"),
            enqueue_due_sources,
        )

    assert race(prepare) == []


def test_a_channel_is_saved_for_a_source_that_chooses_it(race: Race, tmp_path: Path) -> None:
    # Given a channel, and a source that has none
    channel, source = Channel.get_by_id(Channel.create(name="Evening").id), a_source()
    offer, intake = Offer(InstalledVoices(tmp_path)), IntakeFolder(tmp_path)
    chosen = channel.__data__ | {"pronunciations": "", "background": "rain"}

    def prepare(number: int) -> tuple[Work, ...]:
        forced(type(source), source.id, channel=None)
        named = {**chosen, "name": f"Evening {number}"}
        return (
            lambda: channels.save(channel.id, named, "ada", offer, used_by=[source.id]),
            lambda: sources.save(source.id, {"channel": channel.id}, "bob", intake),
        )

    assert race(prepare) == []


def test_two_parts_with_the_same_words(media: MediaStore, race: Race) -> None:
    # Given two parts that share a narration, which is lost again and again
    parts = [a_part("It went out."), a_part("It went out.")]

    def prepare(_number: int) -> tuple[Work, ...]:
        shutil.rmtree(media.folder, ignore_errors=True)
        claims = [claimed("narrate", part.id) for part in parts]
        return tuple(
            lambda part=part, claim=claim: narrate(
                part.id, claim, lambda _: EspeakSynthesizer(), media, STUDIO
            )
            for part, claim in zip(parts, claims, strict=True)
        )

    assert race(prepare) == []


def test_a_story_is_decided_on_while_its_script_is_written(
    race: Race,
) -> None:
    story = a_story()

    def write(claim: Claim) -> None:
        with claim.finish():
            Story.get_by_id(story.id).try_move("scripted")

    def prepare(number: int) -> tuple[Work, ...]:
        Job.update(state=JobState.DONE).execute()
        forced(Story, story.id, state=("approved", "waiting")[number % 2])
        claim = claimed("script", story.id)
        return (
            lambda: write(claim),
            lambda: review.approve(story.id, "ada"),
            lambda: review.reject(story.id, "bob", "boring"),
            lambda: handover.withdraw(story.id, "eve"),
        )

    assert race(prepare) == []


def test_an_approval_is_undone_while_scripts_and_videos_are_made(race: Race) -> None:
    # Given a story that is approved again and again
    another_account("one")
    story, voice = a_story(), EspeakSynthesizer()
    made = {"path": "v", "cover_path": "c", "seconds": 60, "size_bytes": 5, "key": "k"}

    def write(claim: Claim) -> None:
        write_scripts([claim], None, lambda _: voice, STUDIO)

    def end_render(claim: Claim) -> None:
        with claim.finish():
            part = Part.get_by_id(claim.subject_id)
            list(locked(Script.select().where(Script.id == part.script)))
            ready = VideoState.READY
            video = Video.create(part=part, state=ready, loudness=-14, true_peak=-2, **made)
            handover.video_is_ready(video)

    def prepare(number: int) -> tuple[Work, ...]:
        match Story.get_by_id(story.id).state:
            case StoryState.REJECTED:
                review.reconsider(story.id, "ada")
            case StoryState.APPROVED | StoryState.SCRIPTED:
                handover.withdraw(story.id, "ada")
        review.approve(story.id, "ada")
        writing = claimed("script", story.id)
        if number % 2:
            return (
                lambda: write(writing),
                lambda: handover.withdraw(story.id, "ada"),
                lambda: review.reject(story.id, "bob", "boring"),
            )
        write(writing)
        rendering = claimed("render", Part.get().id)
        return (
            lambda: end_render(rendering),
            lambda: handover.withdraw(story.id, "ada"),
            lambda: handover.withdraw(story.id, "bob"),
            lambda: handover.stop(story.id, "eve"),
            lambda: video_review.choose_hook(story.id, "eve", HOOKS[0]),
        )

    assert race(prepare) == []


def test_failed_jobs_are_retried_and_discarded(race: Race) -> None:
    with transaction():
        for subject in range(1, 6):
            ledger.enqueue("narrate", subject)
    jobs = list(Job.select().order_by(Job.id))

    def prepare(_number: int) -> tuple[Work, ...]:
        DeadLetter.delete().execute()
        Job.update(state=JobState.DEAD, sent_at=None).execute()
        letters = [
            DeadLetter.create(job=job, stage=job.stage, subject_id=job.subject_id, error="")
            for job in jobs
        ]
        Job.update(state=JobState.WAITING).where(Job.id > jobs[0].id).execute()
        return (
            lambda: ledger.requeue(jobs[0].id),
            lambda: ledger.requeue(jobs[0].id),
            lambda: ledger.discard(letters[0].id),
            lambda: ledger.cancel(jobs[0].id),
            ledger.forget_wakeups,
            ledger.forget_wakeups,
            lambda: backwards([job.subject_id for job in jobs[::-1]]),
        )

    def backwards(subjects: list[int]) -> None:
        with transaction():
            for job in ledger.lock_jobs((("narrate",), subjects)):
                job.try_move(JobState.CANCELLED)

    assert race(prepare) == []


def test_a_story_is_repaired_while_it_is_decided_on(race: Race) -> None:
    # Given a story whose whole text could not be fetched, so that its failure can be repaired
    story = a_story()

    def prepare(number: int) -> tuple[Work, ...]:
        Job.update(state=JobState.DONE).execute()
        DeadLetter.delete().execute()
        forced(Story, story.id, state=StoryState.WAITING)
        ledger.set_aside(claimed("page", story.id), ValueError("It is away."), trace="")
        letter, text = DeadLetter.get(), f"The lamp went out {number} times."
        return (
            lambda: failures.repair_story(letter.id, "ada", "The lamp", text, ""),
            lambda: review.reject(story.id, "bob", "boring"),
            lambda: review.approve(story.id, "eve"),
        )

    # When people decide on it in the same moment, then nobody waits for ever
    assert race(prepare) == []


@pytest.mark.parametrize("undone", [False, True], ids=["decided", "undone"])
def test_many_stories_are_decided_and_undone_in_one_transaction(race: Race, undone: bool) -> None:
    # Given requests of a program that name the same stories, each in its own order
    stories = [a_story().id for _ in range(4)]
    approve, reject = partial(review.approve, by="ada"), partial(review.reject, by="ada")

    def whole(act: Callable[..., object], *values: Any) -> Work:
        def in_one_transaction() -> None:
            with transaction():
                act(*values)

        return in_one_transaction

    def prepare(_number: int) -> tuple[Work, ...]:
        Job.update(state=JobState.DONE).execute()
        Story.update(state=StoryState.WAITING, decided_by="", decided_at=None).execute()
        orders = stories, stories[::-1]
        if not undone:
            return tuple(
                whole(undo.decide, "ada", "story.approve", order, approve) for order in orders
            )
        changes = [
            undo.noted("story.reject", story, partial(reject, reason="No.")) for story in stories
        ]
        ids = [undo.remember("ada", "story.reject", order) for order in (changes, changes[::-1])]
        return tuple(whole(undo.undo, undo_id, "ada") for undo_id in ids)

    # When they are answered at once, many times, then none waits for the other for ever
    assert race(prepare) == []
