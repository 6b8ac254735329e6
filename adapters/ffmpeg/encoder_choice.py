"""Choose the cheapest x264 setting whose picture is at least as good as the usual one's.

What a setting makes of a video depends on the video: on a calm background a fast preset with a few
more bytes looks better than a slow one; noise and quick motion need the slow one. So each setting
is tried on short pieces (``QualityProbe``). The model behind the choice:

- Time: the order of ``FASTER``. No clock is read, so the same video always gets the same setting.
- Bytes: the pieces' bytes, with as many key frames as the whole video has.
- VMAF and CAMBI: the pieces' means. If a setting misses, it is tried once more with the rate factor
  at which it should hit, by the steps below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log

import structlog

from adapters.ffmpeg.quality_probe import Pieces, QualityProbe
from adapters.ffmpeg.vmaf import Quality, UnmeasuredError
from adapters.ffmpeg.x264_settings import FASTER, USUAL, X264
from adapters.figures import ENCODER_PROBE_FAILURES
from adapters.ports import Encoding

logger = structlog.get_logger(__name__)

VERSION = 2
"""Raise it with a change that gives a video another setting: it is part of a video's key."""

_LEAST_SECONDS = 30.0
"""In a shorter video the probe costs about what a faster setting saves: at 20 s, probe and encode
together took 0.7 to 1.7 times the processor time of the usual setting alone."""

# A probe of short pieces is off by about this much from the whole video.
_VMAF_MARGIN = 0.2
_CAMBI_ALLOWED = 0.15  # of the 0.3 that the whole video may be worse

# What one step of the rate factor changes on drawn backgrounds.
_VMAF_STEP = 0.25
_CAMBI_STEP = 0.15
_BYTES_STEP = 1.16
_MOST_STEPS = 6

# The encoder's buffer holds back what is over the limit, and the picture suffers. Far over it,
# even the usual setting, which makes the smallest files, is held back, and nothing else is as good.
_LIMIT_SHARE = 0.8
_HOPELESS = 3.0

_AS_GOOD = "It is the fastest setting with a picture as good as the usual one's."
_HELD_BACK = "The size limit holds this picture back, and no faster setting is as good."
_NONE_AS_GOOD = "No faster setting was as good within the allowed size."


def choose(
    probe: QualityProbe, *, seconds: float, most_rate: float, most_growth: float
) -> tuple[X264, Encoding]:
    """Choose a setting for the video of ``probe``; ``USUAL`` if the probe fails.

    Args:
        probe: the video's pieces.
        seconds: length of the video.
        most_rate: most bytes per second of picture, from the size limit.
        most_growth: most bytes, in files of the usual setting.

    Raises:
        Retryable: code ``disk_full``.
        Permanent: code ``encoder_missing``.
    """
    if seconds < _LEAST_SECONDS:
        return _usual(f"Trying settings takes too long for less than {_LEAST_SECONDS:.0f} s.")
    try:
        return _Choice(probe, seconds, most_rate, most_growth).make()
    except UnmeasuredError as error:
        ENCODER_PROBE_FAILURES.inc()
        logger.warning("encoder.probe_failed", code=error.code, error=str(error))
        return _usual(f"The picture could not be measured ({error.code}).", failed=True)


def _usual(reason: str, *, failed: bool = False) -> tuple[X264, Encoding]:
    return USUAL, Encoding(str(USUAL), reason, failed=failed)


@dataclass(frozen=True, slots=True)
class _Trial:
    pieces: Pieces
    quality: Quality


class _Choice:
    def __init__(
        self, probe: QualityProbe, seconds: float, most_rate: float, most_growth: float
    ) -> None:
        self._probe = probe
        self._seconds = seconds
        self._most_rate = _LIMIT_SHARE * most_rate
        self._hopeless_rate = _HOPELESS * most_rate
        self._most_growth = most_growth

    def make(self) -> tuple[X264, Encoding]:
        fastest = self._probe.encode(FASTER[0])
        if fastest.rate > self._hopeless_rate:
            return _usual(_HELD_BACK)
        usual_pieces = self._probe.encode(USUAL)
        if usual_pieces.rate > self._most_rate:
            return _usual(_HELD_BACK)
        usual = self._measured(usual_pieces)
        for trial in self._trials(self._measured(fastest), usual):
            if self._better_crf(trial, usual) == trial.pieces.setting.crf:
                return trial.pieces.setting, self._encoding(trial, usual, _AS_GOOD)
        return USUAL, self._encoding(usual, usual, _NONE_AS_GOOD)

    def _trials(self, fastest: _Trial, usual: _Trial) -> Iterator[_Trial]:
        """Each faster setting, and again with the rate factor that its first trial calls for."""
        for setting in FASTER:
            is_known = setting is fastest.pieces.setting
            trial = fastest if is_known else self._measured(self._probe.encode(setting))
            yield trial
            crf = self._better_crf(trial, usual)
            if crf is not None:
                yield self._measured(self._probe.encode(setting.at(crf)))

    def _measured(self, pieces: Pieces) -> _Trial:
        return _Trial(pieces, self._probe.measure(pieces))

    def _better_crf(self, trial: _Trial, usual: _Trial) -> int | None:
        """The rate factor to use: the same if all is well; None if none is expected to do."""
        crf = trial.pieces.setting.crf
        spare = min(
            (trial.quality.vmaf - usual.quality.vmaf - _VMAF_MARGIN) / _VMAF_STEP,
            (usual.quality.cambi + _CAMBI_ALLOWED - trial.quality.cambi) / _CAMBI_STEP,
        )  # in steps
        most_rate = min(self._most_rate, self._most_growth * usual.pieces.rate)
        too_large = log(trial.pieces.rate / most_rate) / log(_BYTES_STEP)  # in steps
        if spare >= 0 >= too_large:
            return crf
        steps = ceil(too_large) if spare >= 0 else floor(spare)
        fits = too_large <= steps <= spare and abs(steps) <= _MOST_STEPS
        return crf + steps if fits else None

    def _encoding(self, chosen: _Trial, usual: _Trial, reason: str) -> Encoding:
        return Encoding(
            setting=str(chosen.pieces.setting),
            reason=reason,
            vmaf=round(chosen.quality.vmaf, 2),
            usual_vmaf=round(usual.quality.vmaf, 2),
            cambi=round(chosen.quality.cambi, 2),
            usual_cambi=round(usual.quality.cambi, 2),
            predicted_bytes=round(chosen.pieces.rate * self._seconds),
            usual_bytes=round(usual.pieces.rate * self._seconds),
        )
