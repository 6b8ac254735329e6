"""Sample processing, measured on tones."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.speech.samples import Samples, level, louder, quiet_ends, resampled, softened

RATE = 22_050


def tone(hertz: float, seconds: float, *, peak: float = 8_000, rate: int = RATE) -> Samples:
    at = np.arange(round(seconds * rate)) / rate
    return np.rint(peak * np.cos(2 * np.pi * hertz * at)).astype(np.int16)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)


def test_a_cut_wave_falls_softly_and_keeps_its_middle() -> None:
    cut = np.concatenate([tone(220, 0.3), silence(0.1), tone(220, 0.3)])

    soft = softened(cut, RATE)

    assert abs(np.diff(cut.astype(int))).max() > 5_000
    assert abs(np.diff(soft.astype(int))).max() < 800
    inner = slice(round(0.01 * RATE), round(0.29 * RATE))
    assert (soft[inner] == cut[inner]).all()
    assert len(soft) == len(cut)
    assert not softened(silence(0.1), RATE).any()


def test_silence_is_measured_at_both_ends() -> None:
    sound = np.concatenate([silence(0.1), tone(300, 0.5), silence(0.25)])

    assert quiet_ends(sound, RATE) == pytest.approx((0.1, 0.25), abs=0.006)
    assert quiet_ends(silence(0.2), RATE) == pytest.approx((0.2, 0.2))
    assert quiet_ends(silence(0), RATE) == (0, 0)


def test_pauses_do_not_make_speech_quieter() -> None:
    assert level([tone(300, 1)], RATE) == pytest.approx(8_000 / np.sqrt(2), rel=0.01)
    paused = [tone(300, 0.5), silence(2), tone(300, 0.5)]
    assert level([np.concatenate(paused)], RATE) == pytest.approx(level(paused, RATE), rel=0.02)
    assert level([silence(1)], RATE) == level([], RATE) == 0


def test_samples_that_are_too_loud_are_clipped_and_do_not_overflow() -> None:
    assert louder(tone(300, 0.1), 10).max() == 32_767
    assert louder(tone(300, 0.1), 10).min() == -32_768


@pytest.mark.parametrize(("own", "rate"), [(16_000, 22_050), (22_050, 16_000), (48_000, 22_050)])
def test_another_rate_is_the_same_sound(own: int, rate: int) -> None:
    same = resampled(tone(440, 1, rate=own), own, rate)

    assert len(same) == pytest.approx(rate, abs=2)
    middle = slice(rate // 10, -rate // 10)
    assert abs(same[middle] - tone(440, 1, rate=rate)[: len(same)][middle]).max() < 80


def test_frequencies_above_the_lower_rate_are_removed() -> None:
    # Given a tone of 10 kHz, which would come back as one of 6 kHz
    low = resampled(tone(10_000, 1), RATE, 16_000)

    assert level([low[1_000:-1_000]], 16_000) < 10
