"""Voice and music, measured after the mix, separately and together."""

from __future__ import annotations

from pathlib import Path

import av
import ffmpeg
import numpy as np
import pytest

from adapters.ffmpeg import encoder_process, sound_mix
from adapters.ffmpeg.encoder_process import Patience
from adapters.ffmpeg.sound_mix import Levels
from adapters.music.composed import compose
from adapters.ports import Speech
from adapters.speech.espeak import EspeakSynthesizer
from core.errors import Permanent, Retryable

pytestmark = pytest.mark.slow

PATIENT = Patience()
RATE = sound_mix.RATE
CHORD = "0.2*sin(2*PI*220*t)+0.2*sin(2*PI*277*t)+0.2*sin(2*PI*330*t)+0.1*sin(2*PI*110*t)"
TUNES = {
    "plain": (f"aevalsrc='{CHORD}':s=48000:d=30", "plain.wav"),
    "quiet": (f"aevalsrc='0.008*({CHORD})':s=44100:d=30", "quiet.mp3"),
    "hot and clipped": (f"aevalsrc='clip(9*({CHORD}),-1,1)|0.9*({CHORD})':s=48000:d=30", "h.flac"),
    "mono noise": ("anoisesrc=color=pink:r=44100:d=30", "noise.ogg"),
    "swelling": (f"aevalsrc='(0.1+0.9*abs(sin(0.3*t)))*({CHORD})':s=48000:d=30", "swell.m4a"),
    "half a second": ("aevalsrc='0.4*sin(2*PI*333.3*t)':s=44100:d=0.5", "short.wav"),
}
TEXT = (
    "My grandmother left me a piano that nobody could tune. Every tuner in town had tried it.\n\n"
    "Then a boy of ten sat down and played it as it was."
)


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    return EspeakSynthesizer().speak(TEXT, tmp_path_factory.mktemp("voice") / "voice.wav")


def tune(folder: Path, source: str, name: str) -> Path:
    encoder_process.run(
        ["-f", "lavfi", "-i", source, str(folder / name)], seconds=30, patience=PATIENT
    )
    return folder / name


@pytest.fixture(params=[*TUNES, "composed tense", "composed warm"])
def music(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    how, _, mood = request.param.partition(" ")
    if how != "composed":
        return tune(tmp_path, *TUNES[request.param])
    compose(tmp_path / "tune.flac", mood, 1)
    return tmp_path / "tune.flac"


def heard(graph: object, path: Path, seconds: float) -> np.ndarray:
    """Write a graph's output and read it: 48,000 samples per second, left and right."""
    written = graph.output(str(path), acodec="pcm_f32le", t=seconds)  # type: ignore[attr-defined]
    encoder_process.run(written.get_args(), seconds=seconds, patience=PATIENT)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray().reshape(-1, 2) for frame in container.decode(audio=0)]
    return np.concatenate(frames)


def level(samples: np.ndarray) -> float:
    """Mean power in dB."""
    return float(10 * np.log10((samples.astype(float) ** 2).mean() + 1e-12))


def while_spoken(speech: Speech, count: int) -> np.ndarray:
    spoken = np.zeros(count, bool)
    for word in speech.words:
        spoken[int(word.start * RATE) : int(word.end * RATE)] = True
    return spoken


def stems(speech: Speech, music: Path, folder: Path) -> tuple[np.ndarray, np.ndarray, Levels]:
    """Voice and music separately, through the graph of the mix."""
    seconds = speech.seconds
    levels = sound_mix.find_levels(speech.path, music, seconds, PATIENT)
    voice = sound_mix.spoken(speech.path, levels)
    under = sound_mix.under(voice, music, seconds, levels)
    return (
        heard(voice, folder / "voice.wav", seconds),
        heard(under, folder / "under.wav", seconds),
        levels,
    )


def test_the_voice_is_well_above_any_music_and_the_mix_reaches_its_loudness(
    speech: Speech, music: Path, tmp_path: Path
) -> None:
    voice, under, levels = stems(speech, music, tmp_path)

    spoken = while_spoken(speech, len(voice))
    assert level(voice[spoken]) - level(under[: len(voice)][spoken]) >= 12
    for start in range(int(speech.seconds) - 2):
        now = np.zeros(len(voice), bool)
        now[start * RATE : (start + 2) * RATE] = True
        assert level(voice[spoken & now]) - level(under[: len(voice)][spoken & now]) >= 12

    mixed = sound_mix.mix(speech.path, music, speech.seconds, levels)
    loudness = sound_mix.measure(mixed, speech.seconds, PATIENT)
    assert loudness.integrated == pytest.approx(-14, abs=0.5)
    assert loudness.true_peak <= -1.5, "AAC coding adds some"


def test_music_comes_back_in_pauses_and_fades_out(speech: Speech, tmp_path: Path) -> None:
    music = tune(tmp_path, *TUNES["plain"])
    _, under, _ = stems(speech, music, tmp_path)

    words = speech.words
    gap = max(range(len(words) - 1), key=lambda n: words[n + 1].start - words[n].end)
    begin, end = words[gap].end, words[gap + 1].start
    assert end - begin > 0.5, "the story has a pause between its paragraphs"
    tenths = [
        level(under[int(at * RATE) : int((at + 0.1) * RATE)])
        for at in np.arange(begin - 0.2, end - 0.1, 0.1)
    ]
    assert tenths[-1] - tenths[0] >= 4
    assert max(np.diff(tenths)) < 5, "gently"
    assert level(under[-RATE // 20 :]) < level(under) - 20


def test_a_short_tune_is_repeated_without_a_click(speech: Speech, tmp_path: Path) -> None:
    # Given half a second of a tone that ends in the middle of a wave
    music = tune(tmp_path, *TUNES["half a second"])
    voice, under, _ = stems(speech, music, tmp_path)

    # Then it plays to the end, and never jumps faster than the tone itself moves
    quarters = under[: int((speech.seconds - 2.2) * RATE)]
    assert all(level(part) > -60 for part in np.array_split(quarters[RATE:], 40))
    steepest = 2 * np.pi * 333.3 / RATE
    assert abs(np.diff(under[:, 0])).max() <= 1.1 * steepest * abs(under).max()
    assert len(voice) == pytest.approx(len(under), abs=2)


def test_a_tune_that_loops_is_repeated_without_a_gap(tmp_path: Path) -> None:
    # Given a tune of 3 s that loops
    music = tune(tmp_path, "aevalsrc='0.4*sin(2*PI*200*t)':s=48000:d=3", "loop.flac")
    levels = Levels(tune_seconds=3.0, tune_loops=True)

    # When it has to last longer, without speech
    silence = ffmpeg.input("anullsrc=r=48000:cl=stereo", format="lavfi").audio
    under = heard(sound_mix.under(silence, music, 9.0, levels), tmp_path / "under.wav", 9.0)

    # Then between its fades nobody can hear where it repeats
    hundredths = [level(part) for part in np.array_split(under[RATE : 7 * RATE], 600)]
    assert max(hundredths) - min(hundredths) < 0.1


@pytest.mark.parametrize("harm", ["cut off", "silent", "noise inside", "a picture"])
def test_music_that_is_damaged_or_silent_is_named(
    speech: Speech, tmp_path: Path, harm: str
) -> None:
    music = tune(tmp_path, f"aevalsrc='{CHORD}':s=44100:d=30", "tune.flac")
    whole = music.read_bytes()
    match harm:
        case "cut off":
            music.write_bytes(whole[: len(whole) // 12])
        case "silent":
            music.unlink()
            tune(tmp_path, "anullsrc=d=30", "tune.flac")
        case "noise inside":
            noise = np.random.default_rng(1).bytes(len(whole) - 8000)
            music.write_bytes(whole[:8000] + noise)
        case _:
            music.write_bytes(b"\x89PNG\r\n\x1a\n" * 300)

    with pytest.raises(Permanent, match=r"tune\.flac is damaged or silent: replace it") as caught:
        sound_mix.find_levels(speech.path, music, speech.seconds, PATIENT)

    assert caught.value.code == "music_unreadable"


@pytest.mark.parametrize("left", [0.5, 0.0])
def test_a_narration_that_ends_too_early_is_refused(
    speech: Speech, tmp_path: Path, left: float
) -> None:
    """Otherwise the last words would be shown but not heard."""
    narration = tmp_path / "narration.wav"
    whole = speech.path.read_bytes()
    narration.write_bytes(whole[: 44 + int(left * len(whole))])

    with pytest.raises(Permanent, match=r"narration\.wav ends after .* instead of") as caught:
        sound_mix.find_levels(narration, None, speech.seconds, PATIENT)

    assert caught.value.code == "narration_unreadable"


def test_removed_music_is_not_called_damaged(speech: Speech, tmp_path: Path) -> None:
    with pytest.raises(Retryable, match=r"tune\.mp3 has been removed") as caught:
        sound_mix.find_levels(speech.path, tmp_path / "tune.mp3", speech.seconds, PATIENT)

    assert caught.value.code == "music_gone"
