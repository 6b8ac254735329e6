"""Subtitle files: one sentence at a time, in rows that a player can show."""

from __future__ import annotations

from pysubs2 import SSAFile

from tests.pipelines.production.captions.captioning import build, spoken


def test_subtitle_files_have_one_sentence_at_a_time() -> None:
    words = spoken(r"He typed {x} & <b> in C:\new. Then he left.")

    subtitles = build(words)

    sheet = SSAFile.from_string(subtitles.srt, "srt", keep_html_tags=True)
    assert len(sheet) == 2
    assert (sheet[0].start, sheet[1].end) == (200, round(words[-1].end * 1000))
    assert "He typed {x} & <b> in C:\\\u2060new." in subtitles.srt
    assert subtitles.vtt.startswith("WEBVTT\n\n")
    assert "00:00:00.200 -->" in subtitles.vtt
    assert "He typed {x} &amp; &lt;b&gt; in C:" in subtitles.vtt


def test_a_long_sentence_is_cut_into_subtitles_of_two_rows() -> None:
    subtitles = build(spoken("and then we walked a little further " * 8 + "home."))

    for event in SSAFile.from_string(subtitles.srt, "srt"):
        rows = event.plaintext.split("\n")
        assert len(rows) <= 2
        assert all(len(row) <= 42 for row in rows)
