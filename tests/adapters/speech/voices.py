"""A tiny Piper voice, made on the spot: every letter is a tone, everything else is silence.

It has the inputs and outputs of a real voice, durations included, and weighs a few kilobytes. Its
words are bounded by silence, so a test can measure in the sound itself when each one begins.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

RATE = 22_050
HOP = 256
"""Samples a frame; Piper's own figure."""
PAUSES = frozenset(" ,.;:!?_^$")


def make_voice(folder: Path, *, tells_durations: bool = True, language: str = "en-us") -> Path:
    """Write ``tone.onnx`` and ``tone.onnx.json``; gives the path of the voice."""
    path = folder / "tone.onnx"
    onnx.save(_model(tells_durations=tells_durations), path)
    config = {
        "num_symbols": 256,
        "num_speakers": 1,
        "audio": {"sample_rate": RATE},
        "espeak": {"voice": language},
        "phoneme_type": "espeak",
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
    }
    path.with_name("tone.onnx.json").write_text(json.dumps(config), encoding="utf-8")
    return path


def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Give frames and pitch (Hz, 0 is silence) by phoneme id; some sounds last longer."""
    frames = np.zeros(256, np.float32)
    pitch = np.zeros(256, np.float32)
    for phoneme, (number, *_more) in DEFAULT_PHONEME_ID_MAP.items():
        voiced = phoneme not in PAUSES
        long = unicodedata.category(phoneme[0]) == "Ll" and number % 3 == 0
        frames[number] = 0 if phoneme == "_" else 8 if phoneme in "^$" else 9 if long else 5
        pitch[number] = 150 + 3 * number if voiced else 0
    return frames, pitch


def _model(*, tells_durations: bool) -> onnx.ModelProto:
    frames, pitch = _tables()
    constants = {
        "frames_of": frames,
        "pitch_of": pitch,
        "hop": np.array([HOP], np.int64),
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "axis0": np.array([0], np.int64),
        "axis1": np.array([1], np.int64),
        "scale_at": np.array([1], np.int64),
        "flat": np.array([-1], np.int64),
        "audio_shape": np.array([1, 1, 1, -1], np.int64),
        "turn": np.array(2 * np.pi / RATE, np.float32),
        "loudness": np.array(0.5, np.float32),
    }
    # Piper finds the durations by their Ceil node; a voice without it reports none.
    rounding = "Ceil" if tells_durations else "Round"
    steps: list[tuple[str, list[str], str, dict[str, Any]]] = [
        ("Gather", ["frames_of", "input"], "lengths", {}),
        ("Gather", ["scales", "scale_at"], "length_scale", {}),
        ("Mul", ["lengths", "length_scale"], "stretched", {}),
        (rounding, ["stretched"], "w_ceil", {}),
        ("Reshape", ["w_ceil", "flat"], "w", {}),
        ("Cast", ["w"], "w_int", {"to": TensorProto.INT64}),
        ("CumSum", ["w_int", "zero"], "ends", {}),
        ("ReduceSum", ["w_int"], "total", {"keepdims": 0}),
        ("Range", ["zero", "total", "one"], "frame", {}),
        ("Unsqueeze", ["frame", "axis1"], "frame_column", {}),
        ("Unsqueeze", ["ends", "axis0"], "ends_row", {}),
        ("GreaterOrEqual", ["frame_column", "ends_row"], "passed", {}),
        ("Cast", ["passed"], "passed_int", {"to": TensorProto.INT64}),
        ("ReduceSum", ["passed_int", "axis1"], "phoneme", {"keepdims": 0}),
        ("Reshape", ["input", "flat"], "ids", {}),
        ("Gather", ["ids", "phoneme"], "id_by_frame", {}),
        ("Gather", ["pitch_of", "id_by_frame"], "pitch_by_frame", {}),
        ("Unsqueeze", ["pitch_by_frame", "axis1"], "pitch_column", {}),
        ("Unsqueeze", ["total", "axis0"], "total_row", {}),
        ("Concat", ["total_row", "hop"], "grid", {"axis": 0}),
        ("Expand", ["pitch_column", "grid"], "pitch_grid", {}),
        ("Reshape", ["pitch_grid", "flat"], "pitch_by_sample", {}),
        ("Mul", ["pitch_by_sample", "turn"], "step", {}),
        ("CumSum", ["step", "zero"], "phase", {}),
        ("Cos", ["phase"], "wave", {}),
        ("Sign", ["pitch_by_sample"], "sounding", {}),
        ("Mul", ["wave", "sounding"], "voiced", {}),
        ("Mul", ["voiced", "loudness"], "quiet", {}),
        ("Reshape", ["quiet", "audio_shape"], "output", {}),
    ]
    nodes = [
        helper.make_node(kind, inputs, [output], **attributes)
        for kind, inputs, output, attributes in steps
    ]
    graph = helper.make_graph(
        nodes,
        "tone",
        [
            helper.make_tensor_value_info("input", TensorProto.INT64, [1, "phonemes"]),
            helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1, "samples"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9, producer_name="storymill"
    )
