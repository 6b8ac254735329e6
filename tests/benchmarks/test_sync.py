"""The caption timing bench detects wrong times."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.ports import Progress, Speech, WordTiming
from adapters.speech.espeak import EspeakSynthesizer
from benchmarks.media import sync
from pipelines.production.captions import subtitle_writer
from pipelines.production.captions.caption_style import Style

pytestmark = pytest.mark.slow


def test_captions_are_within_60_ms_of_the_sound() -> None:
    rows = sync.run(words=200)

    assert all(row.ok is not False for row in rows), rows
    measured = {row.what: row.value for row in rows if row.what.endswith("measured")}
    assert measured["espeak-ng, separate words: measured"] >= 200
    assert measured["test Piper voice, sentences: measured"] >= 190


def test_a_voice_that_reports_its_words_late_is_found(tmp_path: Path) -> None:
    class Late(EspeakSynthesizer):
        def speak(self, text: str, into: Path, progress: Progress | None = None) -> Speech:
            made = super().speak(text, into, progress)
            late = tuple(WordTiming(w.word, w.start + 0.08, w.end + 0.08) for w in made.words)
            return Speech(made.path, made.seconds, late, made.timed_by)

    text = [["Seven.", "Apples.", "Rolled.", "Down."] * 50]

    rows = sync._measure("late, separate words", Late(), text, 200, 0.12, tmp_path)  # noqa: SLF001

    worst = [row for row in rows if row.what.endswith("worst")]
    assert [row.ok for row in worst] == [False, False]
    assert all(60 < row.value < 100 for row in worst)


@pytest.mark.parametrize("style", ["karaoke", "pop"])
def test_captions_are_read_back_as_they_are_shown(style: Style) -> None:
    words = [
        WordTiming(f"word{i}{'.' if i % 6 == 5 else ''}", i * 0.4, i * 0.4 + 0.3) for i in range(20)
    ]
    made = subtitle_writer.build(
        words, caption_style=subtitle_writer.CaptionStyle(style=style), part=(1, 1), seconds=9.0
    )

    read = sync.shown(made.ass, style)

    assert [word.word for word in read] == [word.word for word in words]
    assert [word.start for word in read] == pytest.approx([w.start for w in words], abs=0.006)
