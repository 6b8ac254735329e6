from __future__ import annotations

import subprocess
import sys

import pytest

from pipelines.stories.text import language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("My sister moved in with us last year and never paid any rent.", "en"),
        ("Meine Schwester ist letztes Jahr eingezogen und zahlt keine Miete.", "de"),
        ("Mi hermana se mudó con nosotros el año pasado y nunca pagó.", "es"),
        ("妹は去年引っ越してきたが、家賃を払ったことがない。", "ja"),
    ],
)
def test_a_sentence_is_enough_to_detect_its_language(text: str, code: str) -> None:
    found, confidence = language.detect(text)

    assert found == code
    assert confidence > 0.8


@pytest.mark.parametrize("text", ["", "123 !! 😂", "https://example.org/some/english/words"])
def test_a_text_without_words_has_no_language(text: str) -> None:
    assert language.detect(text) == ("und", 0.0)


def test_a_word_is_too_little() -> None:
    code, confidence = language.detect("Ok")

    assert code == "und"
    assert confidence < language.SURE


def test_importing_loads_no_model() -> None:
    code = (
        "import sys, pipelines.stories.text.language\n"
        "print({'numpy', 'py3langid'} & set(sys.modules))"
    )

    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert out.stdout.strip() == "set()"
