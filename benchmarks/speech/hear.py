"""Count the words that a recogniser (Whisper base) hears: in a narration, and in the finished mix.

The mix has composed music and is coded as in a video. Words that sound the same are the same;
``heard_words.py`` says how numbers and names are folded. The words that were not heard are printed.
"""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ffmpeg

from adapters.ffmpeg import encoder_process, finished_sound, sound_mix
from adapters.ffmpeg.encoder_process import Patience
from adapters.music import composed
from adapters.speech.recognition import refinement
from adapters.speech.recognition.sound_features import RATE
from benchmarks.rows import Row
from benchmarks.speech import heard_words, models
from benchmarks.speech.heard_words import Heard
from core import log

LEAST_HEARD = 93.0
"""Percent of the words, in the narration alone."""
MOST_LOST = 1.0
"""Percentage points that the music may cost."""

STORIES = ("02", "03", "06", "14", "20", "21", "08", "18", "19", "07")


def run(texts: int = 6) -> tuple[list[Row], list[str]]:
    """Return the rows, and a line for each passage that was not heard."""
    log.configure("bench", "ERROR")
    rows: list[Row] = []
    lines: list[str] = []
    voices = models.voices()
    with TemporaryDirectory() as name:
        folder = Path(name)
        model = _model(models.base(folder))
        tunes = [_tune(folder, mood) for mood in composed.MOODS]
        for voice in (models.PIPER, models.ESPEAK):
            alone, mixed = [], []
            for text, tune in zip(models.texts(*STORIES[:texts]), cycle(tunes), strict=False):
                speech = voices[voice].speak(text.text, folder / "speech.wav")
                mix = _mixed(speech.path, tune, speech.seconds, folder)
                alone.append(heard_words.compare(text.text, _transcript(model, speech.path)))
                mixed.append(heard_words.compare(text.text, _transcript(model, mix)))
                for where, heard in (("alone", alone[-1]), ("mix", mixed[-1])):
                    lines += [
                        f"{voice}, {text.name}, {where}: “{said}” heard as “{written}”"
                        for said, written in heard.missed
                    ]
            rows += _rows(voice, alone, mixed)
    return rows, lines


def _model(folder: Path) -> Any:
    from faster_whisper import WhisperModel

    return WhisperModel(str(folder), device="cpu", cpu_threads=1, local_files_only=True)


def _transcript(model: Any, sound: Path) -> str:
    segments, _ = model.transcribe(
        refinement.heard_sound(sound),
        language="en",
        condition_on_previous_text=False,
        beam_size=1,
        temperature=0.0,
    )
    return " ".join(segment.text.strip() for segment in segments)


def _tune(folder: Path, mood: str) -> Path:
    path = folder / f"{mood}.flac"
    composed.compose(path, mood, 0)
    return path


def _mixed(narration: Path, tune: Path, seconds: float, folder: Path) -> Path:
    """Make the sound of a video, coded and decoded."""
    patience = Patience()
    levels = sound_mix.find_levels(narration, tune, seconds, patience, loops=True)
    coded, decoded = folder / "mix.m4a", folder / "mix.wav"
    mix = sound_mix.mix(narration, tune, seconds, levels)
    sound = mix.output(str(coded), loglevel="warning", **finished_sound.CODEC)
    plain = ffmpeg.input(str(coded)).audio.output(str(decoded), ar=RATE, ac=1, acodec="pcm_s16le")
    for step in (sound, plain):
        arguments = step.overwrite_output().get_args()
        encoder_process.run(arguments, seconds=seconds, patience=patience)
    return decoded


def _rows(voice: str, alone: list[Heard], mixed: list[Heard]) -> list[Row]:
    share, share_mixed = _share(alone), _share(mixed)
    lost = share - share_mixed
    return [
        Row(f"{voice}: spoken", sum(heard.words for heard in alone), "words"),
        Row(f"{voice}, alone: heard", share, "%", f">= {LEAST_HEARD:g}", share >= LEAST_HEARD),
        Row(f"{voice}, mix: heard", share_mixed, "%"),
        Row(f"{voice}: lost in the mix", lost, "points", f"<= {MOST_LOST:g}", lost <= MOST_LOST),
    ]


def _share(heard: list[Heard]) -> float:
    missed = sum(each.missed_words for each in heard)
    return 100 * (1 - missed / sum(each.words for each in heard))
