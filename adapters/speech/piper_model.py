"""Loads the model of a Piper voice so that it reports the time of each sound."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from piper import PiperVoice

log = structlog.get_logger(__name__)

_THREADS = 1
"""Threads of one sentence. Several are spoken at once, so one each is the fastest: 500 s of speech
took 21 s on two cores, and 34 s of processor time. With a thread per core, onnxruntime's own
choice, it took 23 to 24 s, and 46 to 49 s of processor time, because they spin while they wait."""


def load(file: Path, configuration: Mapping[str, Any]) -> PiperVoice:
    """Load the voice in ``file``.

    ``PiperVoice.load`` does the same, but leaves the number of threads to onnxruntime.

    Raises:
        ImportError: a library is missing.
        Exception: the voice is damaged; the errors of four libraries share no base.
    """
    from piper import PiperConfig, PiperVoice  # noqa: PLC0415 - heavy, and only workers speak

    return PiperVoice(
        session=_session(file),
        config=PiperConfig.from_dict(dict(configuration)),
        download_dir=file.parent,
    )


def _session(file: Path) -> InferenceSession:
    import onnx  # noqa: PLC0415 - as above
    from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415
    from piper.patch_voice_with_alignment import add_alignment_output  # noqa: PLC0415

    model = onnx.load(str(file))
    try:
        add_alignment_output(model)
    except ValueError as error:  # it has no durations, or reports them already
        log.debug("piper_model_not_patched", voice=file.name, reason=str(error))
    options = SessionOptions()
    options.intra_op_num_threads = _THREADS
    return InferenceSession(
        model.SerializeToString(), sess_options=options, providers=["CPUExecutionProvider"]
    )
