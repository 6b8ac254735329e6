"""The script writer against a real, small, bad model: who writes, how fast, and what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from adapters.llm.ollama_writer import OllamaWriter
from adapters.ports import ScriptWriter
from adapters.speech.espeak import EspeakSynthesizer
from benchmarks.rows import Row
from benchmarks.writer import tales
from benchmarks.writer.verdict import faults
from benchmarks.writer.wire import Model, OllamaWire, served
from core import db
from core.db import transaction
from core.settings import Settings
from models import Script, Story, Tone
from pipelines import ledger
from pipelines.production.narration import voices
from pipelines.production.production_settings import ProductionSettings
from pipelines.production.script import script
from pipelines.production.script.rules_writer import WRITTEN_BY as RULES

MODEL_NAME = "small"
ASKS = 2
"""Most requests for one story."""
SLACK_SECONDS = 5.0
"""For everything around the requests, on a busy machine."""
STUDIO = ProductionSettings(voice="espeak:en-us", words_per_minute=170, target_seconds=(60, 90))


@dataclass(frozen=True, slots=True)
class Written:
    """A story's script, and how it came about."""

    story: Story
    tone: Tone
    script: Script
    asks: int
    """Requests that reached the model."""
    seconds: float
    faults: list[str]

    @property
    def who(self) -> str:
        if self.script.written_by == RULES:
            return f"rules; model asked {('never', 'once', 'twice')[self.asks]}"
        return "model, first answer" if self.asks == 1 else "model, second answer"


def default_seconds() -> float:
    """The time for one answer that the settings give when nothing is set."""
    return float(Settings.model_fields["ollama_seconds"].default)


def run(model: Model, *, stories: int, seconds: float) -> Iterator[Written]:
    """Write the scripts of ``stories`` stories, one after another.

    Needs an empty database and a connected queue. The production writer asks ``model`` over HTTP;
    the rules write what it refuses.

    Args:
        model: is asked about one story at a time.
        stories: how many.
        seconds: longest wait of the writer for one answer.
    """
    with db.session(), served(OllamaWire(name=MODEL_NAME, model=model)) as wire:
        writer = OllamaWriter(url=wire.url, model=MODEL_NAME, timeout_seconds=seconds)
        for story, tone in tales.approved(stories):
            before = len(wire.asked)
            took, made = _script(story, tone, writer)
            asks = len(wire.asked) - before
            yield Written(story, tone, made, asks, took, faults(made, story))


def _script(story: Story, tone: Tone, writer: ScriptWriter) -> tuple[float, Script]:
    with transaction():
        ledger.enqueue("script", story.id, request_id="bench")
    claim = ledger.claim("script", story.id, "bench")
    if claim is None:
        raise RuntimeError(f"The job of story {story.id} can't be claimed.")
    voice = voices.default_for(STUDIO.voice, story.language, espeak=True)
    studio = replace(STUDIO, voice=voice, tone=tone)
    started = time.monotonic()
    script.write_scripts([claim], writer, _voice, studio)
    return time.monotonic() - started, Script.get(Script.story == story.id)


def _voice(production: ProductionSettings) -> EspeakSynthesizer:
    return EspeakSynthesizer(
        voice=production.voice.removeprefix("espeak:"), words_per_minute=production.words_per_minute
    )


def told(written: Written) -> list[str]:
    """The script as lines to read."""
    made = written.script
    story = f"{written.story.narratable_title} ({written.story.language}, {written.tone})"
    return [
        f"{story}: {written.who}, {written.seconds:.1f} s",
        *(f"    hook   {hook}" for hook in made.hooks),
        f"    call   {made.call_to_action}",
        f"    title  {made.title}",
        f"    tags   {' '.join(made.hashtags)}",
        *(f"    WRONG  {fault}" for fault in written.faults),
    ]


def rows(all_written: list[Written], *, seconds: float) -> list[Row]:
    """One row per story (its time), then the totals."""
    limit = ASKS * seconds + SLACK_SECONDS
    found = [
        Row(
            f"{number}. {written.who}",
            written.seconds,
            "s",
            f"<= {limit:g}, nothing wrong",
            written.seconds <= limit and not written.faults,
        )
        for number, written in enumerate(all_written, 1)
    ]

    def count(what: Callable[[Written], bool]) -> int:
        return sum(map(what, all_written))

    wrong, late = count(lambda w: bool(w.faults)), count(lambda w: w.seconds > limit)
    return [
        *found,
        Row("model, first answer", count(lambda w: w.who == "model, first answer"), "stories"),
        Row("model, second answer", count(lambda w: w.who == "model, second answer"), "stories"),
        Row("rules", count(lambda w: w.script.written_by == RULES), "stories"),
        Row("wrong", wrong, "stories", "0", wrong == 0),
        Row("late", late, "stories", "0", late == 0),
    ]
